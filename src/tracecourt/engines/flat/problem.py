"""The problem: facts that a document states, and parameters that are given, inferred or known."""

from __future__ import annotations

from typing import Any

from tracecourt.engines.flat.draft import ALWAYS, LEAVE, as_name, conj, negated
from tracecourt.engines.flat.layout import NotFlat, Val
from tracecourt.engines.flat.stores import Bits, Local, Row, Store, Table
from tracecourt.engines.flat.tape import Tape
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

MOST_NODES = 1 << 20  # records that ranges number


class Problem(Tape):
    """Writes the reading of a problem."""

    def scalar_facts(self) -> None:
        """Read the facts that are stated exactly once; another engine decides where they are not."""
        scalars = [f for f in self.system.facts if isinstance(self.scope[f], Local)]
        if not scalars:
            return
        self.add("at = 0")
        with self.block("while at < used:"):
            item = self.named("tape[at]")
            for number, fact in enumerate(f for f in scalars if f.name in self.printed):
                with self.block(f"{'elif' if number else 'if'} {item} == {self.item(fact.name)}:"):
                    local = self.scope[fact]
                    with self.block(f"if {local.names[0]}_said != 0:"):
                        self.add(LEAVE)
                    self.add(f"{local.names[0]}_said = 1")
                    cells, _ = self.decoded(self.printed[fact.name])
                    for name, cell in zip(local.names, cells, strict=True):
                        self.add(f"{name} = {cell}")
            events = [self.item(name) for name in self.printed if name not in self.facts]
            with self.block(f"if {' or '.join(f'{item} == {n}' for n in events)}:"):
                self.add("break")
            self.advance(item)
        for fact in scalars:
            with self.block(f"if {self.scope[fact].names[0]}_said == 0:"):
                self.add(LEAVE)

    def parameters(self) -> None:
        """Find the values of the parameters, in the order of the specification."""
        inferred = [i for i, p in enumerate(self.system.params) if p.inferred is not None]
        if inferred:
            with self.block(f"if {' | '.join(f'(given[{i}] == 0)' for i in inferred)}:"):
                self.extremes()
        for index, param in enumerate(self.system.params):
            symbol, name = param.symbol, param.symbol.name
            if param.inferred is None:
                self._setting(param)
                continue
            cells = tuple(f"p{index}_{as_name(name)}_{i}" for i in range(self.cells(symbol.sort)))
            if len(cells) != 1 or not isinstance(symbol.sort, t.Int):
                raise NotFlat(f"the parameter {name} is inferred and no whole number")
            with self.block(f"if given[{index}]:"):
                self.add(f"{cells[0]} = values[{index}]")
            with self.block("else:"):
                val = self.term(param.inferred)
                low_high = (
                    (self.term(symbol.sort.low), self.term(symbol.sort.high)) if isinstance(symbol.sort, t.Range) else None
                )
                clamped = f"min(max({val.cell}, {low_high[0].cell}), {low_high[1].cell})" if low_high else val.cell
                with self.block(f"if {conj(val.ok)}:"):
                    self.add(f"{cells[0]} = {clamped}")
                with self.block("else:"):
                    self.add(LEAVE)
            self.scope[symbol] = Val(cells)

    def _setting(self, param: ir.Param) -> None:
        symbol = param.symbol
        if symbol.name not in self.settings:
            if param.default is None:
                raise NotFlat(f"the parameter {symbol.name} must be given")
            if not isinstance(symbol.sort, (t.Set, t.Map)):
                self.scope[symbol] = self.fitted(self.term(param.default), param.default.sort, symbol.sort)
                return
            raise NotFlat(f"the parameter {symbol.name} is a collection")
        value = self.settings[symbol.name]
        match symbol.sort:
            case t.List(element=element):
                vals = [self.constant(v, element) for v in value]
                names = tuple(f"{as_name(symbol.name).upper()}_{i}" for i in range(self.cells(element)))
                for i, name in enumerate(names):
                    self.tables[name] = tuple(int(val.cells[i]) for val in vals) or (0,)
                self.scope[symbol] = Table(names, len(vals), element)
            case _:
                self.scope[symbol] = self.constant(value, symbol.sort)

    def dimensions(self) -> None:
        """The ranges that number records: found once, and so large that the records have room."""
        for group in self.groups.found:
            if group.dims is None:
                continue
            counts = [self.bound_of(dim)[1] for dim in group.dims]
            if all(c.isdigit() for c in counts):
                continue
            text = counts[0]
            for i, count in enumerate(counts):
                with self.block(f"if not 0 < {count} <= {MOST_NODES}:"):
                    self.add(LEAVE)
                if i:
                    text = f"{text} * {count}"
                    with self.block(f"if {text} > {MOST_NODES}:"):
                        self.add(LEAVE)

    def collected_facts(self) -> None:
        """Read the facts that are stated once for each element; behind them, the search begins at `first`."""
        self.add("at = 0")
        for fact in self.system.facts:
            self.emptied(self.scope[fact])
        with self.block("while at < used:"):
            item = self.named("tape[at]")
            head = "if"
            for fact in self.system.facts:
                if fact.name not in self.printed:
                    continue
                with self.block(f"{head} {item} == {self.item(fact.name)}:"):
                    place, sorts = self.scope[fact], self.printed[fact.name]
                    if isinstance(place, Local):
                        self.add(f"at = {self.skipped(sorts)}")
                    else:
                        cells, behind = self.decoded(sorts)
                        self._state_fact(place, fact, tuple(cells))
                        self.add(f"at = {behind}")
                head = "elif"
            if head == "elif":
                with self.block("else:"):
                    self.add("break")
            else:
                self.add("break")
        self.add("first = at")

    def _state_fact(self, place: Any, fact: ir.Symbol, cells: tuple[str, ...]) -> None:
        at = 0
        for sort in self.printed[fact.name]:
            count = self.cells(sort)
            inside = self.within(cells[at : at + count], sort)
            if inside != ALWAYS:
                with self.block(f"if {negated(inside)}:"):
                    self.add(LEAVE)
                self.know_inside(Val(cells[at : at + count]), sort)
            at += count
        match place:
            case Store(value=None):
                self.put(place, Val(cells), None)
            case Store():
                count = self.cells(place.key)
                self.put(place, Val(cells[:count]), Val(cells[count:]))
            case Row():
                self.append(place, Val(cells))
            case Bits(name=name):
                self.add(f"{name} |= 1 << {cells[0]}")
