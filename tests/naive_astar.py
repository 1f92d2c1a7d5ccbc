"""A second, deliberately naive A* trace checker for Searchformer's mazes, and a source of traces and mutants.

Nothing of tracecourt is used here: the checker follows the textbook with lists and loops, looks for every minimum by
scanning, and reads the text word by word. `tests/test_naive.py` holds the real checker to it.
"""

import random
from collections import Counter
from collections.abc import Callable
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


# --------------------------------------------------------------------------------------------------- mazes and traces
@dataclass
class Sample:
    """A maze, its prompt, and one trace in it."""

    maze: Maze
    prompt: str
    trace: str


def random_maze(rng: random.Random) -> Maze:
    """A maze with 30 to 50 % walls, from 3 by 3 to 9 by 9, small ones more often; the goal can mostly be reached."""
    want_path = rng.random() < 0.9
    least = 7 if rng.random() < 0.15 else 3
    while True:
        width, height = (min(rng.randint(least, 9), rng.randint(least, 9)) for _ in range(2))
        cells = [(x, y) for x in range(width) for y in range(height)]
        rng.shuffle(cells)
        count = round(len(cells) * rng.uniform(0.3, 0.5))
        walls, free = cells[:count], cells[count:]
        start, goal = rng.choice(free), rng.choice(free)
        maze = Maze(width, height, start, goal, walls)
        if start == goal and rng.random() < 0.8:
            continue
        if (distance(maze) is not None) == want_path:
            return maze


def run_astar(rng: random.Random, maze: Maze, flaws: float = 0) -> tuple[list[Step], list[Cell]]:
    """One run with random child order and ties: its events and its path (empty when there is none).

    A flawed run goes on from its mistakes: it expands an entry that is not a best one, leaves a child out, or creates
    one again that it knows at a better or equal cost.
    """
    events: list[Step] = [("create", maze.start, 0, estimate(maze, maze.start))]
    costs = {maze.start: 0}
    came = {maze.start: maze.start}
    fringe = [maze.start]
    while fringe and len(events) < 500:
        least = min(costs[cell] + estimate(maze, cell) for cell in fringe)
        flawed = rng.random() < flaws
        cell = rng.choice([cell for cell in fringe if flawed or costs[cell] + estimate(maze, cell) == least])
        fringe.remove(cell)
        events.append(("close", cell, costs[cell], estimate(maze, cell)))
        if cell == maze.goal:
            path = [cell]
            while path[0] != maze.start and len(path) < 100:
                path.insert(0, came[path[0]])
            return events, path
        children = neighbours(maze, cell)
        rng.shuffle(children)
        for child in children:
            if (child not in costs or costs[cell] + 1 < costs[child]) != (rng.random() < flaws):
                costs[child] = costs[cell] + 1
                came[child] = cell
                if child not in fringe:
                    fringe.append(child)
                events.append(("create", child, costs[child], estimate(maze, child)))
    return events, []


def words_of(event: Step) -> list[str]:
    """The event as words."""
    name, (x, y), g, h = event
    return [name, str(x), str(y)] if name == "plan" else [name, str(x), str(y), f"c{g}", f"c{h}"]


def join(rng: random.Random, words: list[str]) -> str:
    """Words with blanks between: mostly one space, sometimes a wilder layout."""
    if rng.random() < 0.85:
        return " ".join(words)
    text = "".join(word + rng.choice([" ", " ", " ", "\n", "\t", "\r\n", "   "]) for word in words)
    return rng.choice(["", " ", "\n"]) + (text if rng.random() < 0.5 else text.rstrip(BLANKS))


def prompt_text(rng: random.Random, maze: Maze) -> str:
    """The maze as a prompt, its walls in any order."""
    facts = [("start", maze.start), ("goal", maze.goal)] + [("wall", cell) for cell in maze.walls]
    words = [word for name, (x, y) in facts for word in (name, str(x), str(y))]
    return join(rng, ["bos"] * (rng.random() < 0.5) + words + ["eos"] * (rng.random() < 0.5))


def random_events(rng: random.Random, maze: Maze, flaws: float = 0) -> list[list[str]]:
    """A trace as groups of words, sound unless it has flaws; plan and `eos` are sometimes missing."""
    events, path = run_astar(rng, maze, flaws)
    groups = [words_of(event) for event in events]
    if rng.random() < 0.9:
        groups += [words_of(("plan", cell, -1, -1)) for cell in path]
    if rng.random() < 0.5:
        groups.insert(0, ["bos"])
    if rng.random() < 0.7:
        groups.append(["eos"])
    return groups


def flat(groups: list[list[str]]) -> list[str]:
    """All words in order."""
    return [word for group in groups for word in group]


def as_sample(rng: random.Random, maze: Maze, trace: str) -> Sample:
    """With its prompt apart, or now and then in front of the trace."""
    prompt = prompt_text(rng, maze)
    return Sample(maze, "", f"{prompt} {trace}") if rng.random() < 0.1 else Sample(maze, prompt, trace)


