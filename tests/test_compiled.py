"""The compiled engine finds what the reference finds: every event that breaks a rule, the first such rule, the same states."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import cache
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import test_expressions as expressions
from tests import test_updates as updating
from tests.command import open_once
from tests.conftest import ROOT, rows_of
from tests.packs import Lab, Pack, domain, procedure
from tests.sink import DOMAIN, PROCEDURE
from tracecourt.check import DECLARED, opened
from tracecourt.documents import read_document
from tracecourt.engines.compiled import Broken, Compiled, Outcome
from tracecourt.engines.interpreter import Interpreter, empty
from tracecourt.engines.primitives import Registers, TooLarge, Undefined
from tracecourt.engines.values import freeze, snapshot
from tracecourt.generate import Generator
from tracecourt.lint import thawed
from tracecourt.mutate import Mutator, Proposer
from tracecourt.resources import Library
from tracecourt.spec import ir
from tracecourt.spec.library import Specifications

Events = Sequence[tuple[str, tuple[Any, ...]]]
FORMATS = [name for name in Library.shipped().names("format") if not open_once(name).system.partial]
SMALL: dict[str, dict[str, Any]] = {
    "searchformer-maze": {"width": 6, "height": 6},
    "beyond-semantics-maze": {"width": 4, "height": 4},
    "stream-of-search": {"most": 3},
    "stream-of-search-strict": {"most": 3},
    "system-1x-maze-bfs": {"rows": 3, "columns": 3},
    "system-1x-maze-dfs": {"rows": 3, "columns": 3},
    "system-1x-maze-astar": {"rows": 3, "columns": 3},
    "system-1x-blocksworld": {"number": 3},
    **{name: {"nodes": 6} for name in FORMATS if name.startswith("graph-")},
}


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


# ---------------------------------------------------------------- what is compared
Found = list[tuple[int, str]]  # events that break a rule, and the first rule that they break


def reference(interpreter: Interpreter, r: Registers, events: Events) -> Iterator[tuple[int, str]]:
    """What the reference finds, and last the first rule of the declared level that is broken."""
    declared = None
    for index, (name, arguments) in enumerate(events):
        action = interpreter.actions[name]
        broken = interpreter.broken(action, r, arguments)
        sound = [rule for rule in broken if rule.level != DECLARED]
        if sound:
            yield index, sound[0].name
        declared = declared or next(((index, rule.name) for rule in broken if rule.level == DECLARED), None)
        interpreter.apply(action, r, arguments)
    yield declared or (0, "")


def driven(interpreter: Interpreter, r: Registers, events: Events) -> Iterator[tuple[int, str]]:
    """The same, found by the compiled engine, and by the reference at the events where that stops."""
    engine, left, at = compiled(interpreter), iter(events), 0
    declared: tuple[int, str] | None = None
    while True:
        outcome = engine.run(r, left, declared=declared is None)
        if outcome.declared is not None:
            declared = at + outcome.declared.event, outcome.declared.rule.name
        if outcome.broken is None:
            yield declared or (0, "")
            return
        at += outcome.broken.event + 1
        name, arguments = events[at - 1]
        broken = interpreter.broken(interpreter.actions[name], r, arguments)
        yield at - 1, outcome.broken.rule.name
        declared = declared or next(((at - 1, rule.name) for rule in broken if rule.level == DECLARED), None)
        interpreter.apply(interpreter.actions[name], r, arguments)


def state(interpreter: Interpreter, r: Registers) -> dict[str, Any]:
    """The state with the answer so far: what can be compared of it, and its order."""
    answer = interpreter.system.answer
    live = interpreter.state(r) | ({"": r[interpreter.evaluator.slot(answer.collected)]} if answer else {})
    return {name: (type(value), snapshot(value), in_order(value)) for name, value in live.items()}


def in_order(value: Any) -> list[Any] | None:
    return list(value) if hasattr(value, "__iter__") else None


@cache
def compiled(interpreter: Interpreter) -> Compiled:
    return Compiled(interpreter)


def agree(interpreter: Interpreter, start: Registers, events: Events) -> Found:
    """Assert that both engines make the same of events, of states on the way, and of the last; `start` does not change.

    The events that break a rule of a sound level, and last the first that breaks one of the declared level.
    """
    one, other = forgetful(interpreter, start), forgetful(interpreter, start)
    found: Found = []
    for expected, here in zip_longest(reference(interpreter, one, events), driven(interpreter, other, events)):
        assert here == expected
        assert state(interpreter, other) == state(interpreter, one)
        found.append(here)
    judged(interpreter, one, other)
    return [(event, rule) for event, rule in found if rule]


def judged(interpreter: Interpreter, one: Registers, other: Registers) -> None:
    """Assert that both engines judge the problem, the end and the answer alike."""
    engine = compiled(interpreter)
    assert engine.demands(other) == (not interpreter.demanded(one))
    assert engine.may_end(other) == (not interpreter.unfinished(one))
    for clause in interpreter.system.answer.clauses if interpreter.system.answer else ():
        values = [e.judged(clause, r) for e, r in ((engine, other), (interpreter, one))]
        assert freeze(values[0]) == freeze(values[1]), clause


def forgetful(interpreter: Interpreter, r: Registers) -> Registers:
    """A copy of registers that remembers no value of a function, so that no engine learns one from the other."""
    twin = interpreter.saved(r)
    for slot in interpreter.evaluator.memos:
        twin[slot] = {}
    return twin


def agree_on_row(name: str, row: dict[str, Any]) -> Found | None:
    form = open_once(name)
    document = read_document(form, row["prompt"], row["trace"])
    trial = opened(form, document, row.get("params") or {})
    steps = [(step.action.event.name, step.arguments) for step in document.steps]
    return agree(form.interpreter, trial.r, steps) if trial.r else None


# ---------------------------------------------------------------- every format
@pytest.mark.parametrize("name", FORMATS)
def test_examples_and_faults(name: str) -> None:
    examples = ROOT / "specs" / "formats" / f"{name}.examples.jsonl"
    rows = [*rows_of(examples), *rows_of(ROOT / "tests" / "faults" / f"{name}.jsonl")]
    outcomes = [agree_on_row(name, row) for row in rows]
    assert any(outcomes)
    assert any(o == [] for o in outcomes)


@pytest.mark.slow  # test_engines.py asks the same of other rows
@pytest.mark.parametrize("name", FORMATS)
def test_generated_traces_and_mutants(name: str) -> None:
    generator = Generator(open_once(name), SMALL.get(name, {}))
    rows = [*generator.rows(3, 5), *generator.rows(2, 6, declared=True), *Mutator(generator).rows(10, 7)]
    outcomes = [agree_on_row(name, row) for row in rows]
    levels = {rule.name: rule.level for rule in open_once(name).system.rules}
    assert all(o is not None and all(levels[rule] == DECLARED for _, rule in o) for o in outcomes[:5])


@pytest.mark.parametrize("name", Library.shipped().names("procedure"))
def test_trace_blocks(name: str) -> None:
    for block in SPECIFICATIONS.examples(name):
        interpreter = interpreter_over(name, block.domain)
        facts = {fact.name: empty(fact.sort) for fact in interpreter.system.facts}
        given = {key: thawed(value) for key, value in block.settings.items()}
        params = {key: value for key, value in given.items() if key not in facts}
        facts |= {key: value for key, value in given.items() if key in facts}
        start, _, _ = interpreter.problem(facts, params, lambda sort: [])
        agree(interpreter, start, [(event, tuple(freeze(thawed(a)) for a in arguments)) for event, arguments in block.events])


SPECIFICATIONS = Specifications(Library.shipped())


@cache
def interpreter_over(procedure: str, domain: str) -> Interpreter:
    return Interpreter(SPECIFICATIONS.over(procedure, domain))


def test_a_format_that_hides_a_part_of_the_run_is_refused() -> None:
    with pytest.raises(ValueError, match="hides a part"):
        Compiled(open_once("searchformer-sokoban").interpreter)


# ---------------------------------------------------------------- events that no procedure would print
RANDOM = [
    "searchformer-maze",
    "graph-astar",
    "graph-dijkstra",
    "graph-beam",
    "graph-iterative-deepening",
    "sat-dpll",
    "strips-moves",
]


@cache
def problems(name: str) -> list[tuple[Registers, Events]]:
    """A few problems of a format, each with a run."""
    generator, found = Generator(open_once(name), SMALL.get(name, {})), []
    for seed in range(4):
        problem = generator.problem(Random(seed))
        events = generator.run(problem, Random(seed))
        found.append((generator.start(problem), [(action.event.name, arguments) for action, arguments in events]))
    return found


@pytest.mark.parametrize("name", RANDOM)
@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 10**6))
def test_each_event_from_any_state_that_believed_violations_lead_to(name: str, seed: int) -> None:
    random, interpreter = Random(seed), open_once(name).interpreter
    start, run = random.choice(problems(name))
    r = interpreter.saved(start)
    for event, arguments in faulty(interpreter, run, random):
        agree(interpreter, r, [(event, arguments)])
        interpreter.apply(interpreter.actions[event], r, arguments)


def faulty(interpreter: Interpreter, run: Events, random: Random) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Events of a run, some left out, some exchanged for others, some with other arguments."""
    propose = Proposer(lambda sort: [], random)
    for event, arguments in run:
        kind = random.random()
        if kind < 0.15:
            continue
        if kind < 0.25:
            yield random.choice(run)
        parameters = interpreter.actions[event].event.parameters
        if kind < 0.45 and parameters:
            place = random.randrange(len(parameters))
            near = propose.near(parameters[place].sort, arguments[place])
            arguments = (*arguments[:place], random.choice(near), *arguments[place + 1 :]) if near else arguments
        yield event, freeze(arguments)


