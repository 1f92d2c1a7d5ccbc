"""The expert's second look, at traces in which something is wrong: what it is, by `check`'s names of rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Cell = tuple[int, int]
Answer = tuple[str, str | None, int | None, str, bool | None]  # verdict, rule, event, plan, whether the plan follows
SHAPES = {"start": "xy", "goal": "xy", "wall": "xy", "create": "xygh", "close": "xygh", "plan": "xy"}
KINDS = ("create", "close", "plan", "eos")
NUMBER, COST = re.compile("0|[1-9][0-9]*"), re.compile("c(0|[1-9][0-9]*)")
MALFORMED, TRUNCATED = ("malformed", None, None, "none", None), ("truncated", None, None, "none", None)


@dataclass
class Text:
    """The groups of a text up to its fault or cut, each a kind and numbers, and the kinds that its cut end may begin."""

    groups: list[tuple[str, list[int]]] = field(default_factory=list)
    ended: bool = False
    fault: bool = False
    tail: tuple[str, ...] = ()


def _groups(words: Sequence[str], order: Sequence[str]) -> Text:
    """Read words as groups whose kinds stand in the order given; `start` and `goal` stand once, `create` and `close` mix."""
    text, at, stage = Text(), int(words[:1] == ["bos"]), 0
    while at < len(words):
        word, rest = words[at], len(words) - at
        allowed = [kinds for kinds in order[stage:] if word in kinds.split("|")]
        if word == "eos" and rest == 1:
            text.ended = True
            return text
        if not allowed:
            begun = tuple(k for kinds in order[stage:] for k in kinds.split("|") if k.startswith(word))
            begun += ("eos",) if "eos".startswith(word) else ()
            text.fault, text.tail = not (begun and rest == 1), begun
            return text
        shape = SHAPES[word]
        values = words[at + 1 : at + 1 + len(shape)]
        for letter, value in zip(shape, values, strict=False):
            if not (COST if letter in "gh" else NUMBER).fullmatch(value):
                cut = value == "c" and letter in "gh" and value is words[-1]
                text.fault, text.tail = not cut, (word,)
                return text
        if rest <= len(shape):
            text.tail = (word,)
            return text
        text.groups.append((word, [int(value.lstrip("c")) for value in values]))
        stage, at = order.index(allowed[0]) + (word in ("start", "goal")), at + 1 + len(shape)
    return text


@dataclass
class Trial:
    """The search as far as the events tell it; `broken` is the first rule that one breaks."""

    start: Cell
    goal: Cell
    walls: set[Cell]
    width: int
    height: int
    opened: dict[Cell, int] = field(default_factory=dict)
    closed: dict[Cell, int] = field(default_factory=dict)
    parent: dict[Cell, Cell] = field(default_factory=dict)
    due: set[Cell] = field(default_factory=set)
    current: Cell | None = None
    done: bool = False

    def inside(self, cell: Cell) -> bool:
        return 0 <= cell[0] < self.width and 0 <= cell[1] < self.height

    def h(self, cell: Cell) -> int:
        return abs(cell[0] - self.goal[0]) + abs(cell[1] - self.goal[1])

    def successors(self, cell: Cell) -> list[Cell]:
        x, y = cell
        return [n for n in ((x, y + 1), (x, y - 1), (x - 1, y), (x + 1, y)) if self.inside(n) and n not in self.walls]

    @property
    def over(self) -> bool:
        return self.done or (self.current is not None and not self.opened and not self.due)

    def broken(self, kind: str, cell: Cell, g: int, h: int) -> Iterator[str]:
        """The rules that an event breaks, in order."""
        if not self.inside(cell):
            yield "out-of-range"
        if self.done:
            yield "after-goal"
        if kind == "create":
            if self.current is None:
                if not self.opened and cell != self.start:
                    yield "not-start"
                if self.opened:
                    yield "no-parent"
            elif cell not in self.successors(self.current):
                yield "not-successor"
            if g != (0 if self.current is None else self.closed[self.current] + 1):
                yield "wrong-g"
        else:
            if cell not in self.opened:
                yield "not-open"
            elif g != self.opened[cell]:
                yield "wrong-g"
        if h != self.h(cell):
            yield "wrong-h"
        if kind == "create":
            if g >= self.opened.get(cell, g + 1):
                yield "no-better-open"
            if g >= self.closed.get(cell, g + 1):
                yield "no-better-closed"
        else:
            if self.due:
                yield "not-created"
            if cell in self.opened and self.opened[cell] + self.h(cell) != min(g + self.h(n) for n, g in self.opened.items()):
                yield "not-best"

    def believe(self, kind: str, cell: Cell, g: int) -> None:
        """Make an event's changes, whether it is sound or not."""
        if kind == "create":
            self.opened[cell] = g
            self.closed.pop(cell, None)
            self.due.discard(cell)
            if self.current is not None:
                self.parent[cell] = self.current
            return
        self.opened.pop(cell, None)
        self.closed[cell], self.current, self.done = g, cell, cell == self.goal
        known = self.opened.get, self.closed.get
        near = [] if self.done else self.successors(cell)
        self.due = {n for n in near if g + 1 < min(get(n, g + 2) for get in known)}

    # ------------------------------------------------------------ the plan
    def plan(self, plan: list[Cell], *, certified: bool) -> tuple[str, bool | None]:
        if not plan:
            return "none", None
        follows = self.done and self._chain() == plan
        steps = all(b in self.successors(a) for a, b in pairwise(plan))
        if plan[0] != self.start or plan[-1] != self.goal or not steps:
            return "invalid", follows
        optimum = self.closed[self.goal] if certified and self.done else self._distance()
        return ("optimal" if len(plan) - 1 == optimum else "suboptimal"), follows

    def _chain(self) -> list[Cell] | None:
        assert self.current is not None
        chain, seen = [self.current], {self.current}
        while chain[-1] in self.parent:
            chain.append(self.parent[chain[-1]])
            if chain[-1] in seen:
                return None
            seen.add(chain[-1])
        return chain[::-1]

    def _distance(self) -> int | None:
        seen, level, steps = {self.start}, [self.start], 0
        while level and self.goal not in seen:
            level, steps = list({n for cell in level for n in self.successors(cell)} - seen), steps + 1
            seen.update(level)
        return steps if self.goal in seen else None


