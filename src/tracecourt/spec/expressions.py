"""Names and sorts of expressions: syntax → typed form, all faults collected."""

from __future__ import annotations

from dataclasses import dataclass

from tracecourt.errors import suggestion
from tracecourt.spec import ir, shapes
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.builtins import BUILTINS
from tracecourt.spec.forms import FORMS, Forms
from tracecourt.spec.rewrite import empty, settled
from tracecourt.spec.scope import Scope as Scope
from tracecourt.text import Diagnostic, Note, Source, Span

DEEPEST = 120  # expressions inside one another


@dataclass
class Checker(Forms):
    """Turns expressions of one file into typed form; faults go to `diagnostics`."""

    source: Source
    diagnostics: list[Diagnostic]
    sampling: bool = False
    depth: int = 0

    # ------------------------------------------------------------ faults
    def fault(self, message: str, span: Span, code: str = "name", notes: tuple[Note, ...] = ()) -> None:
        """Report a fault at a span of the file."""
        self.diagnostics.append(Diagnostic(message, self.source, span, code, notes))

    def bad(self, span: Span) -> ir.Expr:
        """What stands for a faulty expression, so that one fault is reported once."""
        return ir.Const(t.ANYTHING, span, None)

    # ------------------------------------------------------------ sorts
    def sort(self, written: s.SortExpression, scope: Scope) -> t.Sort:
        """The sort that was written."""
        parts = tuple(self.sort(part, scope) for part in written.parts)
        match written.kind:
            case "named":
                name = written.names[0]
                found = scope.find(name)
                if isinstance(found, t.Sort):
                    return found
                self.fault(f"there is no sort named {name}{suggestion(name, scope.named(t.Sort))}", written.span)
                return t.ANYTHING
            case "int":
                return t.INT
            case "bool":
                return t.BOOL
            case "rational":
                return t.RATIONAL
            case "text":
                return t.TEXT
            case "formula":
                return t.FORMULA
            case "range":
                low, high = (self.check(bound, t.INT, scope) for bound in written.bounds)
                return t.Range(low, high, self.source.slice(written.span))
            case "enum":
                self.distinct(written)
                return t.Enum(written.names)
            case "tuple_of":
                self.distinct(written)
                return t.Tuple(tuple(zip(written.names, parts, strict=True)))
            case "optional":
                return t.Optional(parts[0])
            case "set_of":
                return t.Set(self.keyable(parts[0], written.parts[0].span))
            case "list_of":
                return t.List(parts[0])
            case "stack_of":
                return t.Stack(parts[0])
            case "fifo_of":
                return t.Fifo(parts[0])
            case "map_of":
                return t.Map(self.keyable(parts[0], written.parts[0].span), parts[1])
            case "queue_of":
                self.fault("only a variable of the state can be a queue", written.span, "place")
                return t.ANYTHING
        raise AssertionError(written.kind)

    def queue(self, written: s.SortExpression, scope: Scope) -> t.Queue:
        """The sort of a queue: its first field tells entries apart, the rest is their value."""
        self.distinct(written)
        parts = [self.sort(part, scope) for part in written.parts]
        rest = tuple(zip(written.names[1:], parts[1:], strict=True))
        return t.Queue(parts[0], rest[0][1] if len(rest) == 1 else t.Tuple(rest))

    def distinct(self, written: s.SortExpression) -> None:
        """Report the names of fields or members that stand twice."""
        for name in sorted({n for n in written.names if n and written.names.count(n) > 1}):
            self.fault(f"{name} stands twice in this sort", written.span)

    def keyable(self, sort: t.Sort, span: Span) -> t.Sort:
        """The same sort; reported when its values cannot be the elements of a set or the keys of a map."""
        if not t.keyable(sort):
            self.fault(f"{_a(sort)} cannot be the element of a set or the key of a map", span, "sort")
        return sort

    # ------------------------------------------------------------ expressions
    def check(self, expression: s.Expression, wanted: t.Sort, scope: Scope) -> ir.Expr:
        """The typed form of an expression where a sort is wanted."""
        self.depth += 1
        try:
            return self._check(expression, wanted, scope) if self.depth < DEEPEST else self.too_deep(expression)
        finally:
            self.depth -= 1

    def too_deep(self, expression: s.Expression) -> ir.Expr:
        """What stands for an expression that is nested more deeply than the stack may bear."""
        message = "this is nested too deeply"
        if not self.diagnostics or self.diagnostics[-1].message != message:  # its neighbours are as deep
            self.fault(message, expression.span, "syntax")
        return self.bad(expression.span)

    def _check(self, expression: s.Expression, wanted: t.Sort, scope: Scope) -> ir.Expr:
        match expression:
            case s.Collection(kind="empty") if isinstance(wanted, t.Collection):
                return empty(wanted, expression.span)
            case s.Collection(kind="list", items=()) if isinstance(wanted, t.List):
                return empty(wanted, expression.span)
            case s.Conditional(condition=c, then=a, otherwise=b):
                parts = (self.check(c, t.BOOL, scope), self.check(a, wanted, scope), self.check(b, wanted, scope))
                return ir.Prim(wanted, expression.span, "if", parts)
            case s.Name(name=name) | s.Literal(value=str() as name) if isinstance(wanted, t.Enum) and name in wanted.members:
                return ir.Const(wanted, expression.span, name)
            case s.Name(name=name) if isinstance(wanted, t.Enum) and scope.find(name) is None:
                self.fault(f"{name} is no member of {wanted}{suggestion(name, wanted.members)}", expression.span)
                return self.bad(expression.span)
            case s.Name(name=name) if isinstance(wanted, t.Optional) and shapes.member(name, wanted.inner):
                return self.check(expression, wanted.inner, scope)
            case s.Collection() if isinstance(wanted, t.Optional):
                return self.check(expression, wanted.inner, scope)
            case s.Collection(kind="list" | "set" as kind, items=items) if shapes.displayed(kind, wanted):
                assert isinstance(wanted, t.Collection)
                inner = tuple(self.check(i, wanted.element, scope) for i in items if isinstance(i, s.Expression))
                return ir.Display(wanted, expression.span, shapes.kind(kind), inner)
            case s.Collection(kind="map", items=items) if isinstance(wanted, t.Map) and not isinstance(wanted, t.Queue):
                sorts = (wanted.element, wanted.value)
                pairs = [zip(item, sorts, strict=True) for item in items if isinstance(item, tuple)]
                return ir.Display(wanted, expression.span, "map", tuple(self.check(i, w, scope) for p in pairs for i, w in p))
            case s.Collection(kind="tuple", items=items) if fields := t.fields(wanted, len(items)):
                parted = zip(items, fields, strict=True)
                inner = tuple(self.check(i, f, scope) for i, f in parted if isinstance(i, s.Expression))
                return ir.Display(wanted, expression.span, "tuple", inner)
        return self.fit(self.infer(expression, scope), wanted)

    def fit(self, found: ir.Expr, wanted: t.Sort) -> ir.Expr:
        """The same value as the wanted sort; an optional is unwrapped where a plain value is wanted."""
        if t.accepts(wanted, found.sort):
            found = settled(found, wanted)
            if t.unsettled(found.sort) and not (t.unsettled(wanted) or isinstance(wanted, t.Anything)):
                self.fault("it is not known here of what this is empty", found.span, "sort")
            return found
        if isinstance(found.sort, t.Optional) and t.accepts(wanted, found.sort.inner):
            return ir.Prim(found.sort.inner, found.span, "the", (found,))
        self.fault(f"this is {_a(found.sort)}, but {_a(wanted)} is needed here", found.span, "sort")
        return self.bad(found.span)

    def plain(self, expression: s.Expression, scope: Scope) -> ir.Expr:
        """An expression whose optional, if it is one, is unwrapped."""
        found = self.infer(expression, scope)
        if isinstance(found.sort, t.Optional):
            return ir.Prim(found.sort.inner, found.span, "the", (found,))
        return found

    def infer(self, expression: s.Expression, scope: Scope) -> ir.Expr:
        """The typed form of an expression, whatever its sort."""
        self.depth += 1
        try:
            return self._infer(expression, scope) if self.depth < DEEPEST else self.too_deep(expression)
        finally:
            self.depth -= 1

    def _infer(self, expression: s.Expression, scope: Scope) -> ir.Expr:
        span = expression.span
        match expression:
            case s.Literal(value=value):
                return shapes.literal(value, span)
            case s.Name():
                return self.name(expression, scope)
            case s.Apply():
                return self.apply(expression, scope)
            case s.Operation(operator=operator, operands=operands):
                return self.operation(operator, operands, span, scope)
            case s.FieldOf(base=base, field=name):
                return self.field_of(self.plain(base, scope), name, span)
            case s.Index(base=base, key=key):
                return self.index(self.plain(base, scope), key, span, scope)
            case s.Conditional(condition=c, then=a, otherwise=b):
                condition, then, otherwise = self.check(c, t.BOOL, scope), self.infer(a, scope), self.infer(b, scope)
                sort = t.join(then.sort, otherwise.sort)
                if sort is None:
                    self.fault(f"one branch is {_a(then.sort)}, the other {_a(otherwise.sort)}", span, "sort")
                    return self.bad(span)
                return ir.Prim(sort, span, "if", (condition, self.fit(then, sort), self.fit(otherwise, sort)))
            case s.Collection():
                return self.display(expression, scope)
            case s.Comprehension(kind=kind, head=head, binder=binder):
                binding, inside = self.binding(binder, scope)
                parts = tuple(self.plain(part, inside) for part in head)
                if kind != "list":
                    self.keyable(parts[0].sort, parts[0].span)
                sort = shapes.collection(kind, [p.sort for p in parts])
                return ir.Each(sort, span, shapes.kind(kind), parts, binding)
            case s.Aggregate(name=name, head=head_expression, binder=binder):
                each = s.Comprehension(span, "list", (head_expression,), binder)
                return self.apply(s.Apply(span, name, (each,)), scope)
            case s.Quantified(quantifier=kind, binder=binder, body=body):
                binding, inside = self.binding(binder, scope)
                quantifier = "all" if kind == "all" else "any"
                return ir.Quantifier(t.BOOL, span, quantifier, binding, self.check(body, t.BOOL, inside))  # type: ignore[arg-type]
            case s.Least(binder=binder, key=key):
                binding, inside = self.binding(binder, scope)
                by = self.plain(key, inside)
                if not t.numeric(by.sort):
                    self.fault(f"elements are ordered by numbers, not by {_a(by.sort)}", by.span, "sort")
                return ir.Least(binding.symbols[0].sort, span, binding, by)
        raise AssertionError(expression)

    def name(self, expression: s.Name, scope: Scope) -> ir.Expr:
        """A symbol, a function without parameters, or a sort used as the collection of its values."""
        found = scope.find(expression.name)
        match found:
            case ir.Symbol():
                return ir.Ref(found.sort, expression.span, found)
            case ir.Function(parameters=()):
                return ir.Call(found.sort, expression.span, found, ())
            case ir.Function(name=name):
                self.fault(f"{name} is a function; write {name}(…)", expression.span)
            case t.Sort():
                if not t.finite(found):
                    self.fault(f"the values of {expression.name} ({found}) cannot be listed", expression.span, "sort")
                return ir.Inhabitants(t.List(found), expression.span, found)
            case None:
                return self.member(expression, scope)
        return self.bad(expression.span)

    def member(self, expression: s.Name, scope: Scope) -> ir.Expr:
        """A member of an enumeration, known by its name alone; any other name is unknown."""
        name, span = expression.name, expression.span
        homes = [e for e in dict.fromkeys(scope.enums()) if name in e.members]
        if len(homes) == 1:
            return ir.Const(homes[0], span, name)
        members = {m for e in scope.enums() for m in e.members}
        known = scope.visible() | members
        why = f"{name} is a member of several sorts" if homes else f"nothing here is named {name}{suggestion(name, known)}"
        self.fault(why, span)
        return self.bad(span)

    def apply(self, expression: s.Apply, scope: Scope) -> ir.Expr:
        """A call of a function, a builtin, or one of the forms that take names."""
        name, arguments, span = expression.name, expression.arguments, expression.span
        found = scope.find(name)
        if isinstance(found, ir.Function):
            if len(arguments) != len(found.parameters):
                note = Note("declared here", found.source, found.span)
                self.fault(f"{name} takes {_count(found.parameters)}, not {len(arguments)}", span, "sort", (note,))
                return self.bad(span)
            inner = tuple(self.check(a, p.sort, scope) for a, p in zip(arguments, found.parameters, strict=True))
            return ir.Call(found.sort, span, found, inner)
        if name in FORMS:
            return self.form(expression, scope)
        if name in BUILTINS:
            return self.primitive(name, tuple(self.plain(a, scope) for a in arguments), span)
        if found is None:
            known = [*scope.named(ir.Function), *BUILTINS, *FORMS]
            self.fault(f"there is no function named {name}{suggestion(name, known)}", span)
        elif not (isinstance(found, ir.Symbol) and isinstance(found.sort, t.Anything)):
            self.fault(f"{name} is not a function", span)
        return self.bad(span)

    def primitive(self, name: str, arguments: tuple[ir.Expr, ...], span: Span) -> ir.Expr:
        """A builtin applied to typed arguments."""
        builtin = BUILTINS[name]
        if builtin.random and not self.sampling:
            self.fault(f"{name} draws at random, which only a sample block may do", span, "sort")
        if any(isinstance(a.sort, t.Anything) for a in arguments):
            return self.bad(span)
        sort = builtin.result(tuple(a.sort for a in arguments))
        if sort is None:
            given = ", ".join(str(a.sort) for a in arguments)
            self.fault(f"{name} is used as {builtin.usage}, not with ({given})", span, "sort")
            return self.bad(span)
        return ir.Prim(sort, span, name, arguments)

    def operation(self, operator: str, operands: tuple[s.Expression, ...], span: Span, scope: Scope) -> ir.Expr:
        """Connectives, comparisons, membership, arithmetic."""
        match operator:
            case "and" | "or" | "not" | "=>":
                return ir.Prim(t.BOOL, span, operator, tuple(self.check(o, t.BOOL, scope) for o in operands))
            case "=" | "!=":
                return self.equality(operator, operands, span, scope)
            case "in" | "not in":
                inside = self.membership(operands, span, scope)
                return inside if operator == "in" else ir.Prim(t.BOOL, span, "not", (inside,))
            case "??":
                left, right = self.infer(operands[0], scope), self.infer(operands[1], scope)
                plain = left.sort.inner if isinstance(left.sort, t.Optional) else left.sort
                sort = t.join(plain, right.sort)
                if sort is None:
                    self.fault(f"?? joins {_a(plain)} with {_a(right.sort)}", span, "sort")
                    return self.bad(span)
                return ir.Prim(sort, span, "??", (self.fit(left, sort), self.fit(right, sort)))
        parts = tuple(self.plain(o, scope) for o in operands)
        kinds = [p.sort for p in parts]
        if operator in ("+", "-") and len(parts) == 2 and all(isinstance(k, t.Collection) for k in kinds):
            sort = t.join(kinds[0], kinds[1])
            if sort is not None:
                parts = tuple(self.fit(p, sort) for p in parts)
                return ir.Prim(sort, span, "union" if operator == "+" else "minus", parts)
        if any(isinstance(k, t.Anything) for k in kinds):
            return self.bad(span)
        for part in parts:
            if not t.numeric(part.sort):
                self.fault(f"{operator} needs numbers, and this is {_a(part.sort)}", part.span, "sort")
                return self.bad(span)
        if operator in ("<", "<=", ">", ">="):
            return ir.Prim(t.BOOL, span, operator, parts)
        integral = all(isinstance(k, t.Int) for k in kinds) and operator != "/"
        return ir.Prim(t.INT if integral else t.RATIONAL, span, operator if len(parts) == 2 else "negate", parts)

    def equality(self, operator: str, operands: tuple[s.Expression, ...], span: Span, scope: Scope) -> ir.Expr:
        """`=` and `!=` between values of joinable sorts; the member of an enumeration may stand on either side."""
        if shapes.perhaps_member(operands[0], scope):
            operands = operands[::-1]
        left = self.infer(operands[0], scope)
        match operands[1]:
            case s.Name(name=name) | s.Literal(value=str() as name) if shapes.member(name, left.sort):
                right = self.check(operands[1], left.sort, scope)
            case _:
                right = self.infer(operands[1], scope)
        if isinstance(left.sort, t.Empty):
            left, right = right, left
        if isinstance(right.sort, t.Empty) and isinstance(left.sort, t.Collection):
            zero = ir.Const(t.INT, span, 0)
            return ir.Prim(t.BOOL, span, operator, (ir.Prim(t.INT, span, "size", (left,)), zero))
        sort = t.join(left.sort, right.sort)
        if sort is None:
            self.fault(f"{_a(left.sort)} is compared with {_a(right.sort)}", span, "sort")
            return self.bad(span)
        return ir.Prim(t.BOOL, span, operator, (self.fit(left, sort), self.fit(right, sort)))

    def membership(self, operands: tuple[s.Expression, ...], span: Span, scope: Scope) -> ir.Expr:
        """`x in S` for a collection or a sort."""
        one, other = operands
        if isinstance(other, s.Name) and isinstance(sort := scope.find(other.name), t.Sort):
            return ir.Within(t.BOOL, span, self.check(one, sort, scope), sort)
        first = None if shapes.perhaps_member(one, scope) else self.plain(one, scope)
        match first, other:
            case ir.Expr(sort=t.Enum() as of), s.Collection(kind="list" | "set" as kind):
                collection = self.check(other, shapes.collection(kind, [of]), scope)
            case _:
                collection = self.plain(other, scope)
        wanted = collection.sort.element if isinstance(collection.sort, t.Collection) else t.ANYTHING
        element = self.check(one, wanted, scope) if first is None else self.fit(first, wanted)
        if isinstance(collection.sort, t.Anything):
            return self.bad(span)
        if not isinstance(collection.sort, t.Collection):
            self.fault(f"in needs a collection on its right, and this is {_a(collection.sort)}", collection.span, "sort")
            return self.bad(span)
        return ir.Prim(t.BOOL, span, "in", (element, collection))

    def field_of(self, base: ir.Expr, name: str, span: Span) -> ir.Expr:
        """`e.name` of a tuple."""
        if isinstance(base.sort, t.Tuple):
            for index, (field_name, sort) in enumerate(base.sort.fields):
                if field_name == name:
                    return ir.Project(sort, span, base, index)
            names = [n for n, _ in base.sort.fields if n]
            self.fault(f"{base.sort} has no field {name}{suggestion(name, names)}", span, "sort")
        elif not isinstance(base.sort, t.Anything):
            self.fault(f"{_a(base.sort)} has no fields", span, "sort")
        return self.bad(span)

    def index(self, base: ir.Expr, key: s.Expression, span: Span, scope: Scope) -> ir.Expr:
        """`m[k]`."""
        match base.sort:
            case t.Map(element=wanted, value=value):
                return ir.Prim(value, span, "index", (base, self.check(key, wanted, scope)))
            case t.List(element=value):
                return ir.Prim(value, span, "index", (base, self.check(key, t.INT, scope)))
            case t.Anything():
                return base
        self.fault(f"{_a(base.sort)} cannot be indexed", span, "sort")
        return self.bad(span)

    def display(self, expression: s.Collection, scope: Scope) -> ir.Expr:
        """A tuple, list, set or map written out."""
        kind, span = expression.kind, expression.span
        if kind == "empty" or not expression.items:
            return ir.Display(t.Empty(t.ANYTHING), span, "list", ())
        flat = [e for item in expression.items for e in (item if isinstance(item, tuple) else (item,))]
        parts = tuple(self.plain(e, scope) for e in flat)
        if kind == "tuple":
            return ir.Display(t.Tuple(tuple(("", p.sort) for p in parts)), span, "tuple", parts)
        step = 2 if kind == "map" else 1
        sorts: list[t.Sort] = []
        for offset in range(step):
            joined: t.Sort | None = t.ANYTHING
            for part in parts[offset::step]:
                joined = t.join(joined, part.sort) if joined is not None else None
            if joined is None:
                self.fault(f"the elements of this {kind} are of different sorts", span, "sort")
                joined = t.ANYTHING
            sorts.append(joined)
        if kind != "list":
            self.keyable(sorts[0], span)
        parts = tuple(self.fit(part, sorts[index % step]) for index, part in enumerate(parts))
        return ir.Display(shapes.collection(kind, sorts), span, shapes.kind(kind), parts)

    def binding(self, binder: s.Binder, scope: Scope) -> tuple[ir.Binding, Scope]:
        """The symbols bound by `x, y in source if guard`, and the scope in which they can be used."""
        source = self.plain(binder.source, scope)
        sorts = self.bound_sorts(source, len(binder.names), binder.span)
        for index, (name, span) in enumerate(binder.names):
            if name in {n for n, _ in binder.names[:index]}:
                self.fault(f"{name} is declared twice", span)
        symbols = tuple(ir.Symbol(name, sort, "local") for (name, _), sort in zip(binder.names, sorts, strict=True))
        inside = scope.inner(symbols)
        guard = None if binder.guard is None else self.check(binder.guard, t.BOOL, inside)
        return ir.Binding(symbols, source, guard), inside

    def bound_sorts(self, source: ir.Expr, names: int, span: Span) -> list[t.Sort]:
        """The sorts of the names bound to the elements of a source."""
        sort = source.sort
        if isinstance(sort, t.Anything):
            return [t.ANYTHING] * names
        if not isinstance(sort, t.Collection):
            self.fault(f"only collections can be gone through, and this is {_a(sort)}", source.span, "sort")
            return [t.ANYTHING] * names
        if names == 1:
            return [sort.element]
        if isinstance(sort, t.Map):
            whole: t.Sort = t.Tuple((("", sort.element), ("", sort.value)))
        else:
            whole = sort.element
        if isinstance(whole, t.Tuple) and len(whole.fields) == names:
            return [field_sort for _, field_sort in whole.fields]
        self.fault(f"the elements of {_a(sort)} cannot be taken apart into {names} names", span, "sort")
        return [t.ANYTHING] * names

    def template(self, message: s.Message, scope: Scope) -> ir.Template:
        """A message with its expressions typed."""
        parts = tuple(p if isinstance(p, str) else self.infer(p, scope) for p in message.parts)
        return ir.Template(parts, self.source.slice(message.span)[1:-1])


def _a(sort: t.Sort) -> str:
    text = str(sort)
    return f"an {text}" if text[:1] in "aeiou" else f"a {text}"


def _count(parameters: tuple[ir.Symbol, ...]) -> str:
    return "1 argument" if len(parameters) == 1 else f"{len(parameters)} arguments"
