"""`identify`: which procedures explain a trace, under which settings, and how ties are broken."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice, pairwise
from random import Random
from typing import Any

import pytest

import tracecourt as tc
from tests.command import MALFORMED, PROMPT, SOUND, TRUNCATED, UNSOUND, Desk, jsonl, lines, open_once, orderly, pack, row
from tests.test_cli import MAZE, SMALL, TWICE, VAST, WIDE
from tests.test_contract import NULL, conforms
from tracecourt.candidates import Candidate, decisive
from tracecourt.check import check
from tracecourt.formats import open_format
from tracecourt.generate import Generator
from tracecourt.identify import SCHEMA, SETTINGS, Case, Identification, Identifier, Solved
from tracecourt.ties import Ties

GRAPHS = ("astar", "beam", "breadth-first", "depth-first", "dijkstra", "greedy", "iterative-deepening", "uniform-cost")
FORMATS = ("searchformer-maze", "system-1x-maze-astar", *(f"graph-{name}" for name in GRAPHS))
SMALLER = {"searchformer-maze": {"width": 6, "height": 5}}
ROWS = 3

identifier = cache(lambda name: Identifier(open_once(name)))


@cache
def generated(name: str, seed: int = 1) -> tuple[dict[str, Any], ...]:
    return tuple(Generator(open_once(name), SMALLER.get(name, {})).rows(ROWS, seed))


def identified(name: str, given: dict[str, Any]) -> Identification:
    return identifier(name).identify(given["prompt"], given["trace"], given.get("params"), given.get("id", ""))


def named(found: Identification) -> dict[str, Any]:
    return {h.name: h for h in found.procedures}


# ---------------------------------------------------------------- procedures
SEARCHES = {"astar", "beam", "breadth-first", "depth-first", "dijkstra", "greedy", "iterative-deepening", "uniform-cost-lazy"}
TOLD = {"told-astar", "told-breadth-first", "told-depth-first"}


@pytest.mark.parametrize(
    ("name", "procedures"),
    [
        ("searchformer-maze", SEARCHES),
        ("beyond-semantics-maze", SEARCHES),
        ("searchformer-sokoban", SEARCHES),
        ("dualformer-maze-l1", SEARCHES),
        ("graph-beam", SEARCHES),
        ("system-1x-maze-bfs", TOLD),
        ("graph-dfs", {"depth-first-preorder"}),
        ("hanoi", {"hanoi"}),
    ],
)
def test_the_procedures_that_fit_a_text_are_tried(name: str, procedures: set[str]) -> None:
    found = identifier(name).candidates
    assert {candidate.name for candidate in found} == procedures
    assert found[0].name == open_once(name).system.procedure


@pytest.mark.parametrize("name", FORMATS)
def test_a_generated_trace_is_explained_by_its_own_procedure(name: str) -> None:
    own = open_once(name).system.procedure
    for given in generated(name):
        found = identified(name, given)
        explained = named(found)[own]
        assert (explained.verdict, explained.violations, explained.changed) == ("sound", 0, {})
        assert found.procedures[0].name == own
        assert (found.verdict, found.nearest, found.id) == ("sound", None, given["id"])


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_said_of_a_hypothesis_is_what_the_reference_says(name: str) -> None:
    given = generated(name)[0]
    forms = {candidate.name: candidate.form for candidate in identifier(name).candidates}
    for found in identified(name, given).procedures:
        for changed in (found.changed, *found.agree):
            form, params = forms[found.name], given["params"] | changed
            report = check(form, given["prompt"], given["trace"], params, engine="interpreter")
            assert (report.verdict, report.rule, report.event) == (found.verdict, found.rule, found.event)
            assert len({violation.event for violation in report.violations}) == found.violations


def exchanged(name: str, seed: int) -> Iterator[dict[str, Any]]:
    """Rows in which two expansions that stand beside each other in the list of expansions are exchanged."""
    generator = Generator(open_once(name), SMALLER.get(name, {}))
    for index in range(ROWS):
        random = Random(f"{seed}/{index}")
        problem = generator.problem(random)
        events = generator.run(problem, random)
        closes = [at for at, (action, _) in enumerate(events) if action.event.name == "close"]
        for one, other in pairwise(closes):
            mutant = list(events)
            mutant[one], mutant[other] = mutant[other], mutant[one]
            yield generator.row(f"{name}-{index}-{one}", problem, mutant, {})


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "system-1x-maze-astar"])
def test_what_is_refuted_is_never_explained_by_the_same_settings(name: str) -> None:
    form, refuted = open_once(name), 0
    for given in islice(exchanged(name, 2), 8):
        report = check(form, given["prompt"], given["trace"], given["params"], engine="interpreter")
        if report.verdict == "unsound":
            refuted += 1
            found = identified(name, given)
            own = named(found)[form.system.procedure]
            assert not own.explains or own.changed
            assert {} not in [own.changed, *own.agree] or own.rule == report.rule
            assert found.explained or found.nearest == found.procedures[0]
    assert refuted > 1


def test_hypotheses_stand_in_order() -> None:
    for name in FORMATS:
        found = identified(name, generated(name)[1]).procedures
        assert [h.explains for h in found] == sorted((h.explains for h in found), reverse=True)
        refuted = [h.violations for h in found if not h.explains]
        assert refuted == sorted(refuted)
        assert all(refuted)


# ---------------------------------------------------------------- settings
def test_only_parameters_that_can_change_a_verdict_are_varied() -> None:
    varied = {c.name: [p.symbol.name for p in c.varied] for c in identifier("graph-astar").candidates}
    assert varied["astar"] == ["weight", "reopen", "announced"]  # not `ties`, which the declared level alone asks for
    assert (varied["beam"], varied["breadth-first"], varied["greedy"]) == (["beam"], ["early"], [])


def test_what_only_the_declared_level_asks_for_is_not_decisive() -> None:
    system = open_once("searchformer-maze").system
    names = {symbol.name for symbol in decisive(system) if symbol.kind != "local"}
    assert {"open", "due", "weight", "reopen", "announced", "directions", "wall"} <= names
    assert "ties" not in names


SET = [
    pytest.param("graph-astar", {"weight": 3}, {"reopen": False}, id="closed nodes stay closed"),
    pytest.param("graph-astar", {}, {"announced": False}, id="the start is not announced"),
    pytest.param("graph-breadth-first", {}, {"early": True}, id="it ends when a goal is created"),
    pytest.param("graph-beam", {}, {"beam": 4}, id="a wider beam"),
    pytest.param("graph-beam", {}, {"beam": 1}, id="a narrow beam"),
]


@pytest.mark.parametrize(("name", "given", "hidden"), SET)
def test_settings_are_recovered_from_traces(name: str, given: dict[str, Any], hidden: dict[str, Any]) -> None:
    needed = 0
    for made in Generator(open_once(name), {"nodes": 12} | given | hidden).rows(20, 3):
        found = named(identified(name, made | {"params": {"nodes": 12} | given}))[open_once(name).system.procedure]
        assert found.verdict == "sound"
        needed += found.changed == given | hidden
    assert needed


def test_what_is_given_is_not_varied() -> None:
    (given,) = Generator(open_once("graph-astar"), {"announced": False}).rows(1, 3)
    plain = identified("graph-astar", given | {"params": {"announced": True}})
    assert named(plain)["astar"].rule == "create/no-parent" or not named(plain)["astar"].explains
    assert named(identified("graph-astar", given))["astar"].tried == 2  # reopen, and not announced
    with pytest.raises(tc.InputError, match="parameter reopen: 3 is not true or false"):
        identified("graph-astar", given | {"params": {"reopen": 3}})


def test_a_value_that_suits_another_procedure_only_is_given_to_that_one() -> None:
    given = generated("graph-beam")[0]
    found = named(identified("graph-beam", given | {"params": {"beam": 3, "early": "late", "weight": []}}))
    assert found["beam"].params == {"beam": 3}
    assert found["breadth-first"].params["early"] in (True, False)
    assert found["astar"].params["weight"] == 1


LAB = {
    "grammars/lab.lark": """
        document: prompt trace
        prompt: "from" INT -> start
        trace: step*
        step: "go" INT -> go
        INT: /0|[1-9][0-9]*/
        %ignore / +/
        """,
    "specs/domains/lab.spec": """
        domain lab
          "Numbers."
          sort Node = int
          fact start: Node
        """,
    "specs/procedures/hops.spec": """
        procedure hops
          "From each number to one that is a step higher, or a skip; six switches turn it into something else."
          needs sort Node
          needs start: Node
          param step: int = 9
          param colour: enum {red, green} = red
          param a: bool = false
          param b: bool = false
          param c: bool = false
          param d: bool = false
          param e: bool = false
          param f: bool = false
          state
            at: Node = start
            taken: int = 0
          event go(n: Node)
            require grounded not-there: n = at + step + (if a or b or c or d or e or f then 100 else 0)
              else "{n}"
            require declared green: colour = green
              else "{colour}"
            at := n
        """,
    "specs/procedures/climbs.spec": """
        procedure climbs
          "Ever higher."
          needs sort Node
          needs start: Node
          param strict: bool = true
          state
            at: Node = start
          event go(number: Node)
            require ordered not-higher: number > at or (number = at and not strict)
              else "{number}"
            at := number
        """,
    "specs/procedures/needy.spec": """
        procedure needy
          needs sort Node
          needs goal: Node
          event go(n: Node)
            require grounded far: n = goal
              else "{n}"
        """,
    "specs/procedures/faulty.spec": """
        procedure faulty
          event go(n: int)
            require grounded far: nothing
              else "{n}"
        """,
    "specs/procedures/other.spec": """
        procedure other
          param step: enum {long, short} = long
          event go(n: int)
            require grounded far: n > 0
              else "{step}"
        """,
    "specs/procedures/wordy.spec": """
        procedure wordy
          event go(n: int, m: int)
            require grounded far: n = m
              else "{n}"
        """,
    "specs/formats/lab.spec": """
        format lab
          "Hops."
          source "https://example.org"
          grammar lab
          domain lab
          procedure hops
          set step = 7
          set colour = green
        """,
    "specs/formats/half.spec": """
        format half
          "Only the halves are printed."
          source "https://example.org"
          grammar lab
          domain lab
          procedure climbs
          shows go.number as int = number div 2
        """,
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Identifier:
    folder = tmp_path_factory.mktemp("lab")
    pack(LAB, str(folder))
    return Identifier(open_format(str(folder / "specs/formats/lab.spec")))


def test_procedures_beside_a_format_are_tried_if_they_fit_and_are_in_order(lab: Identifier) -> None:
    assert [c.name for c in lab.candidates] == ["hops", "climbs"]
    hops, climbs = lab.candidates
    assert (hops.defaults["step"], hops.defaults["colour"], climbs.defaults) == (7, "green", {"strict": True})


def test_a_format_keeps_what_it_says_of_events_that_are_there(desk: Desk) -> None:
    pack(LAB, "lab")
    half = Identifier(open_format("lab/specs/formats/half.spec"))
    partial = {c.name: c.form.system.partial for c in half.candidates}
    assert partial == {"climbs": True, "hops": False, "other": False}  # whose argument has another name


TRIED = [  # text, then for each procedure: verdict, what is changed, violations, how many settings were tried and were not
    pytest.param("from 1 go 8 go 15", ("sound", {}, 0, 32, 32), ("sound", {}, 0, 2, 0), id="as it is set"),
    pytest.param("from 1 go 108", ("sound", {"a": True}, 0, 32, 32), ("sound", {}, 0, 2, 0), id="the smallest change"),
    pytest.param("from 1 go 4 go 7", ("unsound", {}, 2, 32, 352), ("sound", {}, 0, 2, 0), id="too many settings"),
    pytest.param("from 1 go 1 go 2", ("unsound", {}, 2, 32, 352), ("sound", {"strict": False}, 0, 2, 0), id="the other one"),
    pytest.param("from 1 go 0 go 8 go 9", ("unsound", {}, 3, 32, 352), ("unsound", {}, 1, 2, 0), id="neither"),
    pytest.param("from 1", ("sound", {}, 0, 32, 32), ("sound", {}, 0, 2, 0), id="no event"),
]


@pytest.mark.parametrize(("text", "hops", "climbs"), TRIED)
def test_few_changes_come_first_and_their_number_is_bounded(lab: Identifier, text: str, hops: Any, climbs: Any) -> None:
    found = named(lab.identify("", text))
    told = {n: (str(h.verdict), h.changed, h.violations, h.tried, h.untried) for n, h in found.items()}
    assert told == {"hops": hops, "climbs": climbs}
    assert SETTINGS == 32


def test_small_numbers_are_tried_where_nothing_else_explains(lab: Identifier) -> None:
    switches = dict.fromkeys("abcdef", False)
    found = named(lab.identify("", "from 1 go 4 go 7", switches))["hops"]
    assert (found.verdict, found.changed, found.tried, found.untried) == ("sound", {"step": 3}, 6, 0)
    assert named(lab.identify("", "from 1 go 4", switches | {"step": 8}))["hops"].tried == 1


def test_violations_are_counted_beyond_those_that_a_report_lists(lab: Identifier) -> None:
    text = "from 1" + " go 0" * 250
    assert {n: h.violations for n, h in named(lab.identify("", text)).items()} == {"hops": 250, "climbs": 1}
    assert len(check(lab.form, "", text).violations) == 100


# ---------------------------------------------------------------- ties
def ties(name: str, given: dict[str, Any]) -> Ties:
    (found,) = identified(name, given).ties
    return found


BROKEN = [
    pytest.param("graph-astar", {"ties": "first_in"}, "first in", {"last in"}, id="first in"),
    pytest.param("graph-astar", {"ties": "least_g"}, "lower g", {"higher g", "lower h"}, id="least g"),
    pytest.param("searchformer-maze", {"width": 6, "height": 6}, "lower rank", {"higher rank", "last in"}, id="rank"),
]


@pytest.mark.parametrize(("name", "params", "preference", "others"), BROKEN)
def test_the_declared_tie_break_is_recovered(name: str, params: dict[str, Any], preference: str, others: set[str]) -> None:
    choices, never = 0, set(others)
    number = 60 if name.startswith("graph") else 12
    for given in Generator(open_once(name), params).rows(number, 4, declared=True):
        found = ties(name, given)
        choices += found.choices
        explains = {p.name for p in found.preferences if p.explains}
        assert preference in explains or not found.choices
        never -= {p.name for p in found.preferences if found.choices and not p.explains}
    assert choices > 10
    assert not never  # each of the others is refuted by some trace


FAN = "start 0 goal 4 edge 0 1 1 edge 0 2 2 edge 0 3 3 edge 1 4 9 edge 2 4 9 edge 3 4 9 h 1 4 h 2 3 h 3 2 h 4 0"
OPEN = "create 0 0 0 close 0 0 0 create 1 1 4 create 2 2 3 create 3 3 2 "
FIRST, SECOND, THIRD = "close 1 1 4 create 4 10 0 ", "close 2 2 3 create 4 11 0 ", "close 3 3 2 create 4 12 0 "
CHOSEN = [
    pytest.param(OPEN + FIRST, 1, {"first in", "lower g", "higher h", "smaller node"}, id="the first of three"),
    pytest.param(OPEN + THIRD, 1, {"last in", "higher g", "lower h", "greater node"}, id="the last of three"),
    pytest.param(OPEN + SECOND, 1, set(), id="the middle one"),
    pytest.param(
        OPEN + FIRST + "close 2 2 3 close 3 3 2", 2, {"first in", "lower g", "higher h", "smaller node"}, id="in turn"
    ),
    pytest.param(OPEN + FIRST + "close 3 3 2 close 2 2 3", 2, set(), id="first and last"),
    pytest.param("create 0 0 0 close 0 0 0 create 2 2 3 create 1 1 4 create 3 3 2 " + SECOND, 1, {"first in"}, id="by place"),
]


@pytest.mark.parametrize(("trace", "choices", "explaining"), CHOSEN)
def test_preferences_are_told_apart_by_what_is_taken(trace: str, choices: int, explaining: set[str]) -> None:
    found = ties("graph-astar", row(trace, prompt=FAN))
    assert (found.procedure, found.queue, found.choices) == ("astar", "open", choices)
    assert {p.name for p in found.explaining} == explaining
    assert all(p.decides and not p.then for p in found.explaining)


def naively(trace: str) -> tuple[int, dict[str, int]]:
    """The choices among equals of an A* trace in a graph, and how many of them preferences explain, from the words alone."""
    words, came, waiting = trace.split(), 0, {}
    choices, kept = 0, dict.fromkeys(("first in", "last in", "lower g", "higher g", "lower h", "higher h", "smaller node"), 0)
    for at in (at for at, word in enumerate(words) if word in ("create", "close")):
        node, g, h = map(int, words[at + 1 : at + 4])
        if words[at] == "create":
            came += 1
            waiting[node] = (g, h, waiting[node][2] if node in waiting else came)
            continue
        tied = {n: entry for n, entry in waiting.items() if entry[0] + entry[1] == g + h}
        if len(tied) > 1:
            choices += 1
            for name, index in (("g", 0), ("h", 1)):
                values = [entry[index] for entry in tied.values()]
                kept[f"lower {name}"] += tied[node][index] == min(values)
                kept[f"higher {name}"] += tied[node][index] == max(values)
            kept["first in"] += tied[node][2] == min(entry[2] for entry in tied.values())
            kept["last in"] += tied[node][2] == max(entry[2] for entry in tied.values())
            kept["smaller node"] += node == min(tied)
        del waiting[node]
    return choices, kept


def test_a_naive_count_agrees() -> None:
    total = 0
    for given in Generator(open_once("graph-astar"), {"nodes": 20}).rows(40, 8):
        found = ties("graph-astar", given)
        kept = {p.name: p.kept for p in found.preferences}
        choices, expected = naively(given["trace"])
        assert (found.choices, {name: kept[name] for name in expected}) == (choices, expected)
        total += choices
    assert total > 20


def test_what_a_preference_leaves_open_another_may_explain() -> None:
    prompt = FAN.replace("edge 0 2 2", "edge 0 2 1").replace("h 2 3", "h 2 4")
    trace = "create 0 0 0 close 0 0 0 create 1 1 4 create 2 1 4 create 3 3 2 close 2 1 4"
    by = {p.name: p for p in ties("graph-astar", row(trace, prompt=prompt)).preferences}
    assert (by["lower g"].explains, by["lower g"].decides, by["lower g"].decided) == (True, False, 0)
    assert (by["lower g"].then, by["higher g"].explains, by["first in"].explains) == ((), False, False)
    trace += " create 4 10 0 close 1 1 4"  # now one of two only
    by = {p.name: p for p in ties("graph-astar", row(trace, prompt=prompt)).preferences}
    assert (by["lower g"].explains, by["lower g"].decided) == (True, 1)
    assert by["lower g"].then == ("last in", "greater node")


def test_choices_are_those_of_the_first_procedure_that_chooses_by_a_key() -> None:
    given = generated("graph-depth-first")[0]
    found = identified("graph-depth-first", given)
    chooses = {"astar", "dijkstra", "greedy", "uniform-cost-lazy"}
    assert [t.procedure for t in found.ties] == [h.name for h in found.explained if h.name in chooses][:1]
    assert [bool(c.choices) for c in identifier("graph-astar").candidates] == [
        c.name in chooses for c in identifier("graph-astar").candidates
    ]
    assert not identifier("dualformer-maze-l1").candidates[0].choices  # the text hides what it chooses from


# ---------------------------------------------------------------- every text gets an answer
TEXTS = [
    pytest.param(row(MALFORMED), "malformed", id="unknown word"),
    pytest.param(row("\ud800\x00"), "malformed", id="no text"),
    pytest.param(row(b"\xff\xfe"), "malformed", id="no UTF-8"),
    pytest.param(row(prompt="start 0 0"), "malformed", id="no goal"),
    pytest.param(row(prompt="start 0 0 goal 1 0 wall 0 0"), "malformed", id="no problem"),
    pytest.param(row("", prompt=""), "truncated", id="empty"),
    pytest.param(row(""), "truncated", id="nothing yet"),
    pytest.param(row(TRUNCATED), "truncated", id="truncated"),
    pytest.param(row(SOUND), "sound", id="sound"),
    pytest.param(row("eos"), "unsound", id="only the end"),
    pytest.param(row(UNSOUND), "unsound", id="unsound"),
]
HYPOTHESIS = {
    "name": str,
    "params": dict,
    "changed": dict,
    "verdict": ("sound", "unsound", "truncated", "unknown"),
    "violations": int,
    "rule": (str, NULL),
    "event": (int, NULL),
    "message": str,
    "agree": [dict],
    "tried": int,
    "untried": int,
    "intervals": {},
}
PREFERENCE = {
    "name": str,
    "by": str,
    "least": (True, False),
    "kept": int,
    "decided": int,
    "explains": (True, False),
    "decides": (True, False),
    "then": [str],
}
IDENTIFICATION = {
    "schema": SCHEMA,
    "id": "a",
    "format": "searchformer-maze",
    "events": int,
    "verdict": ("sound", "unsound", "malformed", "truncated", "unknown"),
    "message": str,
    "procedures": [HYPOTHESIS],
    "nearest": (HYPOTHESIS, NULL),
    "ties": [{"procedure": str, "queue": str, "choices": int, "explained_by": [str], "preferences": [PREFERENCE]}],
    "weight": NULL,
    "weight_of": NULL,
    "weight_open": [(True, False)],
    "weight_gaps": (True, False),
    "heuristic": {},
    "heuristic_of": NULL,
    "values": [],
    "values_of": NULL,
    "core": [],
    "core_of": NULL,
    "core_texts": [],
    "minimal": (True, False),
    "reasons": [],
}


@pytest.mark.parametrize(("given", "verdict"), TEXTS)
def test_every_text_gets_an_answer_of_one_shape(given: dict[str, Any], verdict: str) -> None:
    found = identified("searchformer-maze", given)
    data = found.to_dict()
    assert [key for key, wanted in IDENTIFICATION.items() if not conforms(data[key], wanted)] == []
    assert list(data) == list(IDENTIFICATION)
    assert data["verdict"] == verdict
    assert bool(data["procedures"]) == (verdict != "malformed") == (not data["message"])
    assert (data["nearest"] is not None) == (verdict == "unsound")
    assert bool(found.explained) == (verdict in ("sound", "truncated"))


@pytest.mark.parametrize(("given", "code"), [(SOUND, 0), (TRUNCATED, 0), (UNSOUND, 1), (MALFORMED, 1), ("", 0)])
def test_the_exit_code_says_whether_something_explains_the_trace(desk: Desk, given: str, code: int) -> None:
    assert orderly(desk.run("identify", "-", *MAZE, "--output", "json", stdin=jsonl(row(given)))).code == code


@pytest.mark.parametrize(("documents", "code"), [([VAST], 3), ([SMALL, VAST], 3), ([VAST, TWICE], 1)])
def test_what_is_not_decided_is_told_so(desk: Desk, documents: list[str], code: int) -> None:
    pack(WIDE, "wide")
    wide = ("-f", "wide/specs/formats/wide.spec", "--lines")
    outcome = orderly(desk.run("identify", "-", *wide, stdin=lines(documents)))
    assert outcome.code == code
    assert "undecided     wide: a budget ran out: too many values to go through\n" in outcome.out
    assert desk.run("identify", "-", *wide, "--output", "json", stdin=lines(documents)).code == code


def test_one_row_or_all_are_identified(desk: Desk) -> None:
    data = jsonl(row(), row(UNSOUND, "b"))
    assert desk.run("identify", "-", *MAZE, "--id", "a", stdin=data).code == 0
    assert len(desk.run("identify", "-", *MAZE, "--output", "json", stdin=data).objects) == 2
    wrong = orderly(desk.run("identify", "-", *MAZE, "--id", "c", stdin=data))
    assert (wrong.code, wrong.out) == (2, "")
    assert "- has no row with the id c" in wrong.err


def test_the_words_of_a_refuted_trace(desk: Desk) -> None:
    out = desk.run("identify", "-", *MAZE, "--id", "b", stdin=jsonl(row(UNSOUND, "b"))).out
    assert out.startswith("-:1 b: 5 events\n  explained by  no procedure\n  refuted       ")
    assert "  nearest       astar: (1, 0) is not on the open list\n" in out
    assert "malformed: " in desk.run("identify", "-", *MAZE, stdin=jsonl(row(MALFORMED))).out


# ---------------------------------------------------------------- interfaces
def test_python_gives_what_the_command_prints(desk: Desk) -> None:
    found = tc.load_format("searchformer-maze").identify(PROMPT, SOUND, id="a")
    assert isinstance(found, tc.Identification)
    (printed,) = desk.run("identify", "-", *MAZE, "--output", "json", stdin=jsonl(row())).objects
    assert printed == found.to_dict()


def test_a_solver_is_asked_last_and_given_all_that_was_found() -> None:
    def solver(case: Case, found: Identification) -> Solved:
        (first, *_) = case.candidates
        assert isinstance(first, Candidate)
        assert case.trial(first, {"weight": 2}).report.verdict == "sound"
        assert found.procedures[0].name == first.name
        return Solved((0, 2), {"any": "sat"}, (3,))

    given = row()
    data = identifier("searchformer-maze").identify(given["prompt"], given["trace"], solver=solver).to_dict()
    assert (data["weight"], data["heuristic"], data["core"]) == ([0, 2], {"any": "sat"}, [3])
