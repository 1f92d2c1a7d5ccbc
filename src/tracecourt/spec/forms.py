"""The forms that look like functions and take the names of sorts, functions and events: `distance` and its like."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from tracecourt.errors import suggestion
from tracecourt.spec import ir, shapes
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.scope import Scope
from tracecourt.text import Note, Span

FORMS = ("mentioned", "distance", "distances", "replay", "happened")


class Histories:
    """The lists of what happened so far that some promises of a procedure ask about; made when they are first asked for."""

    def __init__(self, events: dict[str, ir.Event]) -> None:
        self.events = events
        self.symbols: dict[str, ir.Symbol] = {}

    def of(self, name: str) -> ir.Symbol:
        """The list of the arguments of all events of a name."""
        if name not in self.symbols:
            parameters = self.events[name].parameters
            whole = t.Tuple(tuple((p.name, p.sort) for p in parameters))
            element = parameters[0].sort if len(parameters) == 1 else whole
            self.symbols[name] = ir.Symbol(name, t.List(element), "state")
        return self.symbols[name]


class Forms:
    """What a checker of expressions knows of forms. `histories` is there only while a promise is checked."""

    histories: Histories | None = None

    @abstractmethod
    def fault(self, message: str, span: Span, code: str = "name", notes: tuple[Note, ...] = ()) -> None:
        """Report a fault at a span of the file."""

    @abstractmethod
    def bad(self, span: Span) -> ir.Expr:
        """What stands for a faulty expression."""

    @abstractmethod
    def check(self, expression: s.Expression, wanted: t.Sort, scope: Scope) -> ir.Expr:
        """The typed form of an expression where a sort is wanted."""

    def form(self, expression: s.Apply, scope: Scope) -> ir.Expr:
        """The typed form of one of the forms."""
        made: dict[str, Callable[[s.Apply, Scope], ir.Expr]] = {
            "mentioned": self.mentioned,
            "distance": self.distance,
            "distances": self.distances,
            "replay": self.replay,
            "happened": self.happened,
        }
        return made[expression.name](expression, scope)

    def mentioned(self, expression: s.Apply, scope: Scope) -> ir.Expr:
        """`mentioned(Sort)`."""
        match expression.arguments:
            case (s.Name(name=name),) if isinstance(sort := scope.find(name), t.Sort):
                return ir.Mentioned(t.List(sort), expression.span, sort, name)
        self.fault("write mentioned(SORT) with the name of a sort", expression.span, "sort")
        return self.bad(expression.span)

    def distance(self, expression: s.Apply, scope: Scope) -> ir.Expr:
        """`distance(start, successors, goal)` or `distance(start, successors, goal, limit)`; the names are of functions."""
        match expression.arguments:
            case (start, s.Name(name=by), s.Name(name=to), *rest) if not rest or shapes.numeral(rest) is not None:
                successors, goal = scope.find(by), scope.find(to)
                if (
                    isinstance(successors, ir.Function)
                    and isinstance(goal, ir.Function)
                    and len(successors.parameters) == len(goal.parameters) == 1
                    and isinstance(successors.sort, t.Map)
                    and t.numeric(successors.sort.value)
                    and goal.sort == t.BOOL
                ):
                    node = self.check(start, successors.parameters[0].sort, scope)
                    return ir.Distance(successors.sort.value, expression.span, node, successors, goal, shapes.numeral(rest))
        usage = "write distance(node, successors, goal) with two functions: node to map of costs, node to bool"
        usage += "; a number may follow, the most nodes that are expanded"
        self.fault(usage, expression.span, "sort")
        return self.bad(expression.span)

    def distances(self, expression: s.Apply, scope: Scope) -> ir.Expr:
        """`distances(start, successors)`, where the last names a function."""
        match expression.arguments:
            case (start, s.Name(name=by)) if isinstance(f := scope.find(by), ir.Function) and len(f.parameters) == 1:
                node = f.parameters[0].sort
                if isinstance(f.sort, t.Map) and t.numeric(f.sort.value) and t.accepts(node, f.sort.element):
                    cost = t.INT if isinstance(f.sort.value, t.Int) else t.RATIONAL
                    return ir.Distances(t.Map(node, cost), expression.span, self.check(start, node, scope), f)
        self.fault("write distances(node, successors) with a function: node to map of costs", expression.span, "sort")
        return self.bad(expression.span)

    def happened(self, expression: s.Apply, scope: Scope) -> ir.Expr:
        """`happened(event)`: the arguments of all events of a name so far."""
        span = expression.span
        match expression.arguments:
            case _ if self.histories is None:
                self.fault("only a claim or a lemma may ask what happened", span, "place")
            case (s.Name(name=name),) if name in self.histories.events:
                symbol = self.histories.of(name)
                return ir.Ref(symbol.sort, span, symbol)
            case (s.Name(name=name) as written,):
                self.fault(f"there is no event named {name}{suggestion(name, self.histories.events)}", written.span)
            case _:
                self.fault("write happened(EVENT) with the name of an event", span, "sort")
        return self.bad(span)

    def replay(self, expression: s.Apply, scope: Scope) -> ir.Expr:
        """`replay(start, actions, step)`, where the last names a function."""
        match expression.arguments:
            case (start, actions, s.Name(name=by)) if isinstance(f := scope.find(by), ir.Function) and len(f.parameters) == 2:
                node, action = (p.sort for p in f.parameters)
                if t.accepts(t.Optional(node), f.sort):
                    parts = self.check(start, node, scope), self.check(actions, t.List(action), scope)
                    return ir.Replay(t.List(node), expression.span, *parts, f)
        usage = "write replay(node, actions, step) with a function: node and action to the next node, or none"
        self.fault(usage, expression.span, "sort")
        return self.bad(expression.span)