# ---------------------------------------------------------------- terms with and without a value
MORE = [
    ("int", "least n in [2, 1] by 0"),
    ("int", "min(n for n in l if n > 9) ?? -1"),
    ("set int", "s - sets[9]"),
    ("set int", "{n for n in s if n > 9} - sets[9]"),
    ("list int", "l - [n for n in l if m[n] = 10]"),
    ("list (list int)", "[numbers(n, 3) for n in l] + [l]"),
    ("map int -> set int", "{n: sets[n] ?? {} for n in l}"),
    ("set (set int)", "{sets[n] ?? s for n in l} - {sets[1]}"),
    ("bool", "1 in [n for n in l if m[n] > 1]"),
    ("bool", "3 in [n for n in l if m[n] > 1]"),
    ("bool", "1 in (if m[9] = 1 then l else [lost])"),
    ("bool", "1 in (if m[1] = 10 then l else [lost])"),
    ("bool", "sets[1] = {2, 1} and not (sets[9] = {1})"),
    ("bool", "(m[9] = 1 => lost = 2) and (m[9] = 1 or m[1] = 10)"),
]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, dict[str, ir.Function]]:
    """Every expression of the tables in `test_expressions.py`, as a function of one system; by its text."""
    rows = [
        *(("rational", *row) for row in table(expressions, "test_numbers")),
        *(("bool", *row) for row in table(expressions, "test_truth")),
        *(("bool", *row) for row in table(expressions, "test_an_atom_with_a_term_without_value_is_false")),
        *((sort, expression, None) for sort, expression in MORE),
        *table(expressions, "test_terms"),
    ]
    made = Pack(tmp_path_factory.mktemp("expressions"))
    made.grammar()
    made.write(domain(expressions.SETTING))
    made.write(procedure("state\n  nothing: set int"))
    items = "".join(f"  def it{i}: {sort} =\n    {expression}\n" for i, (sort, expression, _) in enumerate(rows))
    made.write(f"format lab\n  grammar lab\n  domain lab\n  procedure lab\n{items}")
    lab = Lab(made.specifications.format("lab"), {})
    functions = {f.name: f for f in lab.system.functions}
    return lab, {f"{sort} {expression}": functions[f"it{i}"] for i, (sort, expression, _) in enumerate(rows)}


