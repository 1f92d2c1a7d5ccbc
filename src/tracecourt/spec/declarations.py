"""Declarations → typed declarations: domains and procedures on their own, then joined by a format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tracecourt.errors import suggestion
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.expressions import Checker, Declared, Scope
from tracecourt.text import Diagnostic, Note, Source, Span

ALLOWED = {
    "domain": (s.Param, s.Sort, s.Need, s.Fact, s.Define, s.Requirement, s.Sample),
    "procedure": (s.Param, s.Sort, s.Need, s.Define, s.State, s.Event, s.Answer, s.Ending, s.TraceBlock),
    "format": (s.Use, s.Fix, s.Define),
}
NAMED = (s.Param, s.Sort, s.Need, s.Fact, s.Define, s.Event, s.Answer)  # State holds its variables' names
END = "end"
OUT_OF_RANGE = "out-of-range"


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
    answer: ir.Answer | None = None
    ending: tuple[ir.Rule, ...] = ()
    sample: tuple[ir.Step, ...] = ()
    functions: list[ir.Function] = field(default_factory=list)
    blocks: list[s.TraceBlock] = field(default_factory=list)


class Declarations(Checker):
    """Resolves one declaration. `supplied` holds what others give for its `needs`; None leaves them abstract."""

    def __init__(
        self, declaration: s.Declaration, diagnostics: list[Diagnostic], supplied: Scope | None, fixed: dict[str, ir.Expr]
    ) -> None:
        super().__init__(declaration.source, diagnostics)
        self.declaration = declaration
        self.supplied = supplied
        self.fixed = fixed
        self.module = Module(declaration.name, declaration.doc, declaration.source, Scope())
        self.pending: dict[str, s.Item | s.Variable] = {}
        self.busy: list[str] = []

    def resolve(self) -> Module:
        """All items, in an order that lets each use the names of the others."""
        items = [item for item in self.declaration.items if self.admitted(item)]
        self.collect(items)
        self.module.scope = _Lazy(self)
        for name in list(self.pending):
            self.module.scope.find(name)
        for item in items:
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
        what = type(item).__name__.lower()
        self.fault(f"a {kind} cannot hold this ({what}); it belongs in a {' or '.join(homes)}", item.span, "place")
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
        scope = self.module.scope
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
            case s.Answer(name=name, parameters=parameters):
                symbols = self.symbols(parameters)
                whole = t.Tuple(tuple((p.name, p.sort) for p in symbols))
                return ir.Symbol(name, t.List(symbols[0].sort if len(symbols) == 1 else whole), "state")
        raise AssertionError(item)

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
            wanted = ir.Symbol(item.name, self.sort(item.sort, scope), "fact")
        else:
            symbols, sort = self.symbols(item.parameters), self.sort(item.sort, scope)
            stand_in = ir.Const(t.ANYTHING, item.span, None)
            wanted = ir.Function(item.name, symbols, sort, stand_in, item.span, self.source)
        if self.supplied is None:
            return wanted
        found = self.supplied.find(item.name)
        if found is None:
            if item.default is not None and item.sort is not None:
                return self.function(item.name, item.parameters or (), item.sort, item.default, item.span)
            hint = suggestion(item.name, self.supplied.visible())
            self.fault(f"this need is not met: neither the domain nor the format declares {item.name}{hint}", item.span, "join")
            return wanted
        if not _meets(wanted, found):
            notes = (Note("declared here", found.source, found.span),) if isinstance(found, ir.Function) else ()
            self.fault(f"{item.name} is declared, but not as it is needed here: {_signature(found)}", item.span, "join", notes)
            return wanted
        return found

    # ------------------------------------------------------------ blocks
    def item(self, item: s.Item) -> None:
        """An item that is not a name."""
        match item:
            case s.Param():
                self.param(item)
            case s.Requirement():
                self.module.demands.append(self.rule("problem", item, self.module.scope))
            case s.Event():
                self.event(item.name, item, item.updates)
            case s.Answer():
                self.answer(item)
            case s.Ending():
                rules = tuple(self.rule(END, r, self.module.scope) for r in item.requirements)
                self.unique_labels(item.requirements)
                self.module.ending += rules
            case s.Sample():
                self.module.sample = tuple(self.steps(item))

    def param(self, item: s.Param) -> None:
        """A parameter's default, or what the format sets it to, and how it is inferred."""
        symbol, scope = self.module.scope.find(item.name), self.module.scope
        if not isinstance(symbol, ir.Symbol):
            return
        default = None if item.default is None else self.check(item.default, symbol.sort, scope)
        inferred = None if item.inferred is None else self.check(item.inferred, symbol.sort, scope)
        if item.name in self.fixed:
            default, inferred = self.fit(self.fixed[item.name], symbol.sort), None
        self.module.params.append(ir.Param(symbol, default, inferred))

    def variable(self, written: s.Variable) -> ir.Symbol:
        """A state variable with its initial value."""
        sort, scope = self.sort(written.sort, self.module.scope), self.module.scope
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
        if isinstance(sort, t.Queue):
            sorts = [self.sort(part, scope) for part in written.sort.parts]
            names = written.sort.names
            entry = tuple(ir.Symbol(n, part, "local") for n, part in zip(names, sorts, strict=True))
            key = self.check(written.sort.bounds[0], t.RATIONAL, Scope({e.name: e for e in entry}, scope))
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

    def unique_labels(self, written: tuple[s.Requirement, ...]) -> None:
        """Report a label that stands twice in one event."""
        for index, requirement in enumerate(written):
            if requirement.label in {r.label for r in written[:index]}:
                self.fault(f"the label {requirement.label} stands twice in this event", requirement.span)

    def event(self, name: str, item: s.Event | s.Answer, updates: tuple[s.Update, ...]) -> ir.Event:
        """An event: parameters, rules, updates."""
        symbols = self.symbols(item.parameters)
        scope = self.module.scope.inner(symbols)
        if name == END:
            self.fault("end is the name of the end marker; name the event otherwise", item.span)
        rules = tuple(self.rule(name, r, scope) for r in item.requirements)
        self.unique_labels(item.requirements)
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
        template = ir.Template(tuple(p for p in parts if p != ""))
        return (ir.Rule(f"{item.name}/{OUT_OF_RANGE}", "grounded", condition, template, span, self.source),)

    def answer(self, item: s.Answer) -> None:
        """The answer event, the list that it fills, and the clauses on that list."""
        if self.module.answer is not None:
            self.fault("a procedure has one answer", item.span, "place")
        collected = self.module.scope.find(item.name)
        if not (isinstance(collected, ir.Symbol) and isinstance(collected.sort, t.List)):
            return
        element = collected.sort.element
        event = self.event(item.name, item, ())
        clauses: dict[str, ir.Expr] = {}
        wanted = {"valid": t.BOOL, "cost": t.RATIONAL, "optimum": t.RATIONAL, "follows": t.List(element)}
        for name, span, body in item.clauses:
            if name in clauses:
                self.fault(f"{name} stands twice", span)
            clauses[name] = self.check(body, wanted[name], self.module.scope)
        self.module.answer = ir.Answer(event, collected, clauses)

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
        for step in item.steps:
            if step.kind == "reject":
                yield ir.Step("reject", None, self.check(step.value, t.BOOL, scope))
            elif step.kind == "let":
                value = self.plain(step.value, scope)
                symbol = ir.Symbol(step.name, value.sort, "local")
                scope.names[step.name] = symbol
                yield ir.Step("let", symbol, value)
            else:
                fact = self.module.scope.find(step.name)
                if isinstance(fact, ir.Symbol) and fact.kind == "fact":
                    yield ir.Step("draw", fact, self.check(step.value, fact.sort, scope))
                else:
                    names = [f.name for f in self.module.facts]
                    self.fault(f"a sample draws facts, and {step.name} is none{suggestion(step.name, names)}", step.span)
        self.sampling = False


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

    def visible(self) -> set[str]:
        d = self.declarations
        supplied = d.supplied.visible() if d.supplied and d.declaration.kind == "format" else set()
        return set(self.names) | set(d.pending) | supplied


def _meets(wanted: Declared, found: Declared) -> bool:
    match wanted, found:
        case t.Sort(), t.Sort():
            return True
        case ir.Symbol(sort=w), ir.Symbol(sort=g, kind="fact" | "param"):
            return t.accepts(w, g)
        case ir.Symbol(sort=w), ir.Function(sort=g, parameters=()):
            return t.accepts(w, g)
        case ir.Function(), ir.Function():
            return (
                len(wanted.parameters) == len(found.parameters)
                and all(t.accepts(f.sort, w.sort) for w, f in zip(wanted.parameters, found.parameters, strict=True))
                and t.accepts(wanted.sort, found.sort)
            )
    return False


def _signature(found: Declared) -> str:
    match found:
        case ir.Function():
            inner = ", ".join(f"{p.name}: {p.sort}" for p in found.parameters)
            return f"it is {found.name}({inner}): {found.sort}"
        case ir.Symbol():
            return f"it is {found.name}: {found.sort}"
    return "it is a sort"
