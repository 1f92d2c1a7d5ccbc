"""The syntax tree of specification files: what was written, with spans, before names and types are known."""

from __future__ import annotations

from dataclasses import dataclass

from tracecourt.text import Source, Span


@dataclass(frozen=True)
class Node:
    """Anything that was written; the span leads back to the text."""

    span: Span


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True)
class Expression(Node):
    """Base of all expressions."""


@dataclass(frozen=True)
class Literal(Expression):
    """A number, a text, `true`, `false` or `none`; rationals are pairs (numerator, denominator)."""

    value: int | str | bool | tuple[int, int] | None


@dataclass(frozen=True)
class Name(Expression):
    """A use of a declared name."""

    name: str


@dataclass(frozen=True)
class Apply(Expression):
    """`f(a, b)`: a function of the specification or a builtin."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Operation(Expression):
    """A unary or binary operator; `operator` is its spelling."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class FieldOf(Expression):
    """`e.field` of a tuple."""

    base: Expression
    field: str


@dataclass(frozen=True)
class Index(Expression):
    """`m[k]` of a map, a list or a queue; has no value where the key is absent."""

    base: Expression
    key: Expression


@dataclass(frozen=True)
class Conditional(Expression):
    """`if c then a else b`."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True)
class Collection(Expression):
    """A display: `(a, b)`, `[a, b]`, `{a, b}`, `{k: v}` or `{}`; kind is tuple, list, set, map or empty."""

    kind: str
    items: tuple[Expression | tuple[Expression, Expression], ...]


@dataclass(frozen=True)
class Binder(Node):
    """`x, y in source if guard`."""

    names: tuple[tuple[str, Span], ...]
    source: Expression
    guard: Expression | None


@dataclass(frozen=True)
class Comprehension(Expression):
    """`[e for …]`, `{e for …}`, `{k: v for …}`; kind is list, set or map."""

    kind: str
    head: tuple[Expression, ...]
    binder: Binder


@dataclass(frozen=True)
class Aggregate(Expression):
    """`sum(e for …)` and its like."""

    name: str
    head: Expression
    binder: Binder


@dataclass(frozen=True)
class Quantified(Expression):
    """`all x in S: p` or `any x in S: p`."""

    quantifier: str
    binder: Binder
    body: Expression


@dataclass(frozen=True)
class Least(Expression):
    """`least x in S by e`: the element of S with the least e, the first among equals."""

    binder: Binder
    key: Expression


# ---------------------------------------------------------------- sorts


@dataclass(frozen=True)
class SortExpression(Node):
    """A sort as written: `kind` names the construct, `parts` its inner sorts."""

    kind: str
    parts: tuple[SortExpression, ...] = ()
    names: tuple[str, ...] = ()
    bounds: tuple[Expression, ...] = ()


# ---------------------------------------------------------------- items


@dataclass(frozen=True)
class Parameter(Node):
    """`name: sort` of a function or event."""

    name: str
    sort: SortExpression


@dataclass(frozen=True)
class Message(Node):
    """A template: literal texts and expressions in turn."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True)
class Item(Node):
    """Base of everything that may stand in a declaration."""


@dataclass(frozen=True)
class Param(Item):
    """`param name: sort = default inferred expression`."""

    name: str
    sort: SortExpression
    default: Expression | None
    inferred: Expression | None


@dataclass(frozen=True)
class Sort(Item):
    """`sort name = sort`."""

    name: str
    sort: SortExpression


@dataclass(frozen=True)
class Need(Item):
    """What a domain or procedure asks of the others: a sort, a value, or a function, perhaps with a default."""

    name: str
    parameters: tuple[Parameter, ...] | None
    sort: SortExpression | None
    default: Expression | None


@dataclass(frozen=True)
class Fact(Item):
    """`fact name: sort`: what a prompt states."""

    name: str
    sort: SortExpression


@dataclass(frozen=True)
class Define(Item):
    """`def name(parameters): sort = body`."""

    name: str
    parameters: tuple[Parameter, ...]
    sort: SortExpression
    body: Expression


