"""What an expert would write by hand for one format: a checker of A* traces in mazes, as fast as plain Python goes.

It is here to be raced against, and checked against `check` in the benchmark; nothing in the package uses it.
"""

from __future__ import annotations

from heapq import heappop, heappush

Answer = tuple[str, str | None, int | None]  # verdict, rule, event
MARKS = {"bos", "eos"}


def check(prompt: str, trace: str, width: int, height: int) -> Answer:
    """The verdict on a full trace whose maze has a known size; words that are out of place make it malformed."""
    try:
        start, goal, walls = _problem(prompt)
        return _search(trace.split(), start, goal, walls, width, height)
    except (ValueError, IndexError):
        return "malformed", None, None


def _problem(prompt: str) -> tuple[tuple[int, int], tuple[int, int], set[tuple[int, int]]]:
    words = [w for w in prompt.split() if w not in MARKS]
    cells = list(zip(map(int, words[1::3]), map(int, words[2::3]), strict=True))
    if words[0::3] != ["start", "goal"] + ["wall"] * (len(cells) - 2):
        raise ValueError
    return cells[0], cells[1], set(cells[2:])


def _cost(word: str) -> int:
    if word[0] != "c":
        raise ValueError
    return int(word[1:])


def _search(
    words: list[str], start: tuple[int, int], goal: tuple[int, int], walls: set[tuple[int, int]], width: int, height: int
) -> Answer:
    gx, gy = goal
    open_g: dict[tuple[int, int], int] = {}
    closed: dict[tuple[int, int], int] = {}
    due: set[tuple[int, int]] = set()
    heap: list[tuple[int, int, tuple[int, int]]] = []  # f, g, cell; entries that were replaced or closed are passed over
    current: tuple[int, int] | None = None
    done = False
    at, event, size = int(words[:1] == ["bos"]), 0, len(words)
    while at < size:
        word = words[at]
        if word not in ("create", "close"):
            break
        x, y, g, h = int(words[at + 1]), int(words[at + 2]), _cost(words[at + 3]), _cost(words[at + 4])
        cell = (x, y)
        if not (0 <= x < width and 0 <= y < height):
            return "unsound", f"{word}/out-of-range", event
        if done:
            return "unsound", f"{word}/after-goal", event
        if word == "create":
            if current is None:
                if not open_g and cell != start:
                    return "unsound", "create/not-start", event
                if open_g:
                    return "unsound", "create/no-parent", event
                reached = 0
            else:
                if abs(x - current[0]) + abs(y - current[1]) != 1 or cell in walls:
                    return "unsound", "create/not-successor", event
                reached = closed[current] + 1
            if g != reached:
                return "unsound", "create/wrong-g", event
            if h != abs(x - gx) + abs(y - gy):
                return "unsound", "create/wrong-h", event
            if cell in open_g and g >= open_g[cell]:
                return "unsound", "create/no-better-open", event
            if cell in closed:
                if g >= closed[cell]:
                    return "unsound", "create/no-better-closed", event
                del closed[cell]
            open_g[cell] = g
            due.discard(cell)
            heappush(heap, (g + h, g, cell))
        else:
            if cell not in open_g:
                return "unsound", "close/not-open", event
            if g != open_g[cell]:
                return "unsound", "close/wrong-g", event
            if h != abs(x - gx) + abs(y - gy):
                return "unsound", "close/wrong-h", event
            if due:
                return "unsound", "close/not-created", event
            while open_g.get(heap[0][2]) != heap[0][1]:
                heappop(heap)
            if g + h != heap[0][0]:
                return "unsound", "close/not-best", event
            del open_g[cell]
            closed[cell] = g
            current = cell
            done = cell == goal
            if not done:
                for near in ((x, y + 1), (x, y - 1), (x - 1, y), (x + 1, y)):
                    nx, ny = near
                    if 0 <= nx < width and 0 <= ny < height and near not in walls:
                        old = open_g.get(near, closed.get(near))
                        if old is None or g + 1 < old:
                            due.add(near)
        at += 5
        event += 1
    over = done or (current is not None and not open_g and not due)
    plan = words[at:]
    if plan and plan[-1] == "eos":
        plan.pop()
    if len(plan) % 3 or set(plan[0::3]) - {"plan"} or not all(w.isdigit() for w in plan[1::3] + plan[2::3]):
        return "malformed", None, None
    if over:
        return "sound", None, None
    if plan:
        return "unsound", "plan/too-early", event
    return ("unsound", "end/no-goal", event) if words[-1:] == ["eos"] else ("truncated", None, None)
