"""Random mazes, A* runs printed in Searchformer's format, runs with a flaw, and mutants of their texts.

Nothing of tracecourt is used here; `naive_astar.py` judges these texts, and so does the checker.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.naive_astar import BLANKS, DIGITS, Answer, Cell, Maze, Step, distance, estimate, fits, is_number, neighbours, split


@dataclass
class Sample:
    """A maze, its prompt, and one trace in it."""

    maze: Maze
    prompt: str
    trace: str


def random_maze(rng: random.Random) -> Maze:
    """A maze with 30 to 50 % walls, from 3 by 3 to 9 by 9, small ones more often; the goal can mostly be reached."""
    want_path = rng.random() < 0.9
    least = 7 if rng.random() < 0.25 else 3
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

    A flawed run goes on from its mistakes: it expands an entry that is not a best one, perhaps with a g that would make
    it one, leaves a child out, creates one again that it knows at a better or equal cost, or searches past the goal.
    """
    events: list[Step] = [("create", maze.start, 0, estimate(maze, maze.start))]
    costs = {maze.start: 0}
    came = {maze.start: maze.start}
    fringe = [maze.start]
    path: list[Cell] = []
    while fringe and len(events) < 300:
        least = min(costs[cell] + estimate(maze, cell) for cell in fringe)
        flawed = rng.random() < flaws
        cell = rng.choice([cell for cell in fringe if flawed or costs[cell] + estimate(maze, cell) == least])
        fringe.remove(cell)
        if flawed and rng.random() < 0.5:
            costs[cell] = max(0, least - estimate(maze, cell))
        events.append(("close", cell, costs[cell], estimate(maze, cell)))
        if cell == maze.goal:
            path = [cell]
            while path[0] != maze.start and len(path) < 100:
                path.insert(0, came[path[0]])
            if rng.random() >= flaws:
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
    return events, path


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
    estimates = [i for i in longer if text[i - 2] == "c" and text[:i].split()[-2][0] == "c"]
    for better in (longer, estimates):
        if better and rng.random() < 0.8:
            places = better
    return text[: rng.choice(places)] if places else text


def end_in_number(rng: random.Random, text: str) -> str:
    """Cut behind a step of the search whose last number is changed, perhaps to a part of itself."""
    words = split(text).words
    places = [i for i, word in enumerate(words) if word[:1] == "c" and i > 0 and words[i - 1][:1] == "c" and fits(word, "cost")]
    if not places:
        return text
    i = rng.choice(places)
    digits = words[i][1:]
    last = rng.choice([digits[:-1] or "0", digits[:1], "0", digits + rng.choice(DIGITS), digits[::-1], str(rng.randint(1, 99))])
    return " ".join([*words[:i], "c" + last]) + rng.choice(["", "", "", " ", " eos"])


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
    end_in_number,
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
