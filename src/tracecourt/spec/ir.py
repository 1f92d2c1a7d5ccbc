"""The typed intermediate form that every engine reads: first-order, no host language, names resolved to symbols."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal as OneOf
from typing import TypeAlias

from tracecourt.spec.sorts import Sort
from tracecourt.text import Source, Span

Value: TypeAlias = "int | str | bool | Fraction | tuple[Value, ...] | frozenset[Value] | dict[Value, Value] | None"

LEVELS = ("grounded", "disciplined", "complete", "ordered", "declared")
SOUND_LEVELS = LEVELS[:-1]  # what a sound trace keeps; the declared level is a promise of one implementation


@dataclass(frozen=True, eq=False)
class Symbol:
    """One declared thing; references point to it, engines give it a place."""

    name: str
    sort: Sort = field(repr=False)
    kind: OneOf["param", "fact", "state", "local"]


@dataclass(frozen=True, eq=False)
class Expr:
    """Base of typed expressions."""

    sort: Sort = field(repr=False)
    span: Span


@dataclass(frozen=True, eq=False)
class Const(Expr):
    """A value known when the specification is read."""

    value: Value


@dataclass(frozen=True, eq=False)
class Ref(Expr):
    """The value of a symbol."""

    symbol: Symbol


@dataclass(frozen=True, eq=False)
class Project(Expr):
    """A field of a tuple, by position."""

    base: Expr
    index: int


@dataclass(frozen=True, eq=False)
class Display(Expr):
    """A tuple, list, set or map written out; for maps the items are keys and values in turn."""

    kind: OneOf["tuple", "list", "set", "map"]
    items: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Prim(Expr):
    """A primitive operation; `builtins.py` lists them."""

    op: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Call(Expr):
    """A call of a function of the specification; arguments without a value leave the call without one."""

    function: Function
    args: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Binding:
    """`symbols in source if guard`; with several symbols the elements are taken apart."""

    symbols: tuple[Symbol, ...]
    source: Expr
    guard: Expr | None


@dataclass(frozen=True, eq=False)
class Each(Expr):
    """A comprehension; for maps the head is key and value."""

    kind: OneOf["list", "set", "map"]
    head: tuple[Expr, ...]
    binding: Binding


@dataclass(frozen=True, eq=False)
class Quantifier(Expr):
    """`all` or `any` over a finite collection."""

    kind: OneOf["all", "any"]
    binding: Binding
    body: Expr


@dataclass(frozen=True, eq=False)
class Least(Expr):
    """The element with the least key, the first among equals; no value when there is none."""

    binding: Binding
    key: Expr


@dataclass(frozen=True, eq=False)
class Within(Expr):
    """Whether a value lies within the bounds of a sort."""

    value: Expr
    of: Sort


@dataclass(frozen=True, eq=False)
class Inhabitants(Expr):
    """All values of a finite sort, in order."""

    of: Sort


@dataclass(frozen=True, eq=False)
class Mentioned(Expr):
    """All values that the problem and the trace print where a sort is asked for, within its bounds or not."""

    of: Sort
    name: str


@dataclass(frozen=True, eq=False)
class Distance(Expr):
    """Least cost from a node to one where `goal` holds, along `successors`; no value when there is no path.

    With a `limit`, no value either when more nodes than that would have to be expanded.
    """

    start: Expr
    successors: Function
    goal: Function
    limit: int | None = None


@dataclass(frozen=True, eq=False)
class Distances(Expr):
    """Least costs from a node to every node that can be reached, along `successors`."""

    start: Expr
    successors: Function


@dataclass(frozen=True, eq=False)
class Replay(Expr):
    """The nodes that actions lead through, the start included; no value when one of them leads nowhere."""

    start: Expr
    actions: Expr
    step: Function


@dataclass(frozen=True, eq=False)
class Function:
    """A named expression with parameters; functions do not recurse."""

    name: str
    parameters: tuple[Symbol, ...]
    sort: Sort = field(repr=False)
    body: Expr
    span: Span
    source: Source


@dataclass(frozen=True, eq=False)
class Template:
    """A message: literal texts and expressions in turn; `text` is how the specification writes it."""

    parts: tuple[str | Expr, ...]
    text: str = ""


@dataclass(frozen=True, eq=False)
class Rule:
    """One labelled requirement. `name` is `event/label`; `level` is empty for a condition on the problem."""

    name: str
    level: str
    condition: Expr
    message: Template
    span: Span
    source: Source


PromiseKind: TypeAlias = OneOf["claim", "lemma", "given"]


@dataclass(frozen=True, eq=False)
class Promise:
    """A named condition: of states where sound runs end (`claim`), of all their states (`lemma`), of problems (`given`).

    `under` names the assumptions under which it is promised; where a domain lacks one of them, it is not asked.
    """

    kind: PromiseKind
    rule: Rule
    under: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Update:
    """One change of a state variable, or a block under a condition (`when`)."""

    kind: OneOf["assign", "put", "insert", "remove", "when"]
    target: Symbol | None
    key: Expr | None
    value: Expr
    block: tuple[Update, ...] = ()


@dataclass(frozen=True, eq=False)
class Param:
    """A parameter of the problem, with its default and how it is inferred when it is not given."""

    symbol: Symbol
    default: Expr | None
    inferred: Expr | None


@dataclass(frozen=True, eq=False)
class Variable:
    """A state variable. A queue has `entry` symbols, the fields of an entry, and its `key` over them."""

    symbol: Symbol
    initial: Expr
    entry: tuple[Symbol, ...] = ()
    key: Expr | None = None


@dataclass(frozen=True, eq=False)
class Event:
    """An event of the procedure."""

    name: str
    parameters: tuple[Symbol, ...]
    rules: tuple[Rule, ...]
    updates: tuple[Update, ...]
    doc: str
    span: Span
    source: Source


@dataclass(frozen=True, eq=False)
class Shown:
    """What a text prints of an event: the argument at `index`, or a `view` of it, as a value of `sort`."""

    index: int
    sort: Sort
    view: Expr | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """The event that prints the answer collects it in `collected`; the clauses judge the whole.

    `apart`: the event belongs to the answer only and stands after the search. Otherwise it is an event of the search, and
    the answer is the list of its occurrences.
    """

    event: Event
    collected: Symbol
    clauses: dict[str, Expr]
    apart: bool = True


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a sampler: bind a local, draw a fact, or start again unless a condition holds."""

    kind: OneOf["let", "draw", "reject"]
    symbol: Symbol | None
    value: Expr


