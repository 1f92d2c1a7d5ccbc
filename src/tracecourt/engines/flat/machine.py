"""A system as the text of one function over integers: it reads a scanned document and says what the trial comes to.

    judge(tape, used, given, values, m, out) -> outcome

`tape` holds the document (`tape.py` says how); `used` cells are filled. `given` and `values` are, for each parameter of the
system, whether it is given and its value. `m` is the memory. `out` gets the fields of `OUT`. An outcome of `ELSEWHERE` says
nothing: another engine decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracecourt.engines.flat.answer import Answers
from tracecourt.engines.flat.course import Course
from tracecourt.engines.flat.draft import LEAVE, Plan, as_name, negated, swept
from tracecourt.engines.flat.layout import NotFlat, few
from tracecourt.engines.flat.outcomes import ELSEWHERE
from tracecourt.engines.flat.problem import MOST_NODES, Problem
from tracecourt.engines.flat.runtime import END as MEMORY
from tracecourt.engines.flat.runtime import MOST_HANDLES
from tracecourt.engines.flat.stores import MOST_KEYS, MOST_ROWS, Bits, Local, Row, Store, kept
from tracecourt.engines.flat.tape import tape_sorts
from tracecourt.engines.flat.walk import expressions, flattened
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

MOST_PATHS = 1 << 22  # cells of a search's frontier
PASSES = 6


@dataclass(frozen=True)
class Machine:
    """A system's function: its text, the size of the memory that it needs, and what its numbers stand for."""

    source: str
    memory: int
    rules: tuple[ir.Rule, ...]
    params: tuple[str, ...]
    tables: Mapping[str, tuple[int, ...]]


def machine(
    system: ir.System,
    items: Sequence[str],
    settings: Mapping[str, Any],
    *,
    declared: bool,
    end: str,
) -> Machine:
    """Lower a system.

    Args:
        system: one whose texts show the whole run.
        items: the names of the items by their numbers on the tape.
        settings: values of parameters that no text can change.
        declared: whether the rules of the declared level are asked.
        end: the name of the end marker's item.

    Raises:
        NotFlat: when the system has no such function.
    """
    if system.partial:
        raise NotFlat("its text hides a part of the run")
    if any(isinstance(e, ir.Distances) for e in expressions(system)):
        raise NotFlat("the least costs to all nodes")
    plan, printed = Plan(), tape_sorts(system, items, end)
    for _ in range(PASSES):
        before = plan.state()
        writer = _Writer(plan, system, items, printed, settings, declared=declared, end=end)
        made = writer.module()
        if plan.state() == before:
            return made
    raise NotFlat("the denominators of its numbers grow")


class _Writer(Problem, Course, Answers):
    """Writes the function of a system."""

    def module(self) -> Machine:
        """The text of the module, with the places of everything in the memory."""
        self._begin()
        self.scalar_facts()
        self.parameters()
        self.dimensions()
        self.collected_facts()
        for rule in self.system.demands:
            if isinstance(rule.condition, ir.Within) and not isinstance(self.place(rule.condition.value), Local):
                continue  # it was asked of each element
            with self.block(f"if {negated(self.cond(rule.condition))}:"):
                self.add(LEAVE)
        self.initial()
        self.course()
        self.answer()
        self.outcome()
        places, size = self._places()
        head = [f"{name} = {place}" for name, place in places.items()]
        tables = [f"{name} = table({values!r})" for name, values in self.tables.items()]
        text = "\n".join(
            [*head, *tables, "", "", *self.functions, "def judge(tape, used, given, values, m, out):", *swept(self.lines), ""]
        )
        return Machine(text, size, self.rules, tuple(p.symbol.name for p in self.system.params), self.tables)

    def _places(self) -> tuple[dict[str, int], int]:
        places, at = {"ELSEWHERE": ELSEWHERE, "ROW": MOST_ROWS}, MEMORY
        for group in self.groups.found:
            size = max(len(self.plan.fields.get(group.name, {})), 1)
            places[group.name.upper()], places[f"{group.name.upper()}_SIZE"] = at, size
            at += size * (MOST_HANDLES if group.dims is None else MOST_NODES)
        for kept_as in dict.fromkeys(v for v in self.kept if isinstance(v, (Store, Row))):
            if isinstance(kept_as, Row):
                places[kept_as.base] = at
                at += MOST_ROWS
            elif kept_as.queue:
                places[f"{kept_as.name.upper()}_KEYS"] = at
                at += 4 * MOST_KEYS
                places[f"{kept_as.name.upper()}_HEAP"] = at
                at += 2 * MOST_KEYS
        places["FRONTIER"], places["FRONTIER_END"] = at, at + MOST_PATHS
        places["PATHS"] = at + MOST_PATHS
        return places, at + 2 * MOST_PATHS

    def _begin(self) -> None:
        self.add("fresh_trace(m)")
        grown = {
            u.target
            for updates in (self.system.initially, *(e.updates for e in self.system.events.values()))
            for u in flattened(updates)
            if u.kind in ("insert", "remove")
        }
        for number, symbol in enumerate((*self.system.facts, *self.variables, *self.collected())):
            grows = symbol in grown or symbol.kind == "fact" or symbol in self.collected()
            self.scope[symbol] = self._keep(symbol, f"{symbol.kind[0]}{number}_{as_name(symbol.name)}", grows)
            self.kept.append(self.scope[symbol])
        for fact in self.system.facts:
            if isinstance(place := self.scope[fact], Local):
                self.add(f"{place.names[0]}_said = 0")
                for name in place.names:
                    self.add(f"{name} = 0")

    def _keep(self, symbol: ir.Symbol, name: str, grows: bool) -> Any:
        if isinstance(symbol.sort, t.Set) and few(symbol.sort.element):
            return Bits(name, symbol.sort.element)
        found = kept(symbol, name, self.groups, self.variables.get(symbol), grows, self.exact)
        if found is not None:
            return found
        den = self.den(name) if isinstance(symbol.sort, t.Rational) else 1
        return Local(tuple(f"{name}_{i}" for i in range(self.cells(symbol.sort))), symbol.sort, den)