def table(module: Any, test: str) -> list[tuple[Any, ...]]:
    """The rows of a parametrized test."""
    (mark,) = (m for m in getattr(module, test).pytestmark if m.name == "parametrize")
    return [row.values for row in mark.args[1]]


def test_every_expression_has_the_same_value(asked: tuple[Lab, dict[str, ir.Function]]) -> None:
    lab, functions = asked
    assert len(functions) > 180
    assert [text for text, f in functions.items() if assigned(lab, f) != expected(lab, f)] == []


def test_every_condition_holds_alike(asked: tuple[Lab, dict[str, ir.Function]]) -> None:
    lab, functions = asked
    conditions = {text: f for text, f in functions.items() if text.startswith("bool ")}
    assert [text for text, f in conditions.items() if required(lab, f.body) != expected(lab, f)] == []


def expected(lab: Lab, f: ir.Function) -> Any:
    try:
        return freeze(lab.interpreter.evaluator.code(ir.Call(f.sort, f.span, f, ()))(forgetful(lab.interpreter, lab.r)))
    except Undefined:
        return "no value"


def assigned(lab: Lab, f: ir.Function) -> Any:
    """The value that the compiled engine assigns to a variable."""
    found = ir.Symbol("found", f.sort, "state")
    call = ir.Call(f.sort, f.span, f, ())
    r = ran(lab, f, ir.Event("ask", (), (), (ir.Update("assign", found, None, call),), "", f.span, f.source), found)[0]
    return freeze(r[lab.interpreter.evaluator.slot(found)])


