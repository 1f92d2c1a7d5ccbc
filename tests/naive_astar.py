"""A second, deliberately naive A* trace checker for Searchformer's mazes.

Nothing of tracecourt is used here: the checker follows the textbook with lists and loops, looks for every minimum by
scanning, and reads the text word by word. `tests/test_naive.py` holds the real checker to it.
"""

from dataclasses import dataclass, field

Cell = tuple[int, int]
Step = tuple[str, Cell, int, int]  # "create" or "close" with g and h; "plan" has -1 for both
Answer = tuple[str, int | None, str, bool | None]  # verdict, event, plan status, does the plan follow

BLANKS = " \t\r\n"
DIGITS = "0123456789"


# ---------------------------------------------------------------------------------------------------- reading the text
@dataclass
class Text:
    """Words, and whether the last of them may go on (no blank after it)."""

    words: list[str]
    open_ended: bool


@dataclass
class Reading:
    """What a trace says: its complete events (before a word that cannot stand there), and how it stops."""

    events: list[Step] = field(default_factory=list)
    marked: bool = False  # `eos` was read
    rest: list[str] = field(default_factory=list)  # the words of an event that is cut
    faulty: bool = False  # the text is no beginning of a legal one


@dataclass
class Maze:
    """A problem: the grid and its cells of note."""

    width: int
    height: int
    start: Cell
    goal: Cell
    walls: list[Cell]


def split(text: str) -> Text:
    """The words between blanks; no other character separates words."""
    words = [""]
    for char in text:
        if char in BLANKS:
            words.append("")
        else:
            words[-1] += char
    open_ended = words[-1] != ""
    return Text([word for word in words if word], open_ended)


def is_number(word: str) -> bool:
    """Decimal, no leading zeros, at most 18 digits."""
    return 1 <= len(word) <= 18 and all(char in DIGITS for char in word) and (word == "0" or word[0] != "0")


def fits(word: str, kind: str) -> bool:
    """Is it a word of that kind: `int`, or `cost` with its c?"""
    return is_number(word) if kind == "int" else word[:1] == "c" and is_number(word[1:])


def begins(word: str, keywords: list[str]) -> bool:
    """Is it the beginning of one of the keywords, but not the whole?"""
    return any(keyword.startswith(word) and keyword != word for keyword in keywords)


def read_prompt(text: Text) -> tuple[str, int, list[tuple[str, Cell]]]:
    """Facts from the front of a text: `ok`, `cut` or `bad`, the index of the first word not read, and the facts."""
    words, i = text.words, 0
    facts: list[tuple[str, Cell]] = []
    if words and words[0] == "bos":
        i = 1
    while True:
        due = ["start"] if not facts else ["goal"] if len(facts) == 1 else ["wall"]
        if i == 0:
            due = ["bos", "start"]
        if len(facts) >= 2:
            if i < len(words) and words[i] == "eos":
                return "ok", i + 1, facts
            if i == len(words) or words[i] != "wall":
                cut = i == len(words) - 1 and text.open_ended and begins(words[i], ["wall", "eos"])
                return "cut" if cut else "ok", i, facts
        if i == len(words):
            return "cut", i, facts
        if words[i] not in due:
            return "cut" if i == len(words) - 1 and text.open_ended and begins(words[i], due) else "bad", i, facts
        numbers = words[i + 1 : i + 3]
        if not all(is_number(number) for number in numbers):
            return "bad", i, facts
        if len(numbers) < 2:
            return "cut", i, facts
        facts.append((words[i], (int(numbers[0]), int(numbers[1]))))
        i += 3


