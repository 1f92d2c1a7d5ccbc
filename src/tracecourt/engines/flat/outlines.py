"""Functions of a specification that are too long to be written out at every call: functions of the module, and remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tracecourt.engines.flat.conditions import Conditions
from tracecourt.engines.flat.draft import LEAVE, NAME, Plan, both, conj, swept
from tracecourt.engines.flat.layout import Val, few
from tracecourt.engines.flat.listings import Listings
from tracecourt.engines.flat.loops import Loops
from tracecourt.engines.flat.paths import Paths
from tracecourt.engines.flat.runtime import FULL, SCRATCH, TRACE
from tracecourt.engines.flat.stores import Row, Store, Table
from tracecourt.engines.flat.terms import Terms
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import parts, symbols

LONG = 60  # parts of a body, those of what it calls included
OUTER = re.compile(r"[spf][0-9]+_.*")  # names of variables, parameters and facts
CHANGED = re.compile(r" *([spf][0-9]+_\w+)(?:, [^=]*)? (?:=|\+=|-=) ")


@dataclass(frozen=True)
class Outline:
    """A function of the module: what it is called with, beside its own arguments, and whether its value may be missing."""

    name: str
    given: tuple[str, ...]
    cells: int
    partial: bool


class Outlines(Terms, Conditions, Loops, Listings, Paths):
    """Writes all that an expression can be; long functions as functions of their own."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.functions: list[str] = []
        self._outlines: dict[ir.Function, Outline | None] = {}
        self._lengths: dict[ir.Function, int] = {}

    def outlined(self, e: ir.Call) -> Val | None:
        """The value of a call of a function that is too long to be written out where it is called; None for the others."""
        f = e.function
        if self._length(f) < LONG or (
            isinstance(f.sort, (t.Map, t.Set)) and not (isinstance(f.sort, t.Set) and few(f.sort.element))
        ):
            return None
        if any(isinstance(self.place(a), (Store, Row, Table)) or isinstance(a.sort, (t.Map, t.Set)) for a in e.args):
            return None
        if f not in self._outlines:
            self._outlines[f] = self._outline(f)
        made = self._outlines[f]
        if made is None:
            return None
        ok: str | None = None
        given: list[str] = []
        for parameter, argument in zip(f.parameters, e.args, strict=True):
            val = self.fitted(self.term(argument), argument.sort, parameter.sort)
            ok = both(ok, val.ok)
            given += val.cells
        call = f"{made.name}({', '.join(('m', *made.given, *given))})"
        names = [self.fresh("c") for _ in range(made.cells + made.partial)]
        self.add(f"{', '.join(names)} = {call}")
        val = Val(tuple(names[: made.cells]), f"{names[-1]} != 0" if made.partial else None)
        val = self.fitted(val, f.sort, e.sort)
        return Val(val.cells, both(ok, val.ok), val.den)

    def _length(self, f: ir.Function) -> int:
        if f not in self._lengths:
            self._lengths[f] = self.expanded(f.body)
        return self._lengths[f]

    def expanded(self, e: ir.Expr) -> int:
        """The parts of an expression, those of what it calls included."""
        inner = self._length(e.function) if isinstance(e, ir.Call) else 0
        return 1 + inner + sum(map(self.expanded, parts(e)))

    def _outline(self, f: ir.Function) -> Outline | None:
        """Write a function; None where it cannot be one of its own, because it changes what others see."""
        name = self.fresh("call")
        values, at = {}, 0
        for parameter in f.parameters:
            count = self.cells(parameter.sort)
            values[parameter] = Val(tuple(f"a{i}" for i in range(at, at + count)))
            at += count
        own = [f"a{i}" for i in range(at)]
        with self.unframed(), self.bound(values):
            val, lines = self.detached(lambda: self.fitted(self.term(f.body), f.body.sort, f.sort))
        if val.den != 1:
            return None
        result = [*val.cells, *([f"1 if {conj(val.ok)} else 0"] if val.ok else [])]
        remembered, kept, known = self._remembered(f, name, own, result) if self._pure(f) else ([], [], [])
        before = [f"    top = m[{SCRATCH}]", *remembered]
        after = [
            *known,
            *kept,
            f"    m[{SCRATCH}] = top",
            f"    return {', '.join(f'known{i}' for i in range(len(result))) if known else ', '.join(result)}",
        ]
        given = self.function(name, ("m",), own, [*before, *lines, *after], len(result))
        return None if given is None else Outline(name, given, len(val.cells), val.ok is not None)

    def function(
        self, name: str, first: tuple[str, ...], own: list[str], lines: list[str], results: int
    ) -> tuple[str, ...] | None:
        """Make lines a function of the module; its parameters are `first`, the outer names that it reads, which are given
        back, and its own. None where it would change one of them. Where another engine has to decide, it notes so."""
        if any(CHANGED.match(line) for line in lines):
            return None
        away = f"m[{FULL}] = 1; return {', '.join('0' for _ in range(results))}"
        body = [line.replace(LEAVE, away) for line in swept(lines)]
        given = tuple(sorted({n for line in body for n in NAME.findall(line) if OUTER.fullmatch(n)}))
        self.functions.append("\n".join([f"def {name}({', '.join((*first, *given, *own))}):", *body, "", ""]))
        return given

    def _remembered(
        self, f: ir.Function, name: str, own: list[str], result: list[str]
    ) -> tuple[list[str], list[str], list[str]]:
        """Lines that look a value up, and that keep it: a function of the problem has one for each argument and trace."""
        store = Store(name, ir.Symbol(f.name, f.sort, "local"), t.INT, t.INT, self.groups.of(t.INT))

        def find() -> str:
            return self.record(store, Val(tuple(own) or ("0",)))[0]

        record, lines = self.detached(find)
        fields = [self.field(store, record, f"value{i}") for i in range(len(result))]
        stamp = self.field(store, record, "stamp")
        look = [f"    if {stamp} == m[{TRACE}]:", f"        return {', '.join(fields)}"]
        known = [f"    known{i} = {text}" for i, text in enumerate(result)]
        keep = [f"    {stamp} = m[{TRACE}]", *(f"    {field} = known{i}" for i, field in enumerate(fields))]
        return [*lines, *look], keep, known

    def _pure(self, f: ir.Function) -> bool:
        return all(s.kind != "state" for s in symbols(f.body))
