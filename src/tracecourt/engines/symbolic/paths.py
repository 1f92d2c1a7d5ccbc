"""Least costs in a graph of which not all is known, as auxiliary variables that have exactly one value.

The value for a node is determined by those of its neighbours and by a rank that falls along one of its best steps, so that
steps without cost cannot justify each other in a circle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import z3

from tracecourt.engines.symbolic.terms import ABSENT, NotSymbolic, Truth, both, compare, conj, disj, implied, known, number
from tracecourt.engines.symbolic.values import Slot, Table, equal
from tracecourt.engines.symbolic.world import Found
from tracecourt.spec import ir

if TYPE_CHECKING:
    from tracecourt.engines.symbolic.evaluate import Symbolic

INHABITANTS = 4096  # nodes that are gone through where they cannot be listed
Edges = dict[Any, list[tuple[Truth, Any, Any]]]  # by node: when there is a step, where it leads, what it costs


class Paths:
    """Distances along functions of one problem; each question is put once."""

    def __init__(self, symbolic: Symbolic) -> None:
        self.symbolic = symbolic
        self._edges: dict[ir.Function, Edges] = {}
        self._partly: dict[ir.Function, NotSymbolic] = {}  # whose nodes cannot be listed, and why
        self._to: dict[tuple[ir.Function, ir.Function], dict[Any, Found]] = {}
        self._from: dict[tuple[ir.Function, Any], Table] = {}

    def to_goal(self, successors: ir.Function, goal: ir.Function, limit: int | None, node: Any) -> Found:
        """The least cost from a node to a goal."""
        if limit is not None:
            raise NotSymbolic("a distance has a limit")
        self._of_the_problem(successors, goal)
        self._reached(successors, node)
        if (successors, goal) not in self._to:
            backward: Edges = {}
            for tail, steps in self.edges(successors).items():
                for guard, head, cost in steps:
                    backward.setdefault(head, []).append((guard, tail, cost))
            at_once = {n: self._truth(goal, n) for n in self.edges(successors)}
            self._to[successors, goal] = self._least_costs(at_once, backward)
        return self._to[successors, goal].get(node, (False, ABSENT))

    def from_start(self, successors: ir.Function, start: Any) -> Table:
        """The least costs from a node to all that can be reached."""
        self._of_the_problem(successors)
        self._reached(successors, start)
        if (successors, start) not in self._from:
            edges = self.edges(successors)
            found = self._least_costs({n: n == start for n in edges}, edges)
            slots = tuple(Slot(guard, n, cost) for n, (guard, cost) in found.items() if guard is not False)
            self._from[successors, start] = Table(slots, ordered=False)
        return self._from[successors, start]

    def _of_the_problem(self, *functions: ir.Function) -> None:
        if not all(map(self.symbolic.pure, functions)):
            raise NotSymbolic("a distance depends on the state")

    def _truth(self, goal: ir.Function, node: Any) -> Truth:
        defined, value = self.symbolic.call(goal, [node])
        return both(defined, value) if defined is not False else False

    def _reached(self, successors: ir.Function, node: Any) -> None:
        """Where the nodes cannot be listed, widen the steps by all that a node leads to, if all of it is known."""
        try:
            self.edges(successors)
            listed = successors not in self._partly
        except NotSymbolic as why:
            self._partly[successors], self._edges[successors], listed = why, {}, False
        steps = self._edges[successors]
        if listed or node in steps:
            return
        self._to = {asked: found for asked, found in self._to.items() if asked[0] is not successors}
        todo = [node]
        while todo:
            if (tail := todo.pop()) not in steps:
                defined, table = self.symbolic.call(successors, [tail])
                slots = () if defined is False else table.slots
                if len(steps) == INHABITANTS or not all(both(defined, s.guard) is True and known(s.key) for s in slots):
                    del self._edges[successors]
                    raise self._partly.pop(successors)
                steps[tail] = [(True, slot.key, slot.value) for slot in slots]
                todo += [slot.key for slot in slots]

    def edges(self, successors: ir.Function) -> Edges:
        """The steps of a function: its nodes are all values of the sort of its argument."""
        if successors not in self._edges:
            found: Edges = {}
            nodes = self.symbolic.inhabitants(successors.parameters[0].sort)
            for node in nodes:
                defined, table = self.symbolic.call(successors, [node])
                slots = () if defined is False else table.slots
                found[node] = [(both(defined, slot.guard), slot.key, slot.value) for slot in slots]
            self._edges[successors] = found
        return self._edges[successors]

    def _least_costs(self, sources: dict[Any, Truth], edges: Edges) -> dict[Any, Found]:
        """By node: whether it can be reached from a source along edges, and at what least cost."""
        steps = [step for found in edges.values() for step in found]
        if all(isinstance(g, bool) for g in sources.values()) and not any(_open(g) or _open(c) for g, _, c in steps):
            return self._known(sources, edges)
        world = self.symbolic.world
        whole = all(isinstance(c, int) or (isinstance(c, z3.ArithRef) and c.is_int()) for _, _, c in steps)
        reached = {n: world.truth("reached") for n in sources}
        costs = {n: world.number("distance", whole=whole) for n in sources}
        ranks = {n: world.number("rank", whole=True) for n in sources}
        why: dict[Any, list[Truth]] = {n: [both(guard, equal(costs[n], 0))] for n, guard in sources.items()}
        for tail, found in edges.items():
            for guard, head, cost in found:
                if head not in reached:
                    continue
                over = costs[tail] + number(cost)
                here = both(guard, reached[tail])
                world.define(implied(here, both(reached[head], compare("<=", costs[head], over))))
                why[head].append(conj((here, equal(costs[head], over), compare(">", ranks[head], ranks[tail]))))
        for node, guard in sources.items():
            world.define(implied(guard, both(reached[node], compare("<=", costs[node], 0))))
            world.define(implied(reached[node], disj(why[node])))
        return {n: (reached[n], costs[n]) for n in sources}

    def _known(self, sources: dict[Any, Truth], edges: Edges) -> dict[Any, Found]:
        network = nx.DiGraph()
        network.add_nodes_from(sources)
        network.add_weighted_edges_from((n, head, cost) for n, found in edges.items() for guard, head, cost in found if guard)
        origins = [n for n, guard in sources.items() if guard]
        found = nx.multi_source_dijkstra_path_length(network, origins) if origins else {}
        return {n: (n in found, found.get(n, ABSENT)) for n in sources}


def _open(value: Any) -> bool:
    return not isinstance(value, (bool, int)) and not hasattr(value, "numerator")