def read_trace(text: Text, i: int) -> Reading:
    """The trace from word `i` on."""
    words = text.words
    reading = Reading()
    allowed = ["bos", "create", "close", "plan", "eos"]
    while i < len(words):
        word = words[i]
        last = i == len(words) - 1 and text.open_ended
        if word not in allowed:
            if last and begins(word, allowed):
                reading.rest = [word]
            else:
                reading.faulty = True
            return reading
        if word == "bos":
            allowed = ["create", "close", "plan", "eos"]
            i += 1
            continue
        if word == "eos":
            allowed = []
            reading.marked = True
            i += 1
            continue
        kinds = ["int", "int"] if word == "plan" else ["int", "int", "cost", "cost"]
        said = words[i + 1 : i + 1 + len(kinds)]
        for k in range(len(said)):
            if not fits(said[k], kinds[k]):
                at_end = i + 1 + k == len(words) - 1 and text.open_ended
                if at_end and kinds[k] == "cost" and said[k] == "c":
                    reading.rest = words[i:]
                else:
                    reading.faulty = True
                return reading
        if len(said) < len(kinds):
            reading.rest = words[i:]
            return reading
        cell = (int(said[0]), int(said[1]))
        if word == "plan":
            allowed = ["plan", "eos"]
            reading.events.append(("plan", cell, -1, -1))
        else:
            allowed = ["create", "close", "plan", "eos"]
            reading.events.append((word, cell, int(said[2][1:]), int(said[3][1:])))
        i += 1 + len(kinds)
    return reading


# ------------------------------------------------------------------------------------------------------- the algorithm
@dataclass
class Search:
    """The state of A*: plain lists of (cell, g), parents as (child, parent) with the newest last."""

    open: list[tuple[Cell, int]] = field(default_factory=list)
    closed: list[tuple[Cell, int]] = field(default_factory=list)
    due: list[tuple[Cell, int]] = field(default_factory=list)
    parents: list[tuple[Cell, Cell]] = field(default_factory=list)
    current: Cell | None = None
    current_g: int = 0
    done: bool = False


def inside(maze: Maze, cell: Cell) -> bool:
    """Is the cell in the grid?"""
    return 0 <= cell[0] < maze.width and 0 <= cell[1] < maze.height


def neighbours(maze: Maze, cell: Cell) -> list[Cell]:
    """The free cells one step away."""
    x, y = cell
    around = [(x, y + 1), (x, y - 1), (x - 1, y), (x + 1, y)]
    return [other for other in around if inside(maze, other) and other not in maze.walls]


def estimate(maze: Maze, cell: Cell) -> int:
    """Manhattan distance to the goal."""
    return abs(cell[0] - maze.goal[0]) + abs(cell[1] - maze.goal[1])


def value(entries: list[tuple[Cell, int]], cell: Cell) -> int | None:
    """The g beside a cell, or None."""
    for other, g in entries:
        if other == cell:
            return g
    return None


def without(entries: list[tuple[Cell, int]], cell: Cell) -> list[tuple[Cell, int]]:
    """The entries of all other cells."""
    return [(other, g) for other, g in entries if other != cell]


def improves(search: Search, cell: Cell, g: int) -> bool:
    """Is g better than all that is known of the cell?"""
    before = [value(search.open, cell), value(search.closed, cell)]
    return all(known is None or g < known for known in before)


def may_end(search: Search) -> bool:
    """The goal is closed, or nothing is left to expand."""
    return search.done or (search.current is not None and search.open == [] and search.due == [])


def breaks(maze: Maze, search: Search, event: Step) -> bool:
    """Is the event none that A* could do next?"""
    name, cell, g, h = event
    if name == "plan":
        return not may_end(search)
    if search.done or not inside(maze, cell) or h != estimate(maze, cell):
        return True
    if name == "create":
        if search.current is None:
            return search.open != [] or cell != maze.start or g != 0
        is_child = cell in neighbours(maze, search.current)
        return not is_child or g != search.current_g + 1 or not improves(search, cell, g)
    if value(search.open, cell) != g or search.due != []:
        return True
    return g + h != min(other_g + estimate(maze, other) for other, other_g in search.open)


