"""Declarations → typed declarations: domains and procedures on their own, then joined by a format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from tracecourt.errors import suggestion
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.expressions import Checker
from tracecourt.spec.forms import Histories
from tracecourt.spec.parser import too_deep
from tracecourt.spec.places import ALLOWED, NAMED, WORDS
from tracecourt.spec.promises import measures, promise
from tracecourt.spec.rewrite import symbols
from tracecourt.spec.scope import Declared, Scope, meets, signature
from tracecourt.text import Diagnostic, Note, Source, Span

END = "end"
OUT_OF_RANGE = "out-of-range"


Fixed = tuple[s.Expression, Checker]
Labelled = s.Requirement | s.Promise


@dataclass
class Module:
    """A declaration whose names and sorts are resolved."""

    name: str
    doc: str
    source: Source
    scope: Scope
    params: list[ir.Param] = field(default_factory=list)
    facts: list[ir.Symbol] = field(default_factory=list)
    demands: list[ir.Rule] = field(default_factory=list)
    state: list[ir.Variable] = field(default_factory=list)
    events: dict[str, ir.Event] = field(default_factory=dict)
    initially: tuple[ir.Update, ...] = ()
    answer: ir.Answer | None = None
    ending: tuple[ir.Rule, ...] = ()
    sample: tuple[ir.Step, ...] = ()
    functions: list[ir.Function] = field(default_factory=list)
    promises: list[ir.Promise] = field(default_factory=list)  # of a domain: its givens
    measures: tuple[ir.Expr, ...] = ()

    @cached_property
    def histories(self) -> Histories:
        """What happened so far, for those promises that ask."""
        return Histories(self.events)


class Declarations(Checker):
    """Resolves one declaration.

    `supplied` holds what others give for its `needs`; None leaves them abstract. `fixed` holds what a format sets
    parameters to, each with the checker of the format's file.
    """

    def __init__(
        self, declaration: s.Declaration, diagnostics: list[Diagnostic], supplied: Scope | None, fixed: Mapping[str, Fixed]
    ) -> None:
        super().__init__(declaration.source, diagnostics)
        self.declaration = declaration
        self.supplied = supplied
        self.fixed = fixed
        self.module = Module(declaration.name, declaration.doc, declaration.source, Scope())
        self.pending: dict[str, s.Item | s.Variable] = {}
        self.busy: list[str] = []
        self.at = declaration.span  # the item that is being resolved

    def resolve(self) -> Module:
        """All items, in an order that lets each use the names of the others.

        Raises:
            SpecError: when an expression is nested too deeply to be checked; all other faults are collected.
        """
        try:
            return self._resolved()
        except RecursionError:
            raise too_deep(self.source, self.at) from None

    def _resolved(self) -> Module:
        items = [item for item in self.declaration.items if self.admitted(item)]
        self.collect(items)
        self.module.scope = _Lazy(self)
        for name in list(self.pending):
            self.module.scope.find(name)
        for item in sorted(items, key=speaks_of_events):
            self.item(item)
        self.module.scope = Scope(dict(self.module.scope.names))
        rank = {name: index for index, name in enumerate(self.pending)}
        self.module.params.sort(key=lambda p: rank[p.symbol.name])
        self.module.facts.sort(key=lambda f: rank[f.name])
        self.module.state.sort(key=lambda v: rank[v.symbol.name])
        return self.module

    def admitted(self, item: s.Item) -> bool:
        """Whether this kind of item may stand in this kind of declaration."""
        kind = self.declaration.kind
        if isinstance(item, ALLOWED[kind]):
            return True
        homes = [k for k, allowed in ALLOWED.items() if isinstance(item, allowed)]
        word = item.kind if isinstance(item, s.Use) else WORDS[type(item)]
        self.fault(f"{word} cannot stand in a {kind}; it belongs in a {' or a '.join(homes)}", item.span, "place")
        return False

    def collect(self, items: list[s.Item]) -> None:
        """Remember every declared name once; report those declared twice."""
        seen: dict[str, Span] = {}
        for item in items:
            things = item.variables if isinstance(item, s.State) else (item,) if isinstance(item, NAMED) else ()
            for thing in things:
                name = thing.name
                if name in seen:
                    note = Note("first declared here", self.source, seen[name])
                    self.fault(f"{name} is declared twice", thing.span, "name", (note,))
                seen.setdefault(name, thing.span)
                if not isinstance(thing, s.Event):
                    self.pending.setdefault(name, thing)

    # ------------------------------------------------------------ names, resolved when first used
    def declare(self, item: s.Item | s.Variable) -> Declared | None:
        """The thing that a named item declares."""
        scope, self.at = self.module.scope, item.span
        match item:
            case s.Param(name=name):
                return ir.Symbol(name, self.sort(item.sort, scope), "param")
            case s.Sort():
                return self.sort(item.sort, scope)
            case s.Fact(name=name):
                fact = ir.Symbol(name, self.sort(item.sort, scope), "fact")
                self.module.facts.append(fact)
                return fact
            case s.Define(name=name, parameters=parameters):
                return self.function(name, parameters, item.sort, item.body, item.span)
            case s.Need():
                return self.need(item)
            case s.Variable():
                return self.variable(item)
            case s.Answer(name=name, parameters=parameters, of=of):
                symbols = self.symbols(parameters if of is None else self.event_named(*of))
                if not symbols:
                    return ir.Symbol(name, t.List(t.ANYTHING), "state")
                whole = t.Tuple(tuple((p.name, p.sort) for p in symbols))
                collected = symbols[0].sort if len(symbols) == 1 else whole if symbols else t.BOOL
                return ir.Symbol(name, t.List(collected), "state")
        raise AssertionError(item)

    def event_named(self, name: str, span: Span) -> tuple[s.Parameter, ...]:
        """The parameters of the event whose occurrences are the answer; reported when there is no such event."""
        events = {item.name: item for item in self.declaration.items if isinstance(item, s.Event)}
        if name not in events:
            self.fault(f"there is no event named {name}{suggestion(name, events)}", span)
            return ()
        if not events[name].parameters:
            self.fault(f"{name} has no arguments that an answer could consist of", span, "sort")
        return events[name].parameters

    def function(
        self, name: str, parameters: tuple[s.Parameter, ...], sort: s.SortExpression, body: s.Expression, span: Span
    ) -> ir.Function:
        """A function and its body."""
        symbols = self.symbols(parameters)
        result = self.sort(sort, self.module.scope)
        typed = self.check(body, result, self.module.scope.inner(symbols))
        function = ir.Function(name, symbols, result, typed, span, self.source)
        self.module.functions.append(function)
        return function

    def symbols(self, parameters: tuple[s.Parameter, ...]) -> tuple[ir.Symbol, ...]:
        """Locals for parameters."""
        for index, p in enumerate(parameters):
            if p.name in {q.name for q in parameters[:index]}:
                self.fault(f"{p.name} is declared twice", p.span)
        return tuple(ir.Symbol(p.name, self.sort(p.sort, self.module.scope), "local") for p in parameters)

    def need(self, item: s.Need) -> Declared | None:
        """What others supply; or, when nothing is joined yet, an abstract stand-in."""
        scope = self.module.scope
        if item.sort is None:
            wanted: Declared = t.Abstract(item.name)
        elif item.parameters is None:
            wanted = ir.Symbol(item.name, self.sort(item.sort, scope), "param")
        else:
            symbols, sort = self.symbols(item.parameters), self.sort(item.sort, scope)
            stand_in = ir.Const(t.ANYTHING, item.span, None)
            wanted = ir.Function(item.name, symbols, sort, stand_in, item.span, self.source)
        found = None if self.supplied is None else self.supplied.find(item.name)
        if item.default is not None and isinstance(wanted, ir.Function):
            inner = scope.inner(wanted.parameters)
            wanted = replace(wanted, body=self.check(item.default, wanted.sort, inner))
            if self.supplied is not None and found is None:
                self.module.functions.append(wanted)
                return wanted
        if self.supplied is None:
            return wanted
        if found is None:
            hint = suggestion(item.name, self.supplied.visible())
            self.fault(f"this need is not met: neither the domain nor the format declares {item.name}{hint}", item.span, "join")
            return t.ANYTHING if item.sort is None else wanted
        if not meets(wanted, found):
            notes = (Note("declared here", found.source, found.span),) if isinstance(found, ir.Function) else ()
            self.fault(f"{item.name} is declared, but not as it is needed here: {signature(found)}", item.span, "join", notes)
            return wanted
        return found

    # ------------------------------------------------------------ blocks
    def item(self, item: s.Item) -> None:
        """An item that is not a name."""
        self.at = item.span
        match item:
            case s.Param():
                self.param(item)
            case s.Fact(name=name):
                self.fact_range(self.module.scope.find(name), item.span)
            case s.Requirement():
                self.module.demands.append(self.rule("problem", item, self.module.scope))
                self.unique_labels([i for i in self.declaration.items if isinstance(i, s.Requirement)], item)
            case s.Initially(updates=updates):
                self.module.initially += tuple(self.update(u, self.module.scope) for u in updates)
            case s.Event():
                self.event(item.name, item, item.updates)
            case s.Answer():
                self.answer(item)
            case s.Ending():
                self.module.ending += tuple(self.rule(END, r, self.module.scope) for r in item.requirements)
                blocks = [i for i in self.declaration.items if isinstance(i, s.Ending)]
                written = [r for block in blocks for r in block.requirements]
                self.unique_labels(written, *item.requirements)
            case s.Promise():
                histories = None if isinstance(item, s.Given) else self.module.histories
                self.module.promises.append(promise(item, self, self.module.scope, histories))
                self.unique_labels([i for i in self.declaration.items if isinstance(i, s.Promise)], item)
            case s.Small():
                if self.module.measures:
                    self.fault("a domain has one block of measures", item.span, "place")
                self.module.measures = measures(item, self, self.module.scope)
            case s.Sample():
                self.module.sample = tuple(self.steps(item))

    def param(self, item: s.Param) -> None:
        """A parameter's default, or what the format sets it to, and how it is inferred."""
        symbol, scope = self.module.scope.find(item.name), self.module.scope
        if not isinstance(symbol, ir.Symbol):
            return
        default = None if item.default is None else self.check(item.default, symbol.sort, scope)
        inferred = None if item.inferred is None else self.check(item.inferred, symbol.sort, scope)
        if inferred is not None:
            self.earlier(inferred, symbol, "state")
        if default is not None:
            self.earlier(default, symbol, "state", "fact")
            self.within(default, symbol.sort, self)
        if item.name in self.fixed:
            value, checker = self.fixed[item.name]
            default, inferred = checker.check(value, symbol.sort, Scope()), None
            self.within(default, symbol.sort, checker)
        self.module.params.append(ir.Param(symbol, default, inferred))

    def earlier(self, e: ir.Expr, user: ir.Symbol, *never: str) -> None:
        """Report what has no value yet where a parameter or an initial value is computed: these are set in text order."""
        order = [name for name, item in self.pending.items() if isinstance(item, (s.Param, s.Variable, s.Answer))]
        for used in dict.fromkeys(symbols(e)):
            if used.kind in never:
                self.fault(f"{user.name} cannot depend on the {used.kind} {used.name} here", e.span, "place")
            elif used.kind == user.kind and used.name in order and order.index(used.name) >= order.index(user.name):
                self.fault(f"{used.name} has no value yet; declare it above {user.name}", e.span, "place")

    def within(self, value: ir.Expr, sort: t.Sort, checker: Checker) -> None:
        """Report a number written out that lies outside the range, written out too, of its parameter."""
        match value, sort:
            case ir.Const(value=int() as number), t.Range(low=ir.Const(value=int() as low), high=ir.Const(value=int() as high)):
                if not low <= number <= high:
                    checker.fault(f"{number} is not within {sort}", value.span, "sort")

    def variable(self, written: s.Variable) -> ir.Symbol:
        """A state variable with its initial value."""
        scope = self.module.scope
        queue = self.queue(written.sort, scope) if written.sort.kind == "queue_of" else None
        sort = self.sort(written.sort, scope) if queue is None else queue
        symbol = ir.Symbol(written.name, sort, "state")
        initial: ir.Expr
        if written.initial is not None:
            initial = self.check(written.initial, sort, scope)
        elif isinstance(sort, t.Collection):
            initial = self.check(s.Collection(written.span, "empty", ()), sort, scope)
        elif isinstance(sort, t.Optional):
            initial = ir.Const(sort, written.span, None)
        else:
            self.fault(f"{written.name} needs an initial value: {written.name}: {sort} = …", written.span, "sort")
            initial = self.bad(written.span)
        entry: tuple[ir.Symbol, ...] = ()
        key = None
        if queue is not None:
            sorts = [self.sort(part, scope) for part in written.sort.parts]
            names = written.sort.names
            entry = tuple(ir.Symbol(n, part, "local") for n, part in zip(names, sorts, strict=True))
            key = self.check(written.sort.bounds[0], t.RATIONAL, Scope({e.name: e for e in entry}, scope))
        self.earlier(initial, symbol)
        self.module.state.append(ir.Variable(symbol, initial, entry, key))
        return symbol

    def rule(self, event: str, written: s.Requirement, scope: Scope) -> ir.Rule:
        """A labelled requirement with its message."""
        if written.level is not None and written.level not in ir.LEVELS:
            hint = suggestion(written.level, ir.LEVELS)
            self.fault(f"{written.level} is not a level{hint}", written.span, "level")
        condition = self.check(written.condition, t.BOOL, scope)
        message = self.template(written.message, scope)
        return ir.Rule(f"{event}/{written.label}", written.level or "", condition, message, written.span, self.source)

    def unique_labels(self, written: Sequence[Labelled], *asked: Labelled) -> None:
        """Report those whose label another one above them has."""
        for requirement in asked:
            first = next(r for r in written if r.label == requirement.label)
            if first is not requirement:
                note = Note("first used here", self.source, first.span)
                self.fault(f"the label {requirement.label} is used twice", requirement.span, "name", (note,))

    def event(self, name: str, item: s.Event | s.Answer, updates: tuple[s.Update, ...]) -> ir.Event:
        """An event: parameters, rules, updates."""
        symbols = self.symbols(item.parameters)
        scope = self.module.scope.inner(symbols)
        if name == END:
            self.fault("end is the name of the end marker; name the event otherwise", item.span)
        rules = tuple(self.rule(name, r, scope) for r in item.requirements)
        self.unique_labels(item.requirements, *item.requirements)
        if isinstance(item, s.Event):
            rules = (*self.range_rule(item, symbols), *rules)
        changes = tuple(self.update(u, scope) for u in updates)
        event = ir.Event(name, symbols, rules, changes, item.doc, item.span, self.source)
        self.module.events[name] = event
        return event

    def range_rule(self, item: s.Event, symbols: tuple[ir.Symbol, ...]) -> tuple[ir.Rule, ...]:
        """The rule that every event has without saying so: its arguments lie in their sorts."""
        bounded = [p for p in symbols if t.bounded(p.sort)]
        if not bounded or any(r.label == OUT_OF_RANGE for r in item.requirements):
            return ()
        span, checks = item.span, list[ir.Expr]()
        parts: list[str | ir.Expr] = []
        for symbol in bounded:
            value = ir.Ref(symbol.sort, span, symbol)
            checks.append(ir.Within(t.BOOL, span, value, symbol.sort))
            parts += [", or " if parts else "", value, f" does not lie in {symbol.sort}"]
        condition = checks[0] if len(checks) == 1 else ir.Prim(t.BOOL, span, "and", tuple(checks))
        template = ir.Template(tuple(p for p in parts if p != ""), "an argument does not lie in its sort")
        return (ir.Rule(f"{item.name}/{OUT_OF_RANGE}", "grounded", condition, template, span, self.source),)

    def fact_range(self, fact: object, span: Span) -> None:
        """The condition that every problem meets without being told: what it states lies in the sorts of its facts."""
        if not isinstance(fact, ir.Symbol) or not t.bounded(fact.sort):
            return
        stated = ir.Ref(fact.sort, span, fact)
        within = ir.Within(t.BOOL, span, stated, fact.sort)
        outside: ir.Expr = stated
        if isinstance(fact.sort, (t.Set, t.List)):
            one = ir.Symbol(fact.name, fact.sort.element, "local")
            part = ir.Ref(one.sort, span, one)
            outer = ir.Prim(t.BOOL, span, "not", (ir.Within(t.BOOL, span, part, one.sort),))
            outside = ir.Each(t.List(one.sort), span, "list", (part,), ir.Binding((one,), stated, outer))
        text = f"{fact.name} {{{fact.name}}} does not lie in {fact.sort}"
        message = ir.Template((f"{fact.name} ", outside, f" does not lie in {fact.sort}"), text)
        rule = ir.Rule(f"problem/{fact.name.replace('_', '-')}-{OUT_OF_RANGE}", "grounded", within, message, span, self.source)
        self.module.demands.append(rule)

    def answer(self, item: s.Answer) -> None:
        """The answer event, the list that it fills, and the clauses on that list."""
        if self.module.answer is not None:
            self.fault("a procedure has one answer", item.span, "place")
        collected = self.module.scope.find(item.name)
        if not (isinstance(collected, ir.Symbol) and isinstance(collected.sort, t.List)):
            return
        element = collected.sort.element
        event = self.event(item.name, item, ()) if item.of is None else self.module.events.get(item.of[0])
        if event is None:
            return
        clauses: dict[str, ir.Expr] = {}
        some: t.Sort = t.List(element)
        wanted = {"among": some, "valid": t.BOOL, "cost": t.RATIONAL, "optimum": t.RATIONAL, "follows": some}
        wanted["certified"] = t.Optional(t.RATIONAL)
        for name, span, body in item.clauses:
            if name in clauses:
                self.fault(f"{name} stands twice", span)
            if name == "follows" and item.of is not None:
                self.fault("an answer that consists of the search's own events follows from them by itself", span, "place")
            clauses[name] = self.check(body, wanted[name], self.module.scope)
        self.module.answer = ir.Answer(event, collected, clauses, item.of is None)

    def update(self, written: s.Update, scope: Scope) -> ir.Update:
        """One change of the state."""
        if written.kind == "when":
            block = tuple(self.update(u, scope) for u in written.block)
            return ir.Update("when", None, None, self.check(written.value, t.BOOL, scope), block)
        found = scope.find(written.target)
        states = [n for n in scope.visible() if isinstance(v := scope.find(n), ir.Symbol) and v.kind == "state"]
        nothing = ir.Update("assign", None, None, self.bad(written.span))
        if not isinstance(found, ir.Symbol) or found.kind != "state":
            self.fault(
                f"only state variables change, and {written.target} is none{suggestion(written.target, states)}", written.span
            )
            return nothing
        sort = found.sort
        match written.kind, sort:
            case "assign", _ if not isinstance(sort, t.Queue):
                return ir.Update("assign", found, None, self.check(written.value, sort, scope))
            case "put", t.Map(element=element, value=value) if written.key is not None:
                key = self.check(written.key, element, scope)
                return ir.Update("put", found, key, self.check(written.value, value, scope))
            case ("insert", t.Queue(element=element, value=t.Tuple(fields=()) as nothing_else)):
                entry = ir.Display(nothing_else, written.span, "tuple", ())
                return ir.Update("put", found, self.check(written.value, element, scope), entry)
            case ("insert", t.Set(element=element) | t.List(element=element)):
                return ir.Update("insert", found, None, self.check(written.value, element, scope))
            case ("remove", t.Collection(element=element)):
                return ir.Update("remove", found, None, self.check(written.value, element, scope))
        how = {"assign": ":=", "put": "[…] :=", "insert": "+=", "remove": "-="}[written.kind]
        self.fault(f"{written.target} is {sort}, which cannot be changed by {how}", written.span, "sort")
        return nothing

    def steps(self, item: s.Sample) -> Iterator[ir.Step]:
        """The steps of a sample block; each `let` is seen by the steps below it."""
        self.sampling = True
        scope = Scope({}, self.module.scope)
        missing = {f.name: f for f in self.module.facts if not isinstance(f.sort, t.Collection)}
        for step in item.steps:
            if step.kind == "reject":
                yield ir.Step("reject", None, self.drawn(self.check(step.value, t.BOOL, scope), missing))
            elif step.kind == "let":
                value = self.drawn(self.plain(step.value, scope), missing)
                symbol = ir.Symbol(step.name, value.sort, "local")
                scope.names[step.name] = symbol
                yield ir.Step("let", symbol, value)
            else:
                fact = self.module.scope.find(step.name)
                if isinstance(fact, ir.Symbol) and fact.kind == "fact":
                    yield ir.Step("draw", fact, self.drawn(self.check(step.value, fact.sort, scope), missing))
                    missing.pop(step.name, None)
                else:
                    names = [f.name for f in self.module.facts]
                    self.fault(f"a sample draws facts, and {step.name} is none{suggestion(step.name, names)}", step.span)
        for name in missing:
            self.fault(f"the sample never draws {name}", item.span)
        self.sampling = False

    def drawn(self, e: ir.Expr, missing: Mapping[str, ir.Symbol]) -> ir.Expr:
        """The same expression; reported when it uses a fact that has no value before it is drawn."""
        for fact in dict.fromkeys(symbols(e)):
            if missing.get(fact.name) is fact:
                self.fault(f"{fact.name} is not drawn yet", e.span, "place")
        return e


