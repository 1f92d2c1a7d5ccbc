"""The network of a problem as a drawing: nodes in columns by their distance from the start, steps as arrows with their costs.

What is drawn is what the procedure's answer is measured by: the `distance` in its `optimum` names the start, the steps and the
goals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from math import hypot
from typing import Any

import networkx as nx

from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.primitives import Registers
from tracecourt.engines.symbolic.estimates import rating
from tracecourt.engines.values import show
from tracecourt.errors import InputError
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import inside

RADIUS, WIDE, HIGH, MARGIN = 24, 150, 110, 60
INK, PAPER, GOAL, PATH = "#1b1b1b", "#ffffff", "#0072b2", "#d55e00"  # told apart by the colour-blind (Okabe & Ito)


@dataclass(frozen=True)
class Picture:
    """A network that is drawn.

    Attributes:
        network: nodes and steps; each step has its `cost`.
        start: where the search begins.
        goals: the nodes where it may end.
        notes: what is written beside nodes.
        path: the nodes of the way that is marked.
    """

    network: nx.DiGraph
    start: Any
    goals: frozenset[Any]
    notes: Mapping[Any, str]
    path: tuple[Any, ...] = ()


def picture(system: ir.System, interpreter: Interpreter, r: Registers, path: tuple[Any, ...] = ()) -> Picture:
    """The network of a problem that registers hold.

    Raises:
        InputError: when the procedure does not say along which steps its answer is measured, or the nodes cannot be listed.
    """
    measured = _distance(system)
    if measured is None or not t.finite(measured.successors.parameters[0].sort):
        raise InputError(f"{system.procedure} over {system.domain} has no network that can be drawn")
    evaluator = interpreter.evaluator

    def of(function: ir.Function, node: Any) -> Any:
        code = evaluator.code(function.body)
        evaluator.widen(r)
        r[evaluator.slot(function.parameters[0])] = node
        return code(r)

    network: nx.DiGraph = nx.DiGraph()
    nodes = interpreter.value(ir.Inhabitants(t.List(measured.start.sort), measured.span, measured.start.sort), r)
    network.add_nodes_from(nodes)
    for node in nodes:
        for head, cost in dict(of(measured.successors, node)).items():
            network.add_edge(node, head, cost=cost)
    goals = frozenset(node for node in nodes if of(measured.goal, node))
    rated = rating(system)
    notes = {node: f"{rated.name} {show(of(rated, node))}" if rated else "" for node in nodes}
    return Picture(network, interpreter.value(measured.start, r), goals, notes, path)


def _distance(system: ir.System) -> ir.Distance | None:
    optimum = system.answer.clauses.get("optimum") if system.answer else None
    return next((e for e in inside(optimum) if isinstance(e, ir.Distance)), None) if optimum else None


# ---------------------------------------------------------------- drawing
def svg(drawn: Picture) -> str:
    """The drawing, as one self-contained file."""
    places = _places(drawn)
    width = max(x for x, _ in places.values()) + MARGIN
    height = max(y for _, y in places.values()) + MARGIN + 20
    marked = set(zip(drawn.path, drawn.path[1:], strict=False))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
        ' font-family="sans-serif" font-size="14" role="img">',
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        "<defs>" + "".join(_head(name, ink) for name, ink in (("plain", INK), ("marked", PATH))) + "</defs>",
    ]
    for tail, head, cost in drawn.network.edges(data="cost"):
        both_ways = tail != head and drawn.network.has_edge(head, tail)
        lines += _step(places, tail, head, show(cost), marked=(tail, head) in marked, bent=both_ways)
    for node, (x, y) in places.items():
        goal = node in drawn.goals
        lines.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="{PAPER}" stroke="{GOAL if goal else INK}" stroke-width="2"/>'
        )
        if goal:
            lines.append(f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS - 5}" fill="none" stroke="{GOAL}"/>')
        lines.append(_text(x, y + 5, show(node)))
        under = ", ".join(filter(None, ("start" if node == drawn.start else "", "goal" if goal else "", drawn.notes[node])))
        lines.append(_text(x, y + RADIUS + 18, under, size=12))
    return "\n".join([*lines, "</svg>", ""])


def _places(drawn: Picture) -> dict[Any, tuple[float, float]]:
    """A column for each number of steps from the start; what cannot be reached stands in the last."""
    steps = nx.single_source_shortest_path_length(drawn.network, drawn.start)
    last = max(steps.values()) + 1
    columns: dict[int, list[Any]] = {}
    for node in drawn.network:
        columns.setdefault(steps.get(node, last), []).append(node)
    tallest = max(map(len, columns.values()))
    places: dict[Any, tuple[float, float]] = {}
    for x, column in columns.items():
        for y, node in enumerate(column):
            shift = (tallest - len(column)) / 2 + 0.25 * (x % 2)  # columns are staggered, so that arrows miss other nodes
            places[node] = (MARGIN + WIDE * x, MARGIN + HIGH * (y + shift))
    return places


def _step(
    places: Mapping[Any, tuple[float, float]], tail: Any, head: Any, label: str, *, marked: bool, bent: bool
) -> Iterator[str]:
    ink, name = (PATH, "marked") if marked else (INK, "plain")
    (x, y), (u, v) = places[tail], places[head]
    drawing = f'fill="none" stroke="{ink}" stroke-width="{2.5 if marked else 1.5}" marker-end="url(#{name})"'
    if tail == head:
        top = y - RADIUS
        around = f"{x - 40:g} {top - 40:g} {x + 40:g} {top - 40:g}"
        yield f'<path d="M {x - 12:g} {top + 4:g} C {around} {x + 12:g} {top + 4:g}" {drawing}/>'
        yield _text(x, top - 34, label, ink=ink)
        return
    length = hypot(u - x, v - y)
    across = (-(v - y) / length, (u - x) / length)
    bend = 28 if bent else 0
    middle = ((x + u) / 2 + across[0] * bend, (y + v) / 2 + across[1] * bend)
    ends = [_towards(places[tail], middle), _towards(places[head], middle)]
    yield f'<path d="M {ends[0]} Q {middle[0]:.1f} {middle[1]:.1f} {ends[1]}" {drawing}/>'
    yield _text(middle[0] + across[0] * 12, middle[1] + across[1] * 12 + 4, label, ink=ink)


def _towards(centre: tuple[float, float], point: tuple[float, float]) -> str:
    """Where a line from the centre of a node to a point leaves the node."""
    (x, y), (u, v) = centre, point
    length = hypot(u - x, v - y) or 1.0
    gap = RADIUS + 2
    return f"{x + (u - x) / length * gap:.1f} {y + (v - y) / length * gap:.1f}"


def _head(name: str, ink: str) -> str:
    shape = f'<path d="M0,0 L10,4 L0,8 z" fill="{ink}"/>'
    return f'<marker id="{name}" markerWidth="10" markerHeight="8" refX="9" refY="4" orient="auto">{shape}</marker>'


def _text(x: float, y: float, text: str, *, ink: str = INK, size: int = 14) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="{size}" fill="{ink}">{escape(text)}</text>'