def required(lab: Lab, condition: ir.Expr) -> bool:
    """Whether the compiled engine finds a rule kept."""
    f = lab.system.functions[0]
    rule = ir.Rule("ask/it", "grounded", condition, ir.Template(()), f.span, f.source)
    return ran(lab, f, ir.Event("ask", (), (rule,), (), "", f.span, f.source))[1].broken is None


def ran(lab: Lab, f: ir.Function, event: ir.Event, *variables: ir.Symbol) -> tuple[Registers, Outcome]:
    """One event, of a system that is the lab's with this event and these variables."""
    twin = copy(lab.interpreter)
    state = (*lab.system.state, *(ir.Variable(v, ir.Const(v.sort, f.span, None)) for v in variables))
    twin.system = replace(lab.system, events={"ask": event}, shown={"ask": ()}, state=state)
    r = [*forgetful(lab.interpreter, lab.r), *["no value"] * 300]
    return r, Compiled(twin).run(r, [("ask", ())])


@pytest.mark.parametrize("many", ["Big", "numbers(1, 100002)", "subsets(9, numbers(1, 99))", "sequences(9, numbers(1, 99))"])
def test_a_budget_runs_out_alike(pack: Pack, many: str) -> None:
    rule = f'require grounded few: size({many}) < 9\n    else ""'
    lab = pack.lab(procedure=f"sort Big = (a: 0..9999, b: 0..9999)\nevent go()\n  {rule}\n")
    with pytest.raises(TooLarge):
        compiled(lab.interpreter).run(lab.r, [("go", ())])


OPTIONALS = """\
state
  here: int?
  maybe: set int? = {none, 1}
event go(k: int?)
  require declared in-set: here + 0 in maybe
    else ""
  require declared as-element: here in maybe
    else ""
  here := k
"""


def test_none_may_be_an_element(pack: Pack) -> None:
    lab = pack.lab(procedure=OPTIONALS)
    for arguments in ([(1,), (None,)], [(None,), (None,)], [(1,), (2,)]):
        agree(lab.interpreter, lab.r, [("go", a) for a in arguments])


PRESENT = """\
state
  here: int?
  found: list int
  kept: int = 0
event go(k: int?, n: int)
  require grounded more: here != none and (if here = none then 0 else here) + n > 0 => n != here
    else ""
  require declared fewer: (if here = none or n = 1 then 0 else here + 1) < 5
    else ""
  found := if here != none then [here + m for m in found + [n] if here = none or m > here] else [n]
  when here != none
    kept := here + 1
    here := k
    kept := here + kept
    when here != none
      kept := kept + here
  here := k
"""