class _Lazy(Scope):
    """A scope that resolves a declaration when its name is first used, and reports names defined by themselves."""

    def __init__(self, declarations: Declarations) -> None:
        super().__init__()
        self.declarations = declarations

    def find(self, name: str) -> Declared | None:
        if name in self.names:
            return self.names[name]
        d = self.declarations
        item = d.pending.get(name)
        if item is None:
            supplied = d.supplied if d.declaration.kind == "format" else None
            return supplied.find(name) if supplied else None
        if name in d.busy:
            circle = " → ".join([*d.busy[d.busy.index(name) :], name])
            d.fault(f"{name} is defined by itself ({circle}); functions do not recurse", item.span)
            return t.ANYTHING if isinstance(item, s.Sort) else ir.Symbol(name, t.ANYTHING, "local")
        d.busy.append(name)
        found = d.declare(item)
        d.busy.pop()
        if found is not None:
            self.names[name] = found
        return found

    def named(self, kind: type[Declared]) -> set[str]:
        d = self.declarations
        supplied = d.supplied.named(kind) if d.supplied and d.declaration.kind == "format" else set()
        return {name for name, item in d.pending.items() if _declares(item) is kind} | supplied

    def enums(self) -> list[t.Enum]:
        d = self.declarations
        plain = [n for n, item in d.pending.items() if isinstance(item, s.Sort) and item.sort.kind == "enum"]
        needed = [n for n, item in d.pending.items() if isinstance(item, s.Need) and item.sort is None]
        found = [self.find(name) for name in (*plain, *needed)]
        supplied = d.supplied.enums() if d.supplied and d.declaration.kind == "format" else []
        return [sort for sort in found if isinstance(sort, t.Enum)] + supplied

    def visible(self) -> set[str]:
        d = self.declarations
        supplied = d.supplied.visible() if d.supplied and d.declaration.kind == "format" else set()
        return set(self.names) | set(d.pending) | supplied


def speaks_of_events(item: s.Item) -> bool:
    """Whether an item names events, so that it is resolved after them."""
    return isinstance(item, s.Promise) or (isinstance(item, s.Answer) and item.of is not None)


def _declares(item: s.Item | s.Variable) -> type[Declared]:
    match item:
        case s.Sort() | s.Need(sort=None):
            return t.Sort
        case s.Define() | s.Need(parameters=tuple()):
            return ir.Function
    return ir.Symbol