def careful(prompt: str, trace: str, width: int | None, height: int | None) -> Answer:
    """The verdict on any trace; where the prompt is empty, `trace` holds the whole document."""
    asked, said = prompt.split(), trace.split()
    if not asked:
        split = next((i for i, word in enumerate(said) if word in KINDS[:3]), len(said))
        split -= split == len(said) > 0 and any(kind.startswith(said[-1]) for kind in KINDS[:3])
        asked, said = said[:split], said[split:]
        if asked[-1:] == ["bos"]:
            asked.pop()
    problem, text = _groups(asked, ("start", "goal", "wall")), _groups(said, ("create|close", "plan"))
    if problem.fault:
        return MALFORMED
    if [kind for kind, _ in problem.groups[:2]] != ["start", "goal"] or problem.tail:
        return MALFORMED if said or prompt.strip() else TRUNCATED
    cells = [(x, y) for _, (x, y, *_) in problem.groups]
    mentioned = cells + [(x, y) for _, (x, y, *_) in text.groups]
    width = 1 + max(x for x, _ in mentioned) if width is None else width
    height = 1 + max(y for _, y in mentioned) if height is None else height
    trial = Trial(cells[0], cells[1], set(cells[2:]), width, height)
    wrong = _no_problem(trial)
    if wrong and not text.fault:
        return "malformed", wrong, None, "none", None
    return _tried(trial, text, open_ended=trace[-1:].isdigit())


def _no_problem(trial: Trial) -> str | None:
    """The first condition on the problem that it does not meet."""
    for name, cells in (("start", [trial.start]), ("goal", [trial.goal]), ("wall", trial.walls)):
        if not all(map(trial.inside, cells)):
            return f"problem/{name}-out-of-range"
    if trial.start in trial.walls:
        return "problem/start-in-wall"
    return "problem/goal-in-wall" if trial.goal in trial.walls else None


def _tried(trial: Trial, text: Text, *, open_ended: bool) -> Answer:
    first: tuple[str, int] | None = None
    plan: list[Cell] = []
    doubtful = False
    for event, (kind, (x, y, *costs)) in enumerate(text.groups):
        cell = x, y
        if kind == "plan":
            rules = [] if trial.over else ["too-early"]
            plan.append(cell)
        elif first is None:
            rules = list(trial.broken(kind, cell, *costs))
            last = open_ended and event == len(text.groups) - 1 and not (text.ended or text.fault or text.tail)
            if last and rules == ["wrong-h"] and str(trial.h(cell)).startswith(str(costs[1])) and costs[1]:
                doubtful = True  # the last number may have been cut
                break
        if kind != "plan":
            trial.believe(kind, cell, costs[0])
        if rules and first is None:
            first = f"{kind}/{rules[0]}", event
    worth = trial.plan(plan, certified=first is None)
    if text.fault:
        return "malformed", None, None, *worth
    if first is None and text.ended and not trial.over:
        first = "end/no-goal", len(text.groups)
    if first is not None:
        return "unsound", *first, *worth
    inside = bool(text.tail) and not {"plan", "eos"} & set(text.tail)
    return ("sound" if trial.over and not (doubtful or inside) else "truncated"), None, None, *worth