@settings(deadline=None)
@given(steps=st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 3)), st.integers(0, 3)), max_size=6))
def test_what_is_known_not_to_be_none_is_known_until_it_changes(steps: list[Any], tmp_path_factory: Any) -> None:
    if not LABS:
        LABS.append(Pack(tmp_path_factory.mktemp("present")).lab(procedure=PRESENT))
    agree(LABS[0].interpreter, LABS[0].r, [("go", step) for step in steps])


LABS: list[Lab] = []


def test_what_python_cannot_nest_is_asked_of_the_reference(pack: Pack) -> None:
    depth = 30
    loops = "".join(f"any x{i} in s: " for i in range(depth))
    total = " + ".join(f"x{i}" for i in range(depth))
    items = f'state\n  s: set int = {{1}}\nevent go(n: int)\n  require grounded deep: {loops}{total} = n\n    else ""\n'
    lab = pack.lab(procedure=items)
    assert not agree(lab.interpreter, lab.r, [("go", (depth,))])
    assert agree(lab.interpreter, lab.r, [("go", (depth - 1,))])


# ---------------------------------------------------------------- updates
UPDATES = [row[0] for row in table(updating, "test_updates")]


@pytest.mark.parametrize("updates", UPDATES, ids=map(str, range(len(UPDATES))))
def test_updates(pack: Pack, updates: str) -> None:
    lab = pack.lab(procedure=f"{updating.STATE}\nevent go()\n{updating.indented(updates)}\n")
    agree(lab.interpreter, lab.r, [("go", ())] * 3)


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    items = updating.QUEUE + (
        "event check(n: int, k: rational)\n"
        '  require grounded key: key(open, n) = k\n    else ""\n'
        '  require ordered best: n in bests(open) and k = best(open)\n    else ""\n'
        '  require declared first: n = first(bests(open))\n    else ""\n'
        '  require declared least: n = least m in [x for x in keys(open) if open[x].g > 0] by key(open, m)\n    else ""\n'
        '  require declared many: sum(n for n, e in open) + size(open) + sum(keys(alone)) > 5\n    else ""\n'
    )
    return Pack(tmp_path_factory.mktemp("queue")).lab(procedure=items)


NUMBER = st.integers(0, 3)
STEP = st.one_of(
    st.tuples(st.just("put"), st.tuples(NUMBER, NUMBER, NUMBER)),
    st.tuples(st.just("take"), st.tuples(NUMBER)),
    st.tuples(st.just("check"), st.tuples(NUMBER, NUMBER)),
)


@settings(deadline=None)
@given(steps=st.lists(STEP, max_size=20))
def test_queues(queue: Lab, steps: list[tuple[str, tuple[int, ...]]]) -> None:
    r = queue.interpreter.saved(queue.r)
    for name, arguments in steps:
        agree(queue.interpreter, r, [(name, arguments)])
        queue.interpreter.apply(queue.interpreter.actions[name], r, arguments)
    agree(queue.interpreter, queue.r, steps)


def sink(pack: Pack) -> Lab:
    pack.write(DOMAIN)
    pack.write(PROCEDURE)
    facts = {"start": 0, "hint": 1, "goal": {1: True, 3: True}, "edge": {(0, 1): 2, (1, 2): 1, (2, 3): 1}, "path": [0, 1]}
    facts |= {"tint": {0: "red", 1: "blue"}, "word": "w", "on": True, "sum": 1}
    return Lab(pack.specifications.over("sink", "sink"), facts, params={"weight": 2})


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["make", "take", "plan"]), st.integers(0, 5), st.integers(0, 3)), max_size=12))
def test_the_procedure_that_keeps_its_nodes_in_everything(tmp_path_factory: pytest.TempPathFactory, steps: list[Any]) -> None:
    lab = sink_once(tmp_path_factory)
    r = lab.interpreter.saved(lab.r)
    for name, n, g in steps:
        arguments = (n, g) if name == "make" else (n,)
        agree(lab.interpreter, r, [(name, arguments)])
        lab.interpreter.apply(lab.interpreter.actions[name], r, arguments)


SINK: list[Lab] = []


