"""Typed expressions → lines over integers: terms and conditions.

`evaluate.py` says what an expression means. A term's value comes with the condition under which it has one; an atom with a
term without a value is false. What is written may be evaluated where its value is not used: nothing here can fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from math import lcm
from typing import Any

from tracecourt.engines.flat.draft import ALWAYS, NEVER, both, conj, negated, straight
from tracecourt.engines.flat.keeping import ELSEWHERE, Keeping
from tracecourt.engines.flat.layout import NotFlat, Val, few
from tracecourt.engines.flat.runtime import EMPTY, HANDLE, LIST
from tracecourt.engines.flat.stores import Bits, Local, Row, Store, Table
from tracecourt.engines.primitives import LARGEST_EXPONENT
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import substitute, symbols

COMPARED = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
FEW = 8
LARGE = 1 << 31  # factors below it have a product that fits


class Terms(Keeping):
    """Writes terms and conditions."""

    def loop(
        self, e: ir.Expr, body: Callable[..., None], *, pairs: bool = False, loose: bool = False, again: bool = False
    ) -> str | None:
        """Go through a collection; the condition under which it has a value."""
        raise NotImplementedError

    def listing(self, e: ir.Expr) -> tuple[str, str, str | None]:
        """Write a list to the scratchpad: where it begins, how many elements it has, and whether it has a value."""
        raise NotImplementedError

    # ------------------------------------------------------------ constants, names
    def constant(self, value: Any, sort: t.Sort) -> Val:
        """A value that is known."""
        match sort, value:
            case t.Optional(inner=inner), None:
                return Val(("0",) * (1 + self.cells(inner)))
            case t.Nothing(), _:
                return Val(("0",))
            case t.Optional(inner=inner), _:
                val = self.constant(value, inner)
                return Val(("1", *val.cells), None, val.den)
            case t.Bool(), _:
                return Val(("1" if value else "0",))
            case t.Enum(members=members), str():
                return Val((str(members.index(value)),))
            case t.Rational(), _:
                number = Fraction(value)
                if self.exact:
                    return Val((str(number.numerator), str(number.denominator)))
                return Val((str(number.numerator),), None, number.denominator)
            case t.Int(), int():
                return Val((str(value),))
            case t.Tuple(fields=fields), tuple():
                parts = [self.constant(v, s) for v, (_, s) in zip(value, fields, strict=True)]
                return self.joined(parts)
            case t.List(element=element), list() | tuple():
                return self.appended(Val((str(EMPTY),)), [self.constant(v, element) for v in value])
            case t.Set(element=element), _ if few(element):
                return Val((str(sum(1 << int(self.constant(v, element).cell) for v in value)),))
        raise NotFlat(f"a constant of the sort {sort}")

    def joined(self, parts: Sequence[Val]) -> Val:
        """A tuple of parts; all rational ones in it are whole."""
        ok: str | None = None
        for part in parts:
            ok = both(ok, part.ok)
            if part.den != 1:
                raise NotFlat("a tuple that holds a fraction")
        return Val(tuple(cell for part in parts for cell in part.cells), ok)

    def appended(self, listed: Val, elements: Sequence[Val]) -> Val:
        """A list with elements behind it."""
        cell, ok = listed.cell, listed.ok
        for element in elements:
            cell, ok = self.named(f"made(m, {cell}, {self.packed(element)}, {LIST})"), both(ok, element.ok)
        return Val((cell,), ok)

    def place(self, e: ir.Expr) -> Any:
        """Where a variable or fact is kept, if an expression names one."""
        return self.scope.get(e.symbol) if isinstance(e, ir.Ref) else None

    # ------------------------------------------------------------ terms
    def term(self, e: ir.Expr) -> Val:
        """The value of an expression."""
        match e:
            case ir.Const(value=value):
                return self.constant(value, e.sort)
            case ir.Ref():
                return self._name(e)
            case ir.Project(base=base, index=index):
                return self._projected(e, self.term(base), base.sort, index)
            case ir.Display(kind="tuple", items=items):
                inner = t.fields(e.sort, len(items))
                return self.joined([self.fitted(self.term(i), i.sort, s) for i, s in zip(items, inner, strict=True)])
            case ir.Display(kind="set", items=items) if few(_element(e)):
                held, ok = "0", None
                for item in items:
                    val = self.fitted(self.term(item), item.sort, _element(e))
                    held, ok = self.named(f"{held} | 1 << {val.cell}"), both(ok, val.ok)
                return Val((held,), ok)
            case ir.Call():
                return self.outlined(e) or self.called(e, self.term)  # type: ignore[no-any-return]
            case ir.Least():
                return self._least(e)
            case ir.Distance():
                return self.distance(e)
            case ir.Prim():
                return self._prim(e)
        if isinstance(e.sort, t.List):
            return self._listed(e)
        if e.sort == t.BOOL:
            return Val((self.truth(self.cond(e)),))
        raise NotFlat(f"{type(e).__name__.lower()} of the sort {e.sort}")

    def distance(self, e: ir.Distance) -> Val:
        """The least cost of a path."""
        raise NotImplementedError

    def _name(self, e: ir.Ref) -> Val:
        match self.scope.get(e.symbol):
            case Val() as val:
                return val
            case Local() as local:
                return local.val
            case Bits(name=name):
                return Val((name,))
            case Row():
                return self._listed(e)
        raise NotFlat(f"{e.symbol.name} is used as a value")

    def _projected(self, e: ir.Expr, base: Val, sort: t.Sort, index: int) -> Val:
        inner = sort.inner if isinstance(sort, t.Optional) else sort
        if not isinstance(inner, t.Tuple):
            raise NotFlat("a part of what is no tuple")
        at = len(base.cells) - self.cells(inner) + sum(self.cells(s) for _, s in inner.fields[:index])
        return Val(base.cells[at : at + self.cells(inner.fields[index][1])], base.ok)

    def truth(self, condition: str) -> str:
        """A cell for a condition."""
        if condition in (ALWAYS, NEVER):
            return "1" if condition == ALWAYS else "0"
        return self.named(f"1 if {condition} else 0")

    def _listed(self, e: ir.Expr) -> Val:
        """The handle of a list."""
        listed = self.named(str(EMPTY))
        element = e.sort.element  # type: ignore[attr-defined]

        def add(val: Val) -> None:
            self.add(f"{listed} = made(m, {listed}, {self.packed(self.fitted(val, _element(e), element))}, {LIST})")

        return Val((listed,), self.loop(e, add))

    def outlined(self, e: ir.Call) -> Val | None:
        """The value of a call of a function that is too long to be written out where it is called."""
        raise NotImplementedError

    def called(self, e: ir.Call, write: Callable[[ir.Expr], Any]) -> Any:
        """A function's body with the arguments in place of its parameters."""
        values: dict[ir.Symbol, Any] = {}
        lazily: dict[ir.Symbol, ir.Expr] = {}
        ok: str | None = None
        for parameter, argument in zip(e.function.parameters, e.args, strict=True):
            kept = self.place(argument)
            if isinstance(kept, (Store, Row, Table)):
                values[parameter] = kept
            elif isinstance(parameter.sort, (t.Map, t.Set)) and not isinstance(kept, (Val, Local, Bits)):
                lazily[parameter] = argument
            else:
                val = self.fitted(self.term(argument), argument.sort, parameter.sort)
                ok = both(ok, val.ok)
                values[parameter] = Val(val.cells, None, val.den)
        body = substitute(e.function.body, lazily) if lazily else e.function.body
        with self.bound(values):
            result = write(body)
        if isinstance(result, Val):
            val = self.fitted(result, body.sort, e.sort)
            return Val(val.cells, both(ok, val.ok), val.den)
        return conj(ok, result) if isinstance(result, str) else both(ok, result)

    # ------------------------------------------------------------ from one sort to another
    def fitted(self, val: Val, given: t.Sort, wanted: t.Sort) -> Val:
        """A value of one sort as one of another that takes it."""
        match given, wanted:
            case (t.Nothing(), t.Optional(inner=inner)):
                return Val(("0",) * (1 + self.cells(inner)), val.ok)
            case (t.Optional(inner=a), t.Optional(inner=b)):
                rest = self.fitted(Val(val.cells[1:], val.ok, val.den), a, b)
                return Val((val.cells[0], *rest.cells), rest.ok, rest.den)
            case (_, t.Optional(inner=b)):
                rest = self.fitted(val, given, b)
                return Val(("1", *rest.cells), rest.ok, rest.den)
            case (t.Int(), t.Rational()) if self.exact and len(val.cells) == 1:
                return Val((val.cell, "1"), val.ok)
            case (t.Tuple(fields=a), t.Tuple(fields=b)) if a is not b:
                parts, at = [], 0
                for (_, x), (_, y) in zip(a, b, strict=True):
                    count = self.cells(x)
                    parts.append(self.fitted(Val(val.cells[at : at + count]), x, y))
                    at += count
                made = self.joined(parts)
                return Val(made.cells, val.ok, val.den)
            case (t.Enum(members=a), t.Enum(members=b)) if a != b:
                chosen = "".join(f"{b.index(m)} if {val.cell} == {i} else " for i, m in enumerate(a[:-1]))
                return Val((self.named(f"{chosen}{b.index(a[-1])}"),), val.ok)
            case (t.List(element=a), t.List(element=b)) if not isinstance(a, t.Anything) and self.cells(a) != self.cells(b):
                raise NotFlat("a list of numbers taken for one of fractions")
        return val

    def leveled(self, a: Val, b: Val) -> tuple[Val, Val]:
        """Two numbers with one denominator."""
        den = lcm(a.den, b.den)
        return self.scaled(a, den), self.scaled(b, den)

    def scaled(self, val: Val, den: int) -> Val:
        """A number with another denominator."""
        if val.den == den or len(val.cells) != 1:
            return val
        return Val((self.named(f"{den // val.den} * {val.cell}"),), val.ok, den)

    # ------------------------------------------------------------ choices
    def chosen(self, condition: str, then: Callable[[], Val], otherwise: Callable[[], Val]) -> Val:
        """One value or another."""
        if condition in (ALWAYS, NEVER):
            return then() if condition == ALWAYS else otherwise()
        (a, lines_a), (b, lines_b) = self.apart(then), self.apart(otherwise)
        den = lcm(a.den, b.den)
        names = tuple(self.fresh() for _ in a.cells)
        ok = self.fresh("ok") if a.ok or b.ok else None
        for head, val, lines in ((f"if {condition}:", a, lines_a), ("else:", b, lines_b)):
            with self.block(head):
                self.lines += lines
                for name, cell in zip(names, val.cells, strict=True):
                    self.add(f"{name} = {cell}" if val.den == den else f"{name} = {den // val.den} * {cell}")
                if ok:
                    self.add(f"{ok} = {conj(val.ok)}")
        return Val(names, ok, den)

    def _least(self, e: ir.Least) -> Val:
        (symbol,) = e.binding.symbols
        names = [self.named("0") for _ in range(self.cells(symbol.sort))]
        lowest, some = self.fresh(), self.named(NEVER, "ok")
        self.add(f"{lowest} = 0")
        den = 1

        def better(val: Val) -> None:
            nonlocal den
            with self.bound({symbol: val}), self._guarded(e.binding.guard):
                key = self.term(e.key)
                den = key.den
                if len(key.cells) != 1 or key.ok:
                    raise NotFlat("an element that is least by what may have no value")
                with self.block(f"if not {some} or {key.cell} < {lowest}:"):
                    for name, cell in zip(names, val.cells, strict=True):
                        self.add(f"{name} = {cell}")
                    self.add(f"{lowest} = {key.cell}")
                    self.add(f"{some} = {ALWAYS}")

        ok = self.loop(e.binding.source, better)
        return Val(tuple(names), both(ok, some))

    def _guarded(self, guard: ir.Expr | None) -> ExitStack:
        stack = ExitStack()
        if guard is not None:
            stack.enter_context(self.block(f"if {self.cond(guard)}:"))
        return stack

    # ------------------------------------------------------------ operations
    def _prim(self, e: ir.Prim) -> Val:
        match e.op, e.args:
            case "if", (condition, then, otherwise):
                return self.chosen(
                    self.cond(condition),
                    lambda: self.fitted(self.term(then), then.sort, e.sort),
                    lambda: self.fitted(self.term(otherwise), otherwise.sort, e.sort),
                )
            case "??", (a, b):
                val = self.term(a)
                there, rest = conj(val.ok), Val(val.cells, None, val.den)
                sort = a.sort
                if isinstance(sort, t.Optional) and not isinstance(e.sort, t.Optional):
                    there, rest, sort = conj(val.ok, f"{val.cells[0]} != 0"), Val(val.cells[1:], None, val.den), sort.inner
                elif isinstance(sort, t.Optional):
                    there = conj(val.ok, f"{val.cells[0]} != 0")
                return self.chosen(
                    there, lambda: self.fitted(rest, sort, e.sort), lambda: self.fitted(self.term(b), b.sort, e.sort)
                )
            case "the", (a,):
                val = self.term(a)
                return Val(val.cells[1:], both(val.ok, conj(f"{val.cells[0]} != 0")), val.den)
            case (("+" | "-" | "*"), (a, b)):
                return self._arithmetic(e, self.term(a), self.term(b))
            case (("div" | "mod"), (a, b)):
                x, y = self.term(a), self.term(b)
                safe = self.named(f"{y.cell} if {y.cell} != 0 else 1")
                sign = "//" if e.op == "div" else "%"
                return Val((self.named(f"{x.cell} {sign} {safe}"),), conj(x.ok, y.ok, f"{y.cell} != 0"))
            case "/", (a, b):
                return self._quotient(*(self.fitted(self.term(x), x.sort, t.RATIONAL) for x in (a, b)))
            case (("abs" | "negate"), (a,)):
                val = self.term(a)
                first = self.named(f"abs({val.cells[0]})" if e.op == "abs" else f"-{val.cells[0]}")
                return Val((first, *val.cells[1:]), val.ok, val.den)
            case "key", (queue, element):
                store = self._store(queue)
                return self.order_of(store, self.fitted(self.term(element), element.sort, store.key))
            case "best", (queue,):
                return self.best(self._store(queue))
            case "index", (base, key):
                return self._index(base, key)
            case (("first" | "front" | "last" | "top"), (values,)):
                return self._end(values, first=e.op in ("first", "front"))
            case (("min" | "max" | "sum" | "size" | "count"), _):
                return self._folded(e)
            case _ if e.sort == t.BOOL:
                return Val((self.truth(self.cond(e)),))
            case _ if isinstance(e.sort, t.List):
                return self._list_prim(e)
            case (("union" | "minus"), (a, b)) if isinstance(e.sort, t.Set) and few(e.sort.element):
                x, y = self.term(a), self.term(b)
                return Val((self.named(f"{x.cell} {'|' if e.op == 'union' else '& ~'}{y.cell}"),), both(x.ok, y.ok))
            case "power", (base, exponent):
                x, y = self.term(base), self.term(exponent)
                return Val(
                    (self.named(f"power(m, {x.cell}, {y.cell})"),),
                    conj(x.ok, y.ok, f"{y.cell} >= 0", f"{y.cell} <= {LARGEST_EXPONENT}"),
                )
        raise NotFlat(f"the operation {e.op} of the sort {e.sort}")

    def _list_prim(self, e: ir.Prim) -> Val:
        match e.op, e.args:
            case "union", (a, ir.Display(kind="list", items=items)) if isinstance(a.sort, t.List):
                element = e.sort.element  # type: ignore[attr-defined]
                base = self.fitted(self.term(a), a.sort, e.sort)
                return self.appended(base, [self.fitted(self.term(i), i.sort, element) for i in items])
        return self._listed(e)

    def _store(self, e: ir.Expr) -> Store:
        store = self.place(e)
        if not isinstance(store, Store):
            raise NotFlat("a queue that is not a variable")
        return store

    def _arithmetic(self, e: ir.Prim, a: Val, b: Val) -> Val:
        ok = both(a.ok, b.ok)
        if self.exact and not isinstance(e.sort, t.Int):
            (n, d), (p, q) = ((*v.cells, "1")[:2] for v in (a, b))
            if e.op == "*":
                return self._ratio(self._product(n, p), self._product(d, q), ok)
            if d == q == "1":
                return Val((self.named(f"{n} {e.op} {p}"), "1"), ok)
            return self._ratio(self.named(f"{self._product(n, q)} {e.op} {self._product(p, d)}"), self._product(d, q), ok)
        if e.op == "*":
            return Val((self._product(a.cell, b.cell),), ok, a.den * b.den)
        a, b = self.leveled(a, b)
        return Val((self._folded_sum(a.cell, e.op, b.cell),), ok, a.den)

    def _folded_sum(self, a: str, op: str, b: str) -> str:
        if a.lstrip("-").isdigit() and b.lstrip("-").isdigit():
            return str(int(a) + int(b) if op == "+" else int(a) - int(b))
        if b == "0":
            return a
        return self.named(f"{a} {op} {b}")

    def _product(self, a: str, b: str) -> str:
        if "1" in (a, b):
            return b if a == "1" else a
        if a.lstrip("-").isdigit() and b.lstrip("-").isdigit() and abs(int(a) * int(b)) < LARGE:
            return str(int(a) * int(b))
        for factor in (a, b):
            if not factor.lstrip("-").isdigit():
                with self.block(f"if ({factor} <= -{LARGE}) | ({factor} >= {LARGE}):"):
                    self.add(ELSEWHERE)
        return self.named(f"{a} * {b}")

    def _ratio(self, numerator: str, denominator: str, ok: str | None) -> Val:
        """A fraction in lowest terms; the denominator is above 0."""
        common = self.named(f"divisor({numerator}, {denominator})")
        return Val((self.named(f"{numerator} // {common}"), self.named(f"{denominator} // {common}")), ok)

    def _quotient(self, a: Val, b: Val) -> Val:
        (n, d), (p, q) = a.cells, b.cells
        top, bottom = self._product(n, q), self._product(d, p)
        sign = self.named(f"-1 if {bottom} < 0 else 1")
        below = self.named(f"{sign} * {bottom} if {bottom} != 0 else 1")
        return self._ratio(self.named(f"{sign} * {top}"), below, conj(a.ok, b.ok, f"{bottom} != 0"))

    def _index(self, base: ir.Expr, key: ir.Expr) -> Val:
        match self.place(base):
            case Store() as store:
                return self.found(store, self.fitted(self.term(key), key.sort, store.key))
            case Row() as row:
                at = self.term(key)
                inside = conj(at.ok, f"0 <= {at.cell}", f"{at.cell} < {self.length(row)}")
                place = self.named(f"{row.first} + {row.cells} * {at.cell} if {inside} else {row.base}")
                return Val(self.at(row, place).cells, None if inside == ALWAYS else inside, self.at(row, place).den)
        wanted = self.term(key)
        if isinstance(base.sort, t.List):
            start, count, ok = self.listing(base)
            cells = self.cells(base.sort.element)
            inside = conj(ok, wanted.ok, f"0 <= {wanted.cell}", f"{wanted.cell} < {count}")
            place = self.named(f"{start} + {cells} * {wanted.cell} if {inside} else {start}")
            return Val(tuple(self.named(f"m[{place} + {i}]") for i in range(cells)), inside)
        assert isinstance(base.sort, t.Map)
        if isinstance(base, ir.Call):  # of a map: such functions are written out
            inner = ir.Symbol("key", base.sort.element, "local")
            value = self.fitted(wanted, key.sort, inner.sort)
            with self.bound({inner: Val(value.cells, None, value.den)}):
                found = self.called(base, lambda body: self._index(body, ir.Ref(inner.sort, key.span, inner)))
            return Val(found.cells, both(value.ok, found.ok), found.den)
        if isinstance(base, ir.Each):
            solved = self._solved(base, self.fitted(wanted, key.sort, base.sort.element))
            if solved is not None:
                with self.bound({symbol: Val(val.cells) for symbol, val in solved[1].items()}):
                    found = self.fitted(self.term(base.head[1]), base.head[1].sort, base.sort.value)
                return Val(found.cells, both(conj(wanted.ok, solved[0]), found.ok), found.den)
        wanted = self.fitted(wanted, key.sort, base.sort.element)
        names = [self.named("0") for _ in range(self.cells(base.sort.value))]
        some, den = self.named(NEVER, "ok"), 1

        def match(found: Val, value: Val) -> None:
            nonlocal den
            den = value.den
            with self.block(f"if {self.same(found, wanted)}:"):
                for name, cell in zip(names, value.cells, strict=True):
                    self.add(f"{name} = {cell}")
                self.add(f"{some} = {ALWAYS}")

        ok = self.loop(base, match, pairs=True, loose=True)
        return Val(tuple(names), conj(ok, wanted.ok, some), den)

    def _end(self, values: ir.Expr, *, first: bool) -> Val:
        match values, self.place(values):
            case _, Row() as row:
                place = row.first if first else f"{row.last} - {row.cells}"
                some = self.named(f"{row.last} > {row.first}", "ok")
                val = self.at(row, self.named(f"{place} if {some} else {row.base}"))
                return Val(val.cells, some, val.den)
            case ir.Prim(op="keys", args=(ir.Ref() as held,)), _ if first and isinstance(self.place(held), Store):
                return self.first_entry(self._store(held))
            case ir.Prim(op="bests", args=(queue,)), _ if first:
                return self.first_best(self._store(queue))
        if not isinstance(values.sort, t.List):
            raise NotFlat("the first of what has no order")
        if (not first and isinstance(values, (ir.Ref, ir.Project))) or (
            isinstance(values, ir.Prim) and values.op in ("the", "index")
        ):
            listed = self.term(values)
            if not first:
                some = conj(listed.ok, f"size(m, {listed.cell}) > 0")
                packed = self.named(f"m[{_SECOND} + 4 * {listed.cell}]")
                return Val(self.unpacked(packed, self.cells(values.sort.element)), some)
        names = [self.named("0") for _ in range(self.cells(values.sort.element))]
        some, den = self.named(NEVER, "ok"), 1

        def take(val: Val) -> None:
            nonlocal den
            den = val.den
            for name, cell in zip(names, val.cells, strict=True):
                self.add(f"{name} = {cell}")
            self.add(f"{some} = {ALWAYS}")
            if first:
                self.stop()

        ok = self.stoppable(lambda: self.loop(values, take)) if first else self.loop(values, take)
        return Val(tuple(names), conj(ok, some), den)

    def stop(self) -> None:
        """Leave the loop of the nearest `stoppable`, however deep."""
        raise NotImplementedError

    def stoppable(self, write: Callable[[], Any]) -> Any:
        """Write a loop whose body may be left by `stop`."""
        raise NotImplementedError

    def extreme(self, values: ir.Expr, op: str) -> Val | None:
        """The least or greatest of what a document prints somewhere, if that is asked for."""
        raise NotImplementedError

    def _folded(self, e: ir.Prim) -> Val:
        if e.op in ("min", "max") and len(e.args) > 1:
            vals = [self.fitted(self.term(a), a.sort, e.sort) for a in e.args]
            if self.exact and not isinstance(e.sort, t.Int):
                raise NotFlat("the least of fractions")
            first, *rest = vals
            for val in rest:
                first, other = self.leveled(first, val)
                first = Val((self.named(f"{e.op}({first.cell}, {other.cell})"),), both(first.ok, other.ok), first.den)
            return first
        (values,) = e.args
        if e.op in ("min", "max") and (extreme := self.extreme(values, e.op)) is not None:
            return extreme
        if e.op in ("size", "count"):
            return self._size(values)
        exact = self.exact and not isinstance(e.sort, t.Int)
        names = [self.named("0"), self.named("1")] if exact else [self.named("0")]
        some, den = self.named(NEVER, "ok") if e.op != "sum" else "", 1
        element = values.sort.element  # type: ignore[attr-defined]

        def fold(val: Val) -> None:
            nonlocal den
            den = val.den
            val = self.fitted(val, element, e.sort)
            if e.op == "sum":
                total = self._arithmetic(ir.Prim(e.sort, e.span, "+", ()), Val(tuple(names), None, den), val)
                for name, cell in zip(names, total.cells, strict=True):
                    self.add(f"{name} = {cell}")
                return
            less = self.less(val, Val(tuple(names)), "<" if e.op == "min" else ">")
            with self.block(f"if not {some} or {less}:"):
                for name, cell in zip(names, val.cells, strict=True):
                    self.add(f"{name} = {cell}")
                self.add(f"{some} = {ALWAYS}")

        ok = self.loop(values, fold, loose=e.op != "sum")
        return Val(tuple(names), both(ok, some or None), den)

    def less(self, a: Val, b: Val, sign: str) -> str:
        """A comparison of two numbers."""
        if len(a.cells) == 2 and len(b.cells) == 2:
            if a.cells[1] == b.cells[1]:
                return f"{a.cells[0]} {sign} {b.cells[0]}"
            return f"{self._product(a.cells[0], b.cells[1])} {sign} {self._product(b.cells[0], a.cells[1])}"
        return f"{a.cell} {sign} {b.cell}"

    def _size(self, values: ir.Expr) -> Val:
        match self.place(values):
            case Store(count=count):
                return Val((self.named(count),))
            case Row() as row:
                return Val((self.named(self.length(row)),))
            case Table(count=known):
                return Val((str(known),))
            case Val() | Local() as held if isinstance(values.sort, t.List):
                cell = held.cell if isinstance(held, Val) else held.val.cell
                return Val((self.named(f"size(m, {cell})"),))
        if isinstance(values, (ir.Project, ir.Call)) or (
            isinstance(values, ir.Prim) and values.op in ("the", "index", "??", "if", "union")
        ):
            if isinstance(values.sort, t.List):
                listed = self.term(values)
                return Val((self.named(f"size(m, {listed.cell})"),), listed.ok)
        count = self.named("0")
        ok = self.loop(values, lambda *_: self.add(f"{count} += 1"))
        return Val((count,), ok)

    # ------------------------------------------------------------ conditions
    def cond(self, e: ir.Expr) -> str:
        """A condition; where a term in an atom has no value, the atom is false."""
        match e:
            case ir.Const(value=value):
                return ALWAYS if value else NEVER
            case ir.Call():
                val = self.outlined(e)
                return str(self.called(e, self.cond)) if val is None else conj(val.ok, f"{val.cell} != 0")
            case ir.Quantifier():
                return self._quantified(e)
            case ir.Within(value=value, of=of):
                val = self.term(value)
                return conj(val.ok, self.within(val.cells, of))
            case ir.Prim(op="and", args=args):
                return self._all(args)
            case ir.Prim(op="or", args=(a, b)):
                return negated(self._all((_not(a), _not(b))))
            case ir.Prim(op="=>", args=(a, b)):
                return negated(self._all((a, _not(b))))
            case ir.Prim(op="not", args=(a,)):
                return negated(self.cond(a))
            case ir.Prim(op="if", args=(condition, then, otherwise)):
                return self._either(self.cond(condition), then, otherwise)
            case ir.Prim(op=op, args=(a, b)) if op in COMPARED:
                return self._compared(op, a, b)
            case ir.Prim(op="in", args=(a, b)):
                return self.member(a, b)
        val = self.term(e)
        if val.cell in ("0", "1"):
            return conj(val.ok, ALWAYS if val.cell == "1" else NEVER)
        return conj(val.ok, f"{val.cell} != 0")

    def _all(self, parts: Sequence[ir.Expr]) -> str:
        """Conditions one after the other; those behind one that does not hold are not evaluated."""
        first, *rest = parts
        condition = self.cond(first)
        for part in rest:
            if condition == NEVER:
                return NEVER
            if condition == ALWAYS:
                condition = self.cond(part)
                continue
            more, lines = self.apart(lambda part=part: self.cond(part))  # type: ignore[misc]
            condition = self._and(condition, more, lines)
        return condition

    def _and(self, condition: str, more: str, lines: list[str]) -> str:
        """Both conditions, the second being what lines find that were written apart."""
        if straight(lines):
            self.lines += [line[4:] for line in lines]  # to find it in vain is quicker than to guess wrong
            return conj(condition, more)
        name = self.named(condition, "ok")
        with self.block(f"if {name}:"):
            self.lines += lines
            self.add(f"{name} = {more}")
        return name

    def _either(self, condition: str, then: ir.Expr, otherwise: ir.Expr) -> str:
        if condition in (ALWAYS, NEVER):
            return self.cond(then if condition == ALWAYS else otherwise)
        name = self.fresh("ok")
        with self.block(f"if {condition}:"):
            self.add(f"{name} = {self.cond(then)}")
        with self.block("else:"):
            self.add(f"{name} = {self.cond(otherwise)}")
        return name

    def _quantified(self, e: ir.Quantifier) -> str:
        wanted = e.kind == "any"
        name = self.named(NEVER if wanted else ALWAYS, "ok")

        def test(*vals: Val) -> None:
            with self.taken(e.binding, vals):
                holds = self.cond(e.body)
                with self.block(f"if {holds if wanted else negated(holds)}:"):
                    self.add(f"{name} = {wanted}")
                    self.stop()

        pairs = len(e.binding.symbols) > 1
        ok = self.stoppable(lambda: self.through(e.binding, test, pairs=pairs, loose=True))
        return conj(ok, name)

    def through(
        self, b: ir.Binding, body: Callable[..., None], *, pairs: bool, loose: bool, again: bool = False
    ) -> str | None:
        """Go through what a binding takes its elements from."""
        raise NotImplementedError

    def taken(self, b: ir.Binding, vals: Sequence[Val]) -> ExitStack:
        """The symbols of a binding for an element, where its guard holds."""
        stack = ExitStack()
        if len(b.symbols) == 1:
            values = {b.symbols[0]: vals[0]}
        elif len(vals) == len(b.symbols):
            values = dict(zip(b.symbols, vals, strict=True))
        else:
            values, at = {}, 0
            for symbol in b.symbols:
                count = self.cells(symbol.sort)
                values[symbol] = Val(vals[0].cells[at : at + count])
                at += count
        stack.enter_context(self.bound(values))
        if b.guard is not None:
            stack.enter_context(self.block(f"if {self.cond(b.guard)}:"))
        return stack

    def within(self, cells: Sequence[str], sort: t.Sort) -> str:
        """Whether cells lie in the ranges of a sort."""
        match sort:
            case t.Range(low=low, high=high):
                least, most = self.term(low), self.term(high)
                return conj(least.ok, most.ok, f"{least.cell} <= {cells[0]}", f"{cells[0]} <= {most.cell}")
            case t.Tuple(fields=fields):
                tests, at = [], 0
                for _, inner in fields:
                    count = self.cells(inner)
                    tests.append(self.within(cells[at : at + count], inner))
                    at += count
                return conj(*tests)
            case t.Optional(inner=inner):
                test = self.within(cells[1:], inner)
                return ALWAYS if test == ALWAYS else f"(({cells[0]} == 0) | ({test}))"
            case t.Collection() if t.bounded(sort):
                raise NotFlat("a collection whose elements must lie in a range")
        return ALWAYS

    def same(self, a: Val, b: Val) -> str:
        """Whether two values of one sort are equal."""
        if a.den != b.den:
            a, b = self.leveled(a, b)
        tests = []
        for x, y in zip(a.cells, b.cells, strict=True):
            if x != y:
                tests.append(NEVER if x.lstrip("-").isdigit() and y.lstrip("-").isdigit() else f"{x} == {y}")
        return conj(a.ok, b.ok, *tests)

    def _compared(self, op: str, a: ir.Expr, b: ir.Expr) -> str:
        if op in ("=", "!="):
            holds, ok = self._equal(a, b)
            return conj(ok, holds if op == "=" else negated(holds))
        x, y = (self.fitted(self.term(e), e.sort, t.RATIONAL if self.exact and _rational(a, b) else e.sort) for e in (a, b))
        x, y = self.leveled(x, y)
        if len(x.cells) == 1 and x.cell.lstrip("-").isdigit() and y.cell.lstrip("-").isdigit():
            return conj(x.ok, y.ok, str(_known(int(x.cell), op, int(y.cell))))
        return conj(x.ok, y.ok, self.less(x, y, COMPARED[op]))

    def _equal(self, a: ir.Expr, b: ir.Expr) -> tuple[str, str | None]:
        """Whether two values are equal, and where both have one."""
        for one, other in ((a, b), (b, a)):
            if isinstance(other.sort, t.Nothing):
                val = self.term(one)
                return (f"{val.cells[0]} == 0", val.ok) if not val.cells[0].isdigit() else (str(val.cells[0] == "0"), val.ok)
            if isinstance(other, ir.Display) and not other.items and isinstance(one.sort, t.Collection):
                return self._empty(one)
        if isinstance(a.sort, (t.Map, t.Set)) and not (isinstance(a.sort, t.Set) and few(a.sort.element)):
            raise NotFlat("sets or maps that are compared")
        for one, other in ((a, b), (b, a)):
            if isinstance(self.place(one), Row) or (isinstance(one, ir.Prim) and one.op == "chain"):
                return self._same_lists(one, other)
        sort = t.join(a.sort, b.sort) or a.sort
        x, y = (self.fitted(self.term(e), e.sort, sort) for e in (a, b))
        return self.same(Val(x.cells, None, x.den), Val(y.cells, None, y.den)), both(x.ok, y.ok)

    def _empty(self, e: ir.Expr) -> tuple[str, str | None]:
        match self.place(e):
            case Store(count=count):
                return f"{count} == 0", None
            case Row() as row:
                return f"{row.first} == {row.last}", None
            case Bits(name=name):
                return f"{name} == 0", None
        if isinstance(e.sort, t.List) and isinstance(e, (ir.Ref, ir.Project)):
            val = self.term(e)
            return f"{val.cell} == {EMPTY}", val.ok
        name = self.named(ALWAYS, "ok")

        def some(*_: Val) -> None:
            self.add(f"{name} = {NEVER}")
            self.stop()

        return name, self.stoppable(lambda: self.loop(e, some, loose=True))

    def _same_lists(self, a: ir.Expr, b: ir.Expr) -> tuple[str, str | None]:
        one, other = self.listing(a), self.listing(b)
        name = self.named(f"{one[1]} == {other[1]}", "ok")
        cells = self.cells(a.sort.element)  # type: ignore[attr-defined]
        at = self.fresh("i")
        with self.block(f"if {name}:"), self.block(f"for {at} in range({one[1]} * {cells}):"):
            with self.block(f"if m[{one[0]} + {at}] != m[{other[0]} + {at}]:"):
                self.add(f"{name} = {NEVER}")
        return name, both(one[2], other[2])

    def member(self, a: ir.Expr, b: ir.Expr) -> str:
        """Whether an element is in a collection."""
        val = self.term(a)
        return conj(val.ok, self.inside(Val(val.cells, None, val.den), a.sort, b))

    def inside(self, val: Val, sort: t.Sort, b: ir.Expr) -> str:
        """Whether a value is in a collection."""
        match self.place(b):
            case Store() as store:
                return self.present(store, self.fitted(val, sort, store.key))
            case Bits(name=name):
                return f"({name} >> {val.cell}) & 1 != 0"
        if isinstance(b.sort, t.Set) and few(b.sort.element) and isinstance(b, (ir.Project, ir.Prim)):
            held = self.term(b)
            return conj(held.ok, f"({held.cell} >> {val.cell}) & 1 != 0")
        match b:
            case ir.Prim(op="keys", args=(of,)):
                return self.inside(val, sort, of)
            case ir.Prim(op="numbers", args=(least, most)):
                low, high = self.term(least), self.term(most)
                return conj(low.ok, high.ok, f"{low.cell} <= {val.cell}", f"{val.cell} <= {high.cell}")
            case ir.Call() if (listed := self.outlined(b)) is None:
                return str(self.called(b, lambda body: self.inside(val, sort, body)))
            case ir.Each():
                found = self._solved(b, self.fitted(val, sort, _element(b)))
                if found is not None:
                    return found[0]
        element = _element(b)
        name = self.named(NEVER, "ok")
        small = self.small(b)
        wanted = self.fitted(val, sort, element)

        def match(found: Val) -> None:
            if len(wanted.cells) != len(found.cells):
                raise NotFlat(f"{sort} among {element}")
            if small:
                self.add(f"{name} = {name} | ({self.same(Val(wanted.cells, None, wanted.den), found)})")
                return
            with self.block(f"if {self.same(wanted, found)}:"):
                self.add(f"{name} = {ALWAYS}")
                self.stop()

        ok = self.stoppable(lambda: self.loop(b, match, loose=True))
        return conj(ok, name)

    def _solved(self, e: ir.Each, wanted: Val) -> tuple[str, dict[ir.Symbol, Val]] | None:
        """Whether an element is in a comprehension, where it says by itself what it would be made from; and from what.

        `x in {m for m in S if P(m)}` is `x in S and P(x)`; where `for a, b in S` makes `b`, and the guard says what `a` is, the
        pair is known too.
        """
        bound, key = e.binding.symbols, e.head[0]
        if not isinstance(key, ir.Ref) or key.symbol not in bound or isinstance(e.binding.source.sort, t.Map):
            return None
        known = {key.symbol: self.fitted(wanted, _element(e), key.symbol.sort)}
        for symbol, value in named_parts(e.binding):
            if symbol not in known:
                known[symbol] = self.fitted(self.term(value), value.sort, symbol.sort)
        if len(known) < len(bound):
            return None
        parts = [known[symbol] for symbol in bound]
        element = parts[0] if len(parts) == 1 else self.joined(parts)
        there = conj(element.ok, self.inside(Val(element.cells), _element(e.binding.source), e.binding.source))
        if e.binding.guard is not None:
            with self.bound({symbol: Val(val.cells) for symbol, val in known.items()}):
                guard, lines = self.apart(lambda: self.cond(e.binding.guard))  # type: ignore[arg-type]
            there = self._and(there, guard, lines)
        return there, known

    def small(self, e: ir.Expr) -> bool:
        """Whether a collection is made from a few known elements: to go through all of them costs less than a wrong guess."""
        match e, self.place(e):
            case _, Table(count=count):
                return count <= FEW
            case ir.Display(items=items), _:
                return len(items) <= FEW
            case ir.Each(binding=b), _:
                return self.small(b.source)
            case ir.Call(function=f), _:
                return self.small(f.body)
        return False


def _not(e: ir.Expr) -> ir.Expr:
    return ir.Prim(t.BOOL, e.span, "not", (e,))


def _rational(a: ir.Expr, b: ir.Expr) -> bool:
    return not (isinstance(a.sort, t.Int) and isinstance(b.sort, t.Int))


def _known(a: int, op: str, b: int) -> bool:
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def _element(e: ir.Expr) -> t.Sort:
    assert isinstance(e.sort, t.Collection)
    return e.sort.element


def named_parts(b: ir.Binding) -> Iterator[tuple[ir.Symbol, ir.Expr]]:
    """What the guard of a binding says its symbols are: `symbol = value`, the value not depending on the element."""
    todo = [] if b.guard is None else [b.guard]
    while todo:
        match todo.pop():
            case ir.Prim(op="and", args=args):
                todo += args
            case ir.Prim(op="=", args=(a, c)):
                for one, other in ((a, c), (c, a)):
                    if isinstance(one, ir.Ref) and one.symbol in b.symbols and not set(symbols(other)) & set(b.symbols):
                        yield one.symbol, other


_SECOND = HANDLE + 1