@dataclass(frozen=True, eq=False)
class Example:
    """A trace block: a problem over a domain, events with constant arguments, the expected verdict."""

    verdict: str
    rule: str | None
    at: int | None
    domain: str
    doc: str
    settings: dict[str, Value]
    events: tuple[tuple[str, tuple[Value, ...]], ...]
    span: Span
    source: Source


@dataclass(frozen=True, eq=False)
class System:
    """A format's transition system: domain and procedure joined, everything resolved.

    `promises` are the claims and lemmas of the procedure, `givens` the assumptions of the domain, `measures` its `small` block.
    `histories` holds, by the name of an event that a promise asks about, the symbol of the list of its arguments so far. They
    are no part of the state: whoever asks whether a promise holds fills them.
    """

    name: str
    doc: str
    source_url: str
    grammar: str
    domain: str
    procedure: str
    procedure_doc: str
    params: tuple[Param, ...]
    facts: tuple[Symbol, ...]
    sorts: dict[str, Sort]
    demands: tuple[Rule, ...]
    state: tuple[Variable, ...]
    initially: tuple[Update, ...]
    events: dict[str, Event]
    answer: Answer | None
    ending: tuple[Rule, ...]
    sample: tuple[Step, ...]
    shown: dict[str, tuple[Shown, ...]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    functions: tuple[Function, ...] = ()
    sources: tuple[Source, ...] = field(default=(), repr=False)
    promises: tuple[Promise, ...] = ()
    givens: tuple[Promise, ...] = ()
    measures: tuple[Expr, ...] = ()
    histories: dict[str, Symbol] = field(default_factory=dict)
    own: tuple[Param, ...] = ()  # the parameters of the procedure; the others are the domain's

    @property
    def partial(self) -> bool:
        """Whether a text shows less than the run: events or arguments are hidden, or shown in part."""
        whole = all(
            len(self.shown[name]) == len(event.parameters) and all(s.view is None for s in self.shown[name])
            for name, event in self.events.items()
        )
        return bool(self.silent or self.dropped) or not whole

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule a trace may break, in the order of the specification."""
        return tuple(r for e in self.events.values() for r in e.rules) + self.ending
