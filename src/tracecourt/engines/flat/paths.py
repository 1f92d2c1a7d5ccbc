"""Distances: the least cost of a path to a goal, breadth first where all steps cost the same, else with a heap."""

from __future__ import annotations

from collections.abc import Callable

from tracecourt.engines.flat.draft import ALWAYS, LEAVE, NEVER, conj, negated
from tracecourt.engines.flat.layout import NotFlat, Val
from tracecourt.engines.flat.stores import Store
from tracecourt.engines.flat.values import Values
from tracecourt.spec import ir
from tracecourt.spec import sorts as t


class Paths(Values):
    """Writes searches for the least cost."""

    def distance(self, e: ir.Distance) -> Val:
        """The least cost of a path to a goal: breadth first where all steps cost the same, else with a heap."""
        (node,), (aim,) = e.successors.parameters, e.goal.parameters
        reached = Store(self.fresh("d"), node, node.sort, t.INT, self.groups.of(node.sort))
        self.clear(reached)
        start = self.fitted(self.term(e.start), e.start.sort, node.sort)
        found, some = self.named("0"), self.named(NEVER, "ok")
        if e.limit is not None:
            raise NotFlat("a search with a limit")
        cost = _same_cost(e.successors.body)
        write = self._dijkstra if cost is None else self._breadth_first
        with self.block(f"if {conj(start.ok)}:"):
            write(e, node, aim, reached, start, found, some)
        return Val((found,), some)

    def _is_goal(self, e: ir.Distance, aim: ir.Symbol, val: Val) -> str:
        with self.bound({aim: val}):
            return self.cond(e.goal.body)

    def _breadth_first(
        self, e: ir.Distance, node: ir.Symbol, aim: ir.Symbol, reached: Store, start: Val, found: str, some: str
    ) -> None:
        cells = self.cells(node.sort)
        marked = Store(reached.name, node, node.sort, None, reached.group)
        at, last = self.named("FRONTIER"), self.named("FRONTIER")

        def arrive(val: Val, cost: str) -> None:
            self.put(marked, val, None)
            with self.block(f"if {self._is_goal(e, aim, val)}:"):
                self.add(f"{found} = {cost}")
                self.add(f"{some} = {ALWAYS}")
            with self.block(f"if {last} + {cells + 1} > FRONTIER_END:"):
                self.add(LEAVE)
            for k, cell in enumerate((*val.cells, cost)):
                self.add(f"m[{last} + {k}] = {cell}")
            self.add(f"{last} += {cells + 1}")

        arrive(start, "0")
        with self.block(f"while {at} < {last} and not {some}:"):
            here = Val(self.read(at, cells))
            so_far = self.named(f"m[{at} + {cells}]")
            self.add(f"{at} += {cells + 1}")

            def step(val: Val, cost: Val) -> None:
                with self.block(f"if {negated(self.present(marked, val))}:"):
                    arrive(val, self.named(f"{so_far} + {cost.cell}"))

            with self.bound({node: here}):
                self._whole_steps(e, step)

    def _whole_steps(self, e: ir.Distance, step: Callable[[Val, Val], None]) -> None:
        def whole(val: Val, cost: Val) -> None:
            if cost.den != 1 or len(cost.cells) != 1:
                raise NotFlat("steps that cost fractions")
            step(val, cost)

        if self.loop(e.successors.body, whole, pairs=True, loose=True) is not None:
            raise NotFlat("successors that may have no value")

    def _dijkstra(
        self, e: ir.Distance, node: ir.Symbol, aim: ir.Symbol, reached: Store, start: Val, found: str, some: str
    ) -> None:
        cells = self.cells(node.sort)
        settled = Store(self.fresh("d"), node, node.sort, None, reached.group)
        self.clear(settled)
        last, heaped = self.named("FRONTIER"), self.named("0")

        def arrive(val: Val, cost: str) -> None:
            self.put(reached, val, Val((cost,)))
            with self.block(f"if {last} + {cells} > FRONTIER_END:"):
                self.add(LEAVE)
            for k, cell in enumerate(val.cells):
                self.add(f"m[{last} + {k}] = {cell}")
            self.add(f"{heaped} = push(m, PATHS, {heaped}, {cost}, {last})")
            self.add(f"{last} += {cells}")

        arrive(start, "0")
        with self.block(f"while {heaped} > 0 and not {some}:"):
            so_far, at = self.named("m[PATHS]"), self.named("m[PATHS + 1]")
            self.add(f"{heaped} = pop(m, PATHS, {heaped})")
            here = Val(self.read(at, cells))
            with self.block(f"if {negated(self.present(settled, here))}:"):
                self.put(settled, here, None)
                with self.block(f"if {self._is_goal(e, aim, here)}:"):
                    self.add(f"{found} = {so_far}")
                    self.add(f"{some} = {ALWAYS}")
                    self.add("break")

                def step(val: Val, cost: Val) -> None:
                    with self.block(f"if {cost.cell} < 0:"):
                        self.add(LEAVE)
                    total = self.named(f"{so_far} + {cost.cell}")
                    known = self.found(reached, val)
                    with self.block(f"if {negated(conj(known.ok, f'{known.cell} <= {total}'))}:"):
                        arrive(val, total)

                with self.bound({node: here}):
                    self._whole_steps(e, step)


def _same_cost(e: ir.Expr) -> ir.Expr | None:
    """What every step costs, if that is one number above 0."""
    match e:
        case ir.Each(kind="map", head=(_, ir.Const(value=value) as cost)) if isinstance(value, int) and value > 0:
            return cost
    return None