def sink_once(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    if not SINK:
        SINK.append(sink(Pack(tmp_path_factory.mktemp("sink"))))
    return SINK[0]


# ---------------------------------------------------------------- the contract
COUNTER = """\
state
  n: int = 0
  seen: set int
event go(k: int)
  require declared even: k mod 2 = 0
    else ""
  require grounded new: k not in seen
    else ""
  n := n + k
  seen += k
"""


def test_a_run_goes_on_from_the_state_that_it_finds(pack: Pack) -> None:
    lab = pack.lab(procedure=COUNTER)
    engine = compiled(lab.interpreter)
    assert engine.run(lab.r, [("go", (2,)), ("go", (4,))]) == Outcome(None, None)
    assert engine.run(lab.r, [("go", (6,))]) == Outcome(None, None)
    assert (lab.value("n"), lab.value("seen")) == (12, {2, 4, 6})


def test_a_run_stops_before_the_first_event_that_breaks_a_rule(pack: Pack) -> None:
    lab = pack.lab(procedure=COUNTER)
    events = iter([("go", (2,)), ("go", (3,)), ("go", (5,)), ("go", (2,)), ("go", (4,))])
    outcome = compiled(lab.interpreter).run(lab.r, events)
    assert (named(outcome.broken), named(outcome.declared)) == ((3, "go/new"), (1, "go/even"))
    assert (lab.value("n"), lab.value("seen")) == (10, {2, 3, 5})
    assert compiled(lab.interpreter).run(lab.r, events) == Outcome(None, None)
    assert lab.value("n") == 14


def test_rules_of_the_declared_level_are_passed_over_if_no_one_asks(pack: Pack) -> None:
    lab = pack.lab(procedure=COUNTER)
    assert compiled(lab.interpreter).run(lab.r, [("go", (3,)), ("go", (5,))], declared=False) == Outcome(None, None)
    outcome = compiled(lab.interpreter).run(lab.r, [("go", (3,))])
    assert (named(outcome.broken), named(outcome.declared)) == ((0, "go/new"), (0, "go/even"))


def named(broken: Broken | None) -> tuple[int, str] | None:
    return broken and (broken.event, broken.rule.name)


def test_an_unknown_event_and_a_wrong_number_of_arguments_are_errors(pack: Pack) -> None:
    lab = pack.lab(procedure=COUNTER)
    with pytest.raises(KeyError):
        compiled(lab.interpreter).run(lab.r, [("come", ())])
    with pytest.raises(ValueError, match="unpack"):
        compiled(lab.interpreter).run(lab.r, [("go", (1, 2))])


# ---------------------------------------------------------------- the text
def test_no_text_of_a_specification_becomes_code(pack: Pack) -> None:
    evil = "') or exec('raise SystemExit') or ('"
    rule = f'require grounded if-else: class = "{evil}"\n    else "{evil}"'
    items = f'state\n  lambda: text = "a"\nevent import_(class: text)\n  {rule}\n  lambda := class\n'
    lab = pack.lab(procedure=items)
    source = compiled(lab.interpreter).source
    assert not agree(lab.interpreter, lab.r, [("import_", (evil,))])
    constants = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    texts = [value for value in constants if isinstance(value, str)]
    assert sorted(texts) == sorted([evil, "import_"])


@pytest.mark.parametrize("name", FORMATS)
def test_the_text_calls_nothing_but_what_is_handed_to_it(name: str) -> None:
    tree = ast.parse(compiled(open_once(name).interpreter).source)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    plain = {"abs", "all", "dict", "enumerate", "len", "list", "max", "min", "sorted", "sum", "tuple"}
    handed = {"Broken", "KeyError", "Memo", "Outcome", "drop", "frozen", "item", "nothing", "shortest", "shut"}
    assert {c for c in called - plain - handed if not re.fullmatch(r"(do|in)_\w+|(do|ask|c)\d+(_\w+)?", c)} == set()
    assert not any(isinstance(node, ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal) for node in ast.walk(tree))


def test_the_same_system_has_the_same_text() -> None:
    form = open_once("graph-astar")
    assert Compiled(form.interpreter).source == Compiled(Interpreter(form.system)).source
    assert json.dumps(Compiled(form.interpreter).source).isascii()