@dataclass(frozen=True)
class Requirement(Item):
    """A labelled requirement; `level` is None for a condition on the problem."""

    level: str | None
    label: str
    condition: Expression
    message: Message


@dataclass(frozen=True)
class Promise(Item):
    """A labelled condition that is promised or assumed; `under` names the assumptions under which it is promised."""

    label: str
    under: tuple[str, ...]
    condition: Expression
    message: Message


@dataclass(frozen=True)
class Claim(Promise):
    """What is promised of the state in which a sound run ends."""


@dataclass(frozen=True)
class Lemma(Promise):
    """What is promised of every state of a sound run."""


@dataclass(frozen=True)
class Given(Promise):
    """An assumption on problems."""


@dataclass(frozen=True)
class Small(Item):
    """The `small` block: measures of a problem, the most important first."""

    measures: tuple[Expression, ...]


@dataclass(frozen=True)
class Variable(Node):
    """A state variable."""

    name: str
    sort: SortExpression
    initial: Expression | None


@dataclass(frozen=True)
class State(Item):
    """The `state` block."""

    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class Update(Node):
    """`target := value`, `target[key] := value`, `target += value`, `target -= value`, or `when c` with a block."""

    kind: str
    target: str
    key: Expression | None
    value: Expression
    block: tuple[Update, ...] = ()


@dataclass(frozen=True)
class Initially(Item):
    """The `initially` block: changes of the initial values before the first event."""

    updates: tuple[Update, ...]


@dataclass(frozen=True)
class Event(Item):
    """An event: its arguments, what it requires, what it changes."""

    name: str
    parameters: tuple[Parameter, ...]
    doc: str
    requirements: tuple[Requirement, ...]
    updates: tuple[Update, ...]


@dataclass(frozen=True)
class Answer(Item):
    """The event that prints the answer, and the conditions on the whole answer.

    `of` names the event of the search whose occurrences are the answer; such an answer has no event of its own.
    """

    name: str
    parameters: tuple[Parameter, ...]
    doc: str
    requirements: tuple[Requirement, ...]
    clauses: tuple[tuple[str, Span, Expression], ...]
    of: tuple[str, Span] | None = None


@dataclass(frozen=True)
class Ending(Item):
    """What must hold where a trace ends."""

    requirements: tuple[Requirement, ...]


@dataclass(frozen=True)
class Step(Node):
    """One step of a `sample` block: `let`, `draw` (a fact) or `reject` (start again unless it holds)."""

    kind: str
    name: str
    value: Expression


@dataclass(frozen=True)
class Sample(Item):
    """How a random problem is drawn."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class TraceBlock(Item):
    """A unit test beside a procedure: a problem over a domain, events, the expected verdict."""

    verdict: str
    rule: str | None
    at: int | None
    domain: str
    doc: str
    settings: tuple[tuple[str, Span, Expression], ...]
    events: tuple[tuple[str, Span, tuple[Expression, ...]], ...]


@dataclass(frozen=True)
class Use(Item):
    """`grammar NAME`, `domain NAME`, `procedure NAME` or `source "…"` in a format."""

    kind: str
    name: str


@dataclass(frozen=True)
class Fix(Item):
    """`set param = value` in a format."""

    name: str
    value: Expression


@dataclass(frozen=True)
class Shows(Item):
    """`shows event.argument, … as sort = value`: what a text prints in the place of an argument."""

    arguments: tuple[tuple[str, str, Span], ...]
    sort: SortExpression
    value: Expression


@dataclass(frozen=True)
class Hides(Item):
    """`hides event`, `hides some event`, `hides event.argument`; kind is event, some or argument."""

    hidden: tuple[tuple[str, str, str, Span], ...]


@dataclass(frozen=True)
class Declaration(Node):
    """One domain, procedure or format."""

    kind: str
    name: str
    doc: str
    items: tuple[Item, ...]
    source: Source