def sound_sample(rng: random.Random) -> Sample:
    """A maze with a sound trace."""
    maze = random_maze(rng)
    return as_sample(rng, maze, join(rng, flat(random_events(rng, maze))))


# --------------------------------------------------------------------------------------------------------- mutators
Groups = list[list[str]]
Mutator = Callable[[random.Random, Maze, Groups], Groups]


def change_number(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """One number becomes another, or something that is no number."""
    places = [(i, k) for i, group in enumerate(groups) for k in range(1, len(group))]
    if not places:
        return groups
    i, k = rng.choice(places)
    word = groups[i][k]
    mark, number = ("c", word[1:]) if word.startswith("c") else ("", word)
    usual = int(number) if is_number(number) else 1
    near = str(max(0, usual + rng.choice([-2, -1, 1, 2])))
    limit = rng.choice([maze.width, maze.height, maze.width - 1, 10**17, 10**18 - 1, 10**18])
    odd = ["0" + number, number + "0", "-" + number, "+1", "1.0", "٣", "²", "1_0", "", str(limit)]
    changed = near if rng.random() < 0.75 else rng.choice(odd)
    if rng.random() < 0.05:
        mark = "" if mark else "c"
    groups[i][k] = mark + changed
    return groups


def events_only(groups: Groups) -> list[int]:
    """Indices of the groups that are events."""
    return [i for i, group in enumerate(groups) if group[:1] and group[0] in ("create", "close", "plan")]


def delete_event(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """One event is left out, or a few in a row."""
    i = rng.randrange(len(groups))
    return groups[:i] + groups[i + rng.choice([1, 1, 1, 2, 3]) :]


def repeat_event(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """One event is said again, at once or later."""
    i = rng.randrange(len(groups))
    j = i if rng.random() < 0.5 else rng.randint(i, len(groups))
    return [*groups[:j], list(groups[i]), *groups[j:]]


def swap_events(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """Two events change places, mostly neighbours."""
    i = rng.randrange(len(groups))
    j = (i + 1) % len(groups) if rng.random() < 0.7 else rng.randrange(len(groups))
    groups[i], groups[j] = groups[j], groups[i]
    return groups


def insert_event(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """A new event with plausible numbers: a cell near one that was named, mostly with its true h."""
    events = events_only(groups)
    i = rng.choice(events) + 1 if events else len(groups)
    cell, g = maze.start, 0
    if events and len(groups[i - 1]) >= 3 and is_number(groups[i - 1][1]) and is_number(groups[i - 1][2]):
        cell = (int(groups[i - 1][1]), int(groups[i - 1][2]))
        if len(groups[i - 1]) == 5 and is_number(groups[i - 1][3][1:]):
            g = int(groups[i - 1][3][1:])
    dx, dy = rng.choice([(0, 1), (0, -1), (1, 0), (-1, 0), (0, 0)])
    cell = (max(0, cell[0] + dx), max(0, cell[1] + dy))
    h = estimate(maze, cell) if rng.random() < 0.8 else rng.randint(0, 9)
    name = rng.choice(["create", "create", "close", "plan"])
    return [*groups[:i], words_of((name, cell, max(0, g + rng.choice([0, 1, 1, -1])), h)), *groups[i:]]


def change_keyword(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """A keyword becomes another or a misspelt one."""
    i = rng.randrange(len(groups))
    word = groups[i][0] if groups[i] else ""
    others = ["create", "close", "close", "create", "plan", "wall", "eos", "bos", "start", "Create", word[:-1], word + "s"]
    groups[i] = [rng.choice(others), *groups[i][1:]]
    return groups


def insert_word(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """A stray word somewhere, between events or inside one."""
    i = rng.randrange(len(groups))
    k = rng.randint(0, len(groups[i]))
    word = rng.choice(["eos", "eos", "bos", "0", "c0", "c", "create", "plan", "end", "�"])
    groups[i] = [*groups[i][:k], word, *groups[i][k:]]
    return groups


def early_end(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """The end marker comes early and the rest is left out, or is not."""
    i = rng.randint(0, len(groups))
    return [*groups[:i], ["eos"], *([] if rng.random() < 0.8 else groups[i:])]


def early_plan(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """A stretch of the search before the plan is left out."""
    search = [i for i in events_only(groups) if groups[i][0] != "plan"]
    if not search:
        return groups
    i = rng.choice(search[len(search) // 2 :])
    return groups[:i] + groups[search[-1] + 1 :]


def repeat_section(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """The search, the plan or a stretch of the text comes twice."""
    plan = [i for i in events_only(groups) if groups[i][0] == "plan"]
    if plan and rng.random() < 0.5:
        return groups[: plan[-1] + 1] + [list(groups[i]) for i in plan] + groups[plan[-1] + 1 :]
    i, j = sorted([rng.randint(0, len(groups)), rng.randint(0, len(groups))])
    return groups[:j] + [list(group) for group in groups[i:j]] + groups[j:]


def drop_marker(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """No `bos`, no `eos`, or no plan."""
    gone = rng.choice(["bos", "eos", "eos", "plan"])
    return [group for group in groups if group[:1] != [gone]]


def change_plan(rng: random.Random, maze: Maze, groups: Groups) -> Groups:
    """The plan makes a detour, loses a step, gets a wrong step, runs backwards or goes on."""
    plan = [i for i in events_only(groups) if groups[i][0] == "plan" and len(groups[i]) == 3]
    if not plan:
        return [*groups, words_of(("plan", maze.start, -1, -1))]
    where = rng.randrange(len(plan))
    steps = [list(groups[i]) for i in plan]
    kind = rng.choice(["detour", "detour", "side step", "side step", "lose", "wrong", "backwards", "end"])
    if kind == "detour" and where > 0:
        steps[where:where] = [list(steps[where]), list(steps[where - 1])]
    elif kind == "side step" and is_number(steps[where][1]) and is_number(steps[where][2]):
        cell = (int(steps[where][1]), int(steps[where][2]))
        beside = rng.choice(neighbours(maze, cell) or [cell])
        steps[where + 1 : where + 1] = [words_of(("plan", beside, -1, -1)), list(steps[where])]
    elif kind == "lose":
        del steps[where]
    elif kind == "wrong":
        steps[where][rng.choice([1, 2])] = str(rng.randint(0, max(maze.width, maze.height)))
    elif kind == "backwards":
        steps.reverse()
    else:
        steps.append(words_of(("plan", rng.choice([maze.start, maze.goal, *maze.walls]), -1, -1)))
    return [group for i, group in enumerate(groups) if i < plan[0]] + steps + groups[plan[-1] + 1 :]


def cut_words(rng: random.Random, text: str) -> str:
    """Cut at a blank: before it or after it."""
    places = [i for i, char in enumerate(text) if char in BLANKS] or [0]
    return text[: rng.choice(places) + rng.choice([0, 0, 1])]


def cut_characters(rng: random.Random, text: str) -> str:
    """Cut anywhere."""
    return text[: rng.randint(0, len(text))]


def cut_number(rng: random.Random, text: str) -> str:
    """Cut inside a number, or where it ends."""
    places = [i for i in range(1, len(text)) if text[i - 1] in DIGITS and text[i] in DIGITS + BLANKS]
    longer = [i for i in places if text[i] in DIGITS]
    costs = [i for i in longer if text[i - 2] == "c"]
    for better in (longer, costs):
        if better and rng.random() < 0.8:
            places = better
    return text[: rng.choice(places)] if places else text


def change_character(rng: random.Random, text: str) -> str:
    """One character is lost, doubled or replaced."""
    if not text:
        return "c"
    i = rng.randrange(len(text))
    usual, odd = "0123456789c \n\teprx-.", "\x0b\x0c\u00a0\u2003\u0663\ufeff\x00é"
    new = rng.choice(["", text[i] * 2, rng.choice(usual), rng.choice(odd)])
    return text[:i] + new + text[i + 1 :]


IN_EVENTS: list[Mutator] = [
    change_number,
    change_number,
    change_number,
    delete_event,
    repeat_event,
    swap_events,
    swap_events,
    insert_event,
    insert_event,
    change_keyword,
    insert_word,
    early_end,
    early_plan,
    repeat_section,
    drop_marker,
    change_plan,
    change_plan,
]
IN_TEXT: list[Callable[[random.Random, str], str]] = [
    cut_words,
    cut_characters,
    cut_characters,
    cut_number,
    cut_number,
    change_character,
]


def mutant(rng: random.Random) -> Sample:
    """A flawed run, or a sound one with one to three changes to its events, its text, or both."""
    maze = random_maze(rng)
    flawed = rng.random() < 0.25
    groups = random_events(rng, maze, rng.choice([0.03, 0.1, 0.3]) if flawed else 0)
    in_text = rng.random() < 0.4
    changes = rng.choice([0, 0, 0, 0, 1, 2] if flawed or in_text else [1, 1, 1, 1, 2, 3])
    for _ in range(changes):
        groups = [list(group) for group in rng.choice(IN_EVENTS)(rng, maze, groups)] or [["bos"]]
    text = join(rng, flat(groups))
    if in_text and (not flawed or rng.random() < 0.3):
        text = rng.choice(IN_TEXT)(rng, text)
    sample = as_sample(rng, maze, text)
    if rng.random() < 0.01:
        sample.prompt = sample.prompt.replace(rng.choice(["goal", "wall", "start"]), rng.choice(["gaol", "close", "start"]), 1)
    return sample


def sample_of(seed: int) -> Sample:
    """Sound for every fourth seed, else a mutant."""
    rng = random.Random(seed)
    return sound_sample(rng) if seed % 4 == 0 else mutant(rng)


def tally(answers: list[Answer]) -> Counter[str]:
    """How often each verdict and each plan status (as `plan STATUS`) came up."""
    return Counter(answer[0] for answer in answers) + Counter(f"plan {answer[2]}" for answer in answers)