def believe(maze: Maze, search: Search, event: Step) -> None:
    """Do what the event says, right or wrong."""
    name, cell, g, _ = event
    if name == "plan":
        return
    if name == "create":
        search.open = [*without(search.open, cell), (cell, g)]
        search.closed = without(search.closed, cell)
        search.due = without(search.due, cell)
        if search.current is not None:
            search.parents.append((cell, search.current))
        return
    search.open = without(search.open, cell)
    search.closed = [*without(search.closed, cell), (cell, g)]
    search.current, search.current_g = cell, g
    search.done = cell == maze.goal
    search.due = []
    if not search.done:
        search.due = [(other, g + 1) for other in neighbours(maze, cell) if improves(search, other, g + 1)]


def path_back(search: Search) -> list[Cell] | None:
    """From the start to the closed goal by the newest parents; empty without a closed goal, None when it goes round."""
    if not search.done or search.current is None:
        return []
    path = [search.current]
    while True:
        above = [parent for child, parent in search.parents if child == path[0]]
        if not above:
            return path
        if above[-1] in path:
            return None
        path.insert(0, above[-1])


def distance(maze: Maze) -> int | None:
    """Fewest steps from start to goal, by rings."""
    ring, seen, steps = [maze.start], [maze.start], 0
    while ring:
        if maze.goal in ring:
            return steps
        following = []
        for cell in ring:
            for other in neighbours(maze, cell):
                if other not in seen:
                    seen.append(other)
                    following.append(other)
        ring, steps = following, steps + 1
    return None


def judge_plan(maze: Maze, plan: list[Cell]) -> str:
    """The status of the printed plan."""
    if not plan:
        return "none"
    if plan[0] != maze.start or plan[-1] != maze.goal:
        return "invalid"
    for k in range(1, len(plan)):
        if plan[k] not in neighbours(maze, plan[k - 1]):
            return "invalid"
    return "optimal" if len(plan) - 1 == distance(maze) else "suboptimal"


def could_go_on(maze: Maze, search: Search, event: Step) -> bool:
    """Would up to three more digits at the end of the event's last number make it an event that breaks nothing?"""
    name, cell, g, h = event
    last = cell[1] if name == "plan" else h
    if last == 0:
        return False
    for digits in (1, 2, 3):
        for tail in range(10**digits):
            number = last * 10**digits + tail
            longer = (name, (cell[0], number), g, h) if name == "plan" else (name, cell, g, number)
            if not breaks(maze, search, longer):
                return True
    return False


def naive_check(prompt: str, trace: str, width: int, height: int) -> Answer:
    """Verdict, event, plan status and whether the plan follows; with an empty prompt the trace is a whole document."""
    whole = prompt == ""
    text = split(trace)
    outcome, i, facts = read_prompt(text if whole else split(prompt))
    if whole and outcome == "cut":
        return ("truncated", None, "none", None)
    if outcome != "ok" or (not whole and i != len(split(prompt).words)):
        return ("malformed", None, "none", None)
    reading = read_trace(text, i if whole else 0)
    maze = Maze(width, height, facts[0][1], facts[1][1], [cell for _, cell in facts[2:]])
    events = reading.events

    search = Search()
    bad: int | None = None
    cut_number = False
    for k, event in enumerate(events):
        if bad is None and breaks(maze, search, event):
            bad = k
            more = reading.marked or reading.faulty or reading.rest != []
            at_end = k == len(events) - 1 and text.open_ended and not more
            cut_number = at_end and could_go_on(maze, search, event)
        believe(maze, search, event)

    plan = [event[1] for event in events if event[0] == "plan"]
    status = judge_plan(maze, plan)
    follows = None if not plan else plan == path_back(search)
    if reading.faulty:
        return ("malformed", None, status, follows)
    if cut_number:
        return ("truncated", None, status, follows)
    if bad is not None:
        return ("unsound", bad, status, follows)
    if may_end(search):
        # A plan that is cut leaves the verdict alone, but here a create or close is cut, and no continuation is sound.
        cut_step = reading.rest != [] and reading.rest[0].startswith("c")
        return ("truncated" if cut_step else "sound", None, status, follows)
    return ("unsound", len(events), status, follows) if reading.marked else ("truncated", None, status, follows)
