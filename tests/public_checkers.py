"""What the public checkers of these traces look at: small models of them, written anew from what they are known to do.

A model takes a row's prompt and trace, and says whether its checker would accept them. None of them is the checker itself.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise, product

Cell = tuple[int, int]
Literals = list[int]


@dataclass(frozen=True)
class Checker:
    """A public checker: what a table calls it, where it lives, and the model of it."""

    name: str
    repository: str
    accepts: Callable[[str, str], bool]


# ---------------------------------------------------------------- mazes
def searchformer_maze(prompt: str, trace: str) -> bool:
    """`evaluate_rollout_single` of facebookresearch/searchformer (searchformer/maze.py); Dualformer builds on the same code.

    It reads the words from the first `plan` on: each is a plan step, the first is the start, the last is the goal, none is a
    wall, and neighbours follow each other. Nothing before the plan is read, and no step is compared with the size of the maze.
    """
    problem, plan = _places(prompt.split()), _plan(trace)
    if not plan:
        return False
    start, goal = problem["start"][0], problem["goal"][0]
    return plan[0] == start and plan[-1] == goal and not set(plan) & set(problem.get("wall", [])) and _steps(plan)


def searchformer_sokoban(prompt: str, trace: str) -> bool:
    """`evaluate_rollout_single` of facebookresearch/searchformer (searchformer/sokoban.py).

    It reads the words from the first `plan` on, turns them into moves, and plays these on the level; a move that is impossible
    changes nothing. At the end every box is to be on a dock. Nothing before the plan is read.
    """
    problem, plan = _places(prompt.split()), _plan(trace)
    if not plan or not _steps(plan):
        return False
    worker, boxes, walls, docks = problem["worker"][0], set(problem["box"]), set(problem["wall"]), set(problem["dock"])
    for (x, y), (to_x, to_y) in pairwise(plan):
        dx, dy = to_x - x, to_y - y
        ahead, beyond = (worker[0] + dx, worker[1] + dy), (worker[0] + 2 * dx, worker[1] + 2 * dy)
        if ahead in boxes and beyond not in walls | boxes:
            boxes = boxes - {ahead} | {beyond}
        if ahead not in walls | boxes:
            worker = ahead
    return boxes <= docks


def maze_validator(prompt: str, trace: str) -> bool:
    """`trace_eval_new.py` of Atharva-Gundawar/verl, the version that waits for the start to be created.

    It keeps an open list of (cell, g, h) as printed. A create must be free, a neighbour of the cell closed last (if any was),
    and not closed; a close must be on the open list exactly as printed, and of least printed g + h. The goal must be closed at
    last, and the chain of parents must be a path as long as the plan. The plan is run, too. The check of the size of the maze,
    which the caller gives, is left out here.
    """
    return _validated(prompt, trace.split(), announced=True)


def maze_validator_later(prompt: str, trace: str) -> bool:
    """A later variant of Atharva-Gundawar/verl's `trace_eval_new.py`, used to score rollouts in training.

    Here the start is open from the beginning, nothing may be created before it is closed, and an open entry is replaced by one
    of smaller g. The rest is the same. The words that only Beyond Semantics prints (`reasoning`, `solution`, `end`) are taken
    away first, since the checker knows none of them.
    """
    words = [word for word in trace.split() if word not in ("reasoning", "solution", "end")]
    return _validated(prompt, words, announced=False)


def _validated(prompt: str, words: Sequence[str], *, announced: bool) -> bool:
    problem = _places(prompt.removeprefix("query ").split())
    start, goal, walls = problem["start"][0], problem["goal"][0], set(problem.get("wall", []))
    groups = list(_groups(words))
    if not all(_well_formed(group) for group in groups):
        return False
    opened: list[tuple[Cell, int, int]] = [] if announced else [(start, 0, abs(start[0] - goal[0]) + abs(start[1] - goal[1]))]
    closed: list[Cell] = []
    parents: dict[Cell, Cell] = {}
    costs: dict[Cell, int] = {}
    for name, x, y, *rest in (group for group in groups if group[0] != "plan"):
        cell, (g, h) = (int(x), int(y)), (int(cost[1:]) for cost in rest)
        if cell in walls:
            return False
        if name == "close":
            if (cell, g, h) not in opened or g + h > min(other_g + other_h for _, other_g, other_h in opened):
                return False
            opened.remove((cell, g, h))
            closed.append(cell)
            continue
        if cell in closed or not (_steps([closed[-1], cell]) if closed else announced):
            return False
        old = next((entry for entry in opened if entry[0] == cell), None)
        if announced or old is None:
            opened.append((cell, g, h))
        elif g < old[1]:
            opened[opened.index(old)] = (cell, g, h)
        if closed and g < costs.get(cell, g + 1):
            parents[cell] = closed[-1]
        costs[cell] = min(g, costs.get(cell, g))
    plan = [(int(x), int(y)) for name, x, y, *_ in groups if name == "plan"]
    chain = [goal]
    while chain[-1] in parents and len(chain) <= len(parents):
        chain.append(parents[chain[-1]])
    return goal in closed and chain[-1] == start and len(chain) == len(plan) and _path(plan, start, goal, walls)


def _groups(words: Sequence[str]) -> Iterator[list[str]]:
    """The words from each keyword to the next; `bos` is passed over, and `eos` ends the text."""
    group: list[str] = []
    for word in words[: words.index("eos")] if "eos" in words else words:
        if word == "bos":
            continue
        if word in ("create", "close", "plan") and group:
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _well_formed(group: Sequence[str]) -> bool:
    return bool(re.fullmatch(r"(create|close) \d+ \d+ c\d+ c\d+|plan \d+ \d+", " ".join(group)))


def _places(words: Sequence[str]) -> dict[str, list[Cell]]:
    """The cells by the word before them."""
    found: dict[str, list[Cell]] = {}
    for word, x, y in zip(words[::3], words[1::3], words[2::3], strict=True):
        found.setdefault(word, []).append((int(x), int(y)))
    return found


def _plan(trace: str) -> list[Cell]:
    """The plan at the end of a trace; empty where there is none, or something else stands in it."""
    words = trace.removesuffix(" eos").split()
    words = words[words.index("plan") :] if "plan" in words else []
    return _places(words)["plan"] if re.fullmatch(r"plan \d+ \d+( plan \d+ \d+)*", " ".join(words)) else []


def _steps(cells: Sequence[Cell]) -> bool:
    return all(abs(ax - bx) + abs(ay - by) == 1 for (ax, ay), (bx, by) in pairwise(cells))


def _path(cells: Sequence[Cell], start: Cell, goal: Cell, walls: set[Cell]) -> bool:
    return bool(cells) and (cells[0], cells[-1]) == (start, goal) and not walls & set(cells) and _steps(cells)


def system1x_maze(prompt: str, trace: str) -> bool:
    """The evaluation of swarnaHub/System-1.x in mazes (src_maze/eval_utils.py, `is_valid_plan` of tasks/maze.py).

    It takes the plan so far that was printed last and runs it from the start; each step must stay inside and off the walls, and
    one must end at the goal. No other sentence is read.
    """
    plans = re.findall(r"Plan so far \[(.*?)\]", trace)
    rows, columns = (int(number) for number in re.findall(r"dimensions (\d+) and (\d+)", prompt)[0])
    *walls, start, goal = [(int(row), int(column)) for row, column in re.findall(r"\[(\d+), (\d+)\]", prompt)]
    here = start
    for action in re.findall(r"\w+", plans[-1] if plans else ""):
        down, right = STEPS[action]
        here = (here[0] + down, here[1] + right)
        if not (0 <= here[0] < rows and 0 <= here[1] < columns) or here in walls:
            return False
        if here == goal:
            return True
    return False


STEPS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


# ---------------------------------------------------------------- blocks and plans
def system1x_blocksworld(prompt: str, trace: str) -> bool:
    """The evaluation of swarnaHub/System-1.x in blocksworld (src_blocksworld/eval_utils.py, tasks/blocksworld.py).

    It takes the plan so far that was printed last, makes its moves from the start, each with clear blocks only, and compares
    where they lead with the goal. No other sentence is read.
    """
    plans = re.findall(r"Plan so far \[([^\]]*)\]", trace)
    start, goal = ({block: below.removeprefix("the ") for block, below in _on(half)} for half in prompt.split("The goal is:"))
    for block, source, target in re.findall(r"Move (\w+) from (\w+) to (\w+)", plans[-1] if plans else ""):
        taken = set(start.values()) - {"table"}
        if start.get(block) != source or block == target or block in taken or target in taken:
            return False
        start[block] = target
    return bool(plans and plans[-1]) and start == goal


def _on(text: str) -> list[tuple[str, str]]:
    return re.findall(r"(\w+) is on (the table|\w+)\.", text)


def val(prompt: str, trace: str) -> bool:
    """VAL (KCL-Planning/VAL), which PlanBench (karthikv792/LLMs-Planning) asks about each plan.

    It runs the plan: each action is known, has as many objects as it takes, and its preconditions are true; at the end the goal
    is true. This model reads the problem in this project's words.
    """
    known = {}
    for name, parameters, *parts in re.findall(r"action \((\S+)([^)]*)\) if (.*) adds (.*) deletes (.*)", prompt):
        known[name] = parameters.split(), [_facts(part) for part in parts]
    objects = set(re.findall(r"^objects (.*)$", prompt, re.MULTILINE)[0].split())
    true, goal = ({" ".join(fact) for fact in _facts(re.findall(rf"^{word} (.*)$", prompt, re.MULTILINE)[0])} for word in WORDS)
    plan = trace.replace("[PLAN]", "").replace("[PLAN END]", "").strip()
    if not re.fullmatch(r"(\([^()]*\)\s*)*", plan):
        return False
    for name, *arguments in _facts(plan):
        parameters, parts = known.get(name, ([], []))
        if not parts or len(arguments) != len(parameters) or not objects.issuperset(arguments):
            return False
        bound = dict(zip(parameters, arguments, strict=True))
        needed, added, deleted = ({" ".join(bound.get(word, word) for word in fact) for fact in part} for part in parts)
        if not needed <= true:
            return False
        true = true - deleted | added
    return goal <= true


WORDS = ("init", "goal")


def _facts(text: str) -> list[list[str]]:
    return [fact.split() for fact in re.findall(r"\(([^()]*)\)", text)]


# ---------------------------------------------------------------- arithmetic
OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _worth(expression: str) -> Fraction | None:
    """The value of an expression of whole numbers; None where it has none."""

    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return Fraction(node.value)
        raise ValueError

    try:
        return value(ast.parse(expression.strip(), mode="eval").body)
    except (KeyError, SyntaxError, ValueError, ZeroDivisionError):
        return None


def tree_of_thoughts(prompt: str, trace: str) -> bool:
    """`Game24Task.test_output` of princeton-nlp/tree-of-thought-llm (src/tot/tasks/game24.py).

    It reads the last line up to its `=`: the numbers in it are the four given ones, and it is worth 24. No thought is read.
    """
    expression = trace.strip().split("\n")[-1].lower().replace("answer: ", "").split("=")[0]
    return sorted(re.findall(r"\d+", expression)) == sorted(re.findall(r"\d+", prompt)) and _worth(expression) == 24


def tinyzero(prompt: str, trace: str) -> bool:
    """`compute_score` of Jiayi-Pan/TinyZero (verl/utils/reward_score/countdown.py).

    It reads what stands between the answer tags of the last line: each given number is used exactly once, and the expression is
    worth the target. No line of the work is read.
    """
    *numbers, target = re.findall(r"\d+", prompt)
    answers = re.findall(r"<answer>(.*?)</answer>", trace.split("\n")[-1])
    used = re.findall(r"\d+", answers[-1]) if answers else []
    return bool(answers) and sorted(used) == sorted(numbers) and _worth(answers[-1]) == int(target)


# ---------------------------------------------------------------- Stream of Search
STATE = r"Current State: (\d+):\[(.*?)\]"
EXPLORED = r"Exploring Operation: (.*?=\d+), Resulting Numbers: \[.*?\]"
GOAL = r"\d+,\d+ equal: Goal Reached"
LEAF = r"Moving to Node #(\S+)\n.*\nExploring Operation: (\d+[-+*/]\d+)=(\d+).*\n.*unequal: No Solution"


def parse_trajectory(prompt: str, trace: str) -> bool:
    """`parse_trajectory` of kanishkg/stream-of-search (src/countdown_utils.py), the rating of a trace.

    It reads the operations of the last Current State before the first Goal Reached, and the operation explored last: each is
    calculated again, and uses numbers that are available. It means to take used numbers away, but compares numbers with texts,
    so none is ever taken away. The last result must be the target.
    """
    text = "\n".join(filter(None, (prompt, trace)))
    target, numbers = _stated(text)
    reached = re.search(GOAL, text)
    before = text[: reached.start()] if reached else ""
    explored = re.findall(EXPLORED, before)
    if not explored or int(explored[-1].split("=")[1]) != target:
        return False
    listed = re.findall(r"Current State: \d+:\[.*?\], Operations: \[(.*?)\]", before)[-1].replace("'", "")
    for operation in [*listed.split(", "), explored[-1]]:
        left, equals, right = operation.partition("=")
        if not equals or _worth(left) != int(right) or not set(_numbers(left)) <= set(numbers):
            return False
        numbers = [*numbers, int(right)]
    return True


@dataclass
class Branch:
    """A node as `SearchTree` keeps it: the numbers that its line printed, and its children by their numbers."""

    numbers: Literals
    children: dict[int, Branch] = field(default_factory=dict)


def search_tree(prompt: str, trace: str) -> bool:
    """`SearchTree` of kanishkg/stream-of-search (src/countdown_utils.py), the analysis of errors; accepted is a trace that it
    calls correct, without any error.

    It reads the Generated Node lines: the operation is right, its numbers are among those of the parent, the parent was
    generated, the id is new. The numbers that remain are asked for in a way that always holds. Of leaves called unequal it
    reads the operation, its numbers, and that nothing remains. Of the goal it reads that the node exists, and that the last
    operation is right and gives the target, not whether its numbers are there.
    """
    body, reached, _ = "\n".join(filter(None, (prompt, trace))).partition("Goal Reached")
    target, numbers = _stated(body)
    root = Branch(numbers)
    for id, remaining, left, result in re.findall(r"Generated Node #(\S+): \d+:\[(.*)\] Operation: ([\d+*/-]+)=(\d+)", body):
        *way, last = _way(id)
        parent = _found(root, way)
        if parent is None or last in parent.children or _worth(left) != int(result):
            return False
        if not set(_numbers(left)) <= set(parent.numbers):
            return False
        parent.children[last] = Branch(_numbers(remaining))
    for id, left, result in re.findall(LEAF, body):
        node = _found(root, _way(id))
        if node is None or _worth(left) != int(result) or sorted(_numbers(left)) != sorted(node.numbers):
            return False
        node.children[max(node.children, default=-1) + 1] = Branch([int(result)])
    arrivals = re.findall(r"Moving to Node #(\S+)\nCurrent State: \d+:\[.*\]\n.*Operation: \d+[-+*/]\d+=\d+", body)
    explored = re.findall(EXPLORED, body)
    if not reached or not arrivals or not explored or _found(root, _way(arrivals[-1])) is None:
        return False
    left, _, right = explored[-1].partition("=")
    return _worth(left) == int(right) == target


def _stated(text: str) -> tuple[int, list[int]]:
    target, numbers = re.findall(STATE, text)[0]
    return int(target), _numbers(numbers)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def _way(id: str) -> list[int]:
    """The numbers of the children on the way from the root to a node."""
    return _numbers(id)[1:]


def _found(root: Branch, way: Sequence[int]) -> Branch | None:
    node: Branch | None = root
    for step in way:
        node = node.children.get(step) if node else None
    return node


# ---------------------------------------------------------------- DPLL
def dpll_verifier(prompt: str, trace: str) -> bool:
    """`verify_traces` of leyanpan/GPT_Logic_Solver (sat_solver/trace_verify.py), all of its tests together.

    The answer is right. After SAT, the literals of the branches still open satisfy the formula; after UNSAT, the clauses that
    the branches given up stand for are a proof by unit propagation. Step by step: a branch is given up where a clause is false,
    or where both signs of a variable were tried; a bare literal is a unit, or occurs with one sign only; a decision's variable
    was not decided in the branches above it. In the end no clause is left, or no branch.
    """
    clauses = [[int(word) for word in clause.split()] for clause in prompt.replace("[SEP]", "").split(" 0")[:-1]]
    *words, answer = trace.split()
    if answer != ("SAT" if _satisfiable(clauses) else "UNSAT"):
        return False
    held, proof = _branches(words)
    if answer == "SAT" and not (held and all(set(clause) & set(held) for clause in clauses)):
        return False
    return (answer == "SAT" or _refutes(clauses, proof)) and _steps_hold(clauses, words, answer)


def _satisfiable(clauses: Sequence[Literals]) -> bool:
    variables = sorted({abs(literal) for clause in clauses for literal in clause})
    models = ([v if sign else -v for v, sign in zip(variables, signs, strict=True)] for signs in _signs(len(variables)))
    return any(all(set(clause) & set(model) for clause in clauses) for model in models)


def _signs(number: int) -> Iterator[tuple[bool, ...]]:
    return product((True, False), repeat=number)


def _branches(words: Sequence[str]) -> tuple[Literals, list[Literals]]:
    """The literals of the branches still open, and a clause for each branch that was given up."""
    stack: list[Literals] = [[]]
    proof: list[Literals] = []
    for word in words:
        if word == "(":
            stack.append([])
        elif word == ")":
            proof.append([-branch[0] for branch in stack[1:] if branch])
            stack.pop()
        elif word != "0":
            stack[-1].append(int(word))
    return [literal for branch in stack for literal in branch], proof


def _without(clauses: Sequence[Literals], literal: int) -> list[Literals]:
    return [[other for other in clause if other != -literal] for clause in clauses if literal not in clause]


def _conflict(clauses: list[Literals]) -> bool:
    """Whether unit propagation makes a clause false."""
    while [] not in clauses:
        unit = next((clause[0] for clause in clauses if len(clause) == 1), None)
        if unit is None:
            return False
        clauses = _without(clauses, unit)
    return True


def _refutes(clauses: list[Literals], proof: Sequence[Literals]) -> bool:
    clauses = list(clauses)
    for clause in proof:
        denied = clauses
        for literal in clause:
            denied = _without(denied, -literal)
        if not _conflict(denied):
            return False
        clauses.append(clause)
    return bool(proof) and _conflict(clauses)


def _steps_hold(clauses: list[Literals], words: Sequence[str], answer: str) -> bool:
    stack: list[list[Literals]] = [clauses]
    decided: list[tuple[int, Literals]] = [(0, [])]  # each decision, and the decisions tried below it
    units, bare = [clause[0] for clause in clauses if len(clause) == 1], True
    for word in words:
        if word == "(":
            stack.append(stack[-1])
            bare = False
        elif word == ")":
            given_up, (_, tried) = stack.pop(), decided.pop()
            both = len(tried) == 2 and sum(tried) == 0
            if not stack or not (both or [] in given_up):
                return False
        elif word != "0":
            literal = int(word)
            if bare and literal not in units and any(-literal in clause for clause in stack[-1]):
                return False
            if not bare:
                if abs(literal) in [abs(decision) for decision, _ in decided]:
                    return False
                decided[-1][1].append(literal)
                decided.append((literal, []))
            stack[-1] = _without(stack[-1], literal)
            units, bare = [clause[0] for clause in stack[-1] if len(clause) == 1], True
    return not stack[-1] if answer == "SAT" else len(stack) == 1


# ---------------------------------------------------------------- by format
SEARCHFORMER = Checker("Searchformer's evaluator", "facebookresearch/searchformer", searchformer_maze)
SOKOBAN = Checker("Searchformer's evaluator", "facebookresearch/searchformer", searchformer_sokoban)
VALIDATOR = Checker("`trace_eval_new.py`", "Atharva-Gundawar/verl", maze_validator)
LATER_VALIDATOR = Checker("`trace_eval_new.py`, later variant", "Atharva-Gundawar/verl", maze_validator_later)
SYSTEM_1X_MAZE = Checker("System-1.x's evaluation", "swarnaHub/System-1.x", system1x_maze)
SYSTEM_1X_BLOCKS = Checker("System-1.x's evaluation", "swarnaHub/System-1.x", system1x_blocksworld)
TRAJECTORY = Checker("`parse_trajectory`", "kanishkg/stream-of-search", parse_trajectory)
SEARCH_TREE = Checker("`SearchTree`", "kanishkg/stream-of-search", search_tree)
GAME24 = Checker("`test_output`", "princeton-nlp/tree-of-thought-llm", tree_of_thoughts)
COUNTDOWN = Checker("`compute_score`", "Jiayi-Pan/TinyZero", tinyzero)
DPLL = Checker("`verify_traces`", "leyanpan/GPT_Logic_Solver", dpll_verifier)
VAL = Checker("VAL", "KCL-Planning/VAL", val)

CHECKERS: dict[str, tuple[Checker, ...] | None] = {  # None: no public checker of such traces is known
    "beyond-semantics-maze": (LATER_VALIDATOR,),
    "blocksworld-moves": None,
    "checker-jumping": None,
    "countdown-expressions": (COUNTDOWN,),
    "dualformer-maze-l1": (SEARCHFORMER,),
    "dualformer-maze-l2": (SEARCHFORMER,),
    "dualformer-maze-l3": (SEARCHFORMER,),
    "dualformer-maze-l4": (SEARCHFORMER,),
    "game24-thoughts": (GAME24,),
    "graph-astar": None,
    "graph-beam": None,
    "graph-breadth-first": None,
    "graph-depth-first": None,
    "graph-dfs": None,
    "graph-dijkstra": None,
    "graph-greedy": None,
    "graph-iterative-deepening": None,
    "graph-uniform-cost": None,
    "hanoi": None,
    "river-crossing": None,
    "sat-dpll": (DPLL,),
    "searchformer-maze": (SEARCHFORMER, VALIDATOR),
    "searchformer-sokoban": (SOKOBAN,),
    "stream-of-search": (TRAJECTORY, SEARCH_TREE),
    "stream-of-search-strict": (TRAJECTORY, SEARCH_TREE),
    "strips-moves": (VAL,),
    "system-1x-blocksworld": (SYSTEM_1X_BLOCKS,),
    "system-1x-maze-astar": (SYSTEM_1X_MAZE,),
    "system-1x-maze-bfs": (SYSTEM_1X_MAZE,),
    "system-1x-maze-dfs": (SYSTEM_1X_MAZE,),
}
