"""What programs rely on: the keys of `check` and `explain`, the Python interface, and an import that costs nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

import tracecourt as tc
from tests.command import MALFORMED, PROMPT, SOUND, TRUNCATED, UNSOUND, Desk, jsonl, lines, pack, row
from tests.test_cli import MAZE, VAST, WIDE
from tracecourt.spec.ir import LEVELS
from tracecourt.verdict import SCHEMA

# ---------------------------------------------------------------- what a value may be
NULL = type(None)


def conforms(value: Any, wanted: Any) -> bool:
    """Whether a JSON value has a shape: a type, a constant, a list of a shape, an object of shapes, or one of several."""
    match wanted:
        case tuple():
            return any(conforms(value, one) for one in wanted)
        case list():
            return isinstance(value, list) and all(conforms(part, wanted[0]) for part in value)
        case dict():
            return (
                isinstance(value, dict) and value.keys() == wanted.keys() and all(conforms(value[k], wanted[k]) for k in wanted)
            )
        case type():
            return type(value) is wanted
    return type(value) is type(wanted) and bool(value == wanted)


REPORT = {
    "schema": SCHEMA,
    "id": str,
    "format": "searchformer-maze",
    "verdict": ("sound", "unsound", "malformed", "truncated", "unknown"),
    "level": (NULL, *LEVELS),
    "rule": (str, NULL),
    "event": (int, NULL),
    "span": ([int], NULL),
    "message": str,
    "plan": ("none", "invalid", "suboptimal", "optimal", "valid"),
    "plan_follows_trace": (True, False, NULL),
    "events": int,
    "params": dict,
    "inferred": [str],
}
VIOLATION = {
    "event": int,
    "text": str,
    "rule": str,
    "level": LEVELS,
    "message": str,
    "span": ([int], NULL),
    "place": str,
}
WHY = VIOLATION | {
    "requirement": {"place": str, "text": str},
    "values": [{"term": str, "value": str}],
    "subject": str,
    "facts": [str],
    "history": [{"event": int, "text": str, "changes": [str]}],
    "state": dict,
    "legal": ([str], NULL),
    "objections": [{"rule": str, "message": str, "states": int}],
    "falls": [LEVELS],
}
EXPLANATION = REPORT | {
    "why": (WHY, NULL),
    "also": [VIOLATION],
    "later": [VIOLATION],
    "run": [str],
    "declared": (VIOLATION, NULL),
    "causes": ([int], NULL),
    "consequences": ([int], NULL),
    "unsoundness": (float, NULL),
}
HELD = {"size": (int, NULL), "entries": [str]}

FIXED = {  # what each verdict says and what it leaves open; a type stands for any value of it
    "sound": {"rule": NULL, "event": NULL, "message": "", "level": (NULL, "declared")},
    "unsound": {"rule": str, "event": int, "message": str, "level": LEVELS[:-1]},
    "malformed": {"event": NULL, "level": NULL, "message": str},
    "truncated": {"rule": NULL, "event": NULL, "level": NULL, "message": str, "span": [int]},
    "unknown": {"rule": NULL, "event": NULL, "level": NULL, "message": str},
}

TRACES = [
    pytest.param(row(SOUND), "sound", id="sound"),
    pytest.param(row(SOUND.replace(" eos", "")), "sound", id="no end marker"),
    pytest.param(row(SOUND[: SOUND.index("plan")]), "sound", id="no plan"),
    pytest.param(row("create 1 0 c0 c1", prompt="start 1 0 goal 1 0 wall 0 0"), "unsound", id="first event"),
    pytest.param(row(UNSOUND), "unsound", id="unsound"),
    pytest.param(row(UNSOUND.split()), "unsound", id="tokens"),
    pytest.param(row(f"{SOUND[:33]} eos"), "unsound", id="ends too early"),
    pytest.param(row("eos"), "unsound", id="only the end marker"),
    pytest.param(row(MALFORMED), "malformed", id="unknown word"),
    pytest.param(row("\ud800\x00"), "malformed", id="no text"),
    pytest.param(row(prompt="start 0 0"), "malformed", id="no goal"),
    pytest.param(row(prompt="start 0 0 goal 1 0 wall 0 0"), "malformed", id="start in a wall"),
    pytest.param(row(prompt="shall we?"), "malformed", id="no prompt"),
    pytest.param(row("", prompt=""), "truncated", id="empty"),
    pytest.param(row("", prompt="  "), "truncated", id="blank"),
    pytest.param(row(f"{PROMPT} cre", prompt=""), "truncated", id="cut in a word"),
    pytest.param(row(TRUNCATED), "truncated", id="truncated"),
    pytest.param(row(""), "truncated", id="nothing yet"),
]


@pytest.mark.parametrize(("given", "verdict"), TRACES)
def test_every_key_is_always_there_and_of_its_type(desk: Desk, given: dict[str, Any], verdict: str) -> None:
    found = desk.run("check", "-", *MAZE, "--output", "jsonl", stdin=jsonl(given)).objects
    assert len(found) == 1
    assert list(found[0]) == list(REPORT)
    assert [key for key, wanted in REPORT.items() if not conforms(found[0][key], wanted)] == []
    assert found[0]["verdict"] == verdict
    assert [key for key, wanted in FIXED[verdict].items() if not conforms(found[0][key], wanted)] == []
    assert bool(found[0]["message"]) == (verdict != "sound")
    assert set(found[0]["inferred"]) <= set(found[0]["params"])
    assert (found[0]["plan"] == "none") == (found[0]["plan_follows_trace"] is None)
    if found[0]["span"] is not None:
        start, end = found[0]["span"]
        said = given["trace"] if isinstance(given["trace"], str) else " ".join(given["trace"])
        assert 0 <= start <= end <= len(said)
    if found[0]["event"] is not None:
        assert 0 <= found[0]["event"] <= found[0]["events"]


def test_an_unknown_verdict_has_the_same_keys(desk: Desk) -> None:
    pack(WIDE, "wide")
    wide = ("-f", "wide/specs/formats/wide.spec", "--lines")
    (found,) = desk.run("check", "-", *wide, "--output", "jsonl", stdin=lines([VAST])).objects
    assert conforms(found, REPORT | {"format": "wide"} | FIXED["unknown"])
    assert "a budget ran out" in found["message"]
    (explained,) = desk.run("explain", "-", *wide, "--output", "json", stdin=lines([VAST])).objects
    assert conforms(explained, EXPLANATION | {"format": "wide"} | FIXED["unknown"])


def test_a_message_tells_the_values_of_the_text_and_not_of_its_continuations(court: tc.Court) -> None:
    """The last number may have been cut: every continuation is tried before the event is called a violation."""
    report = court.check("start 0 0 goal 1 0", "create 0 0 c0 c5", {"width": 2, "height": 1})
    assert (report.verdict, report.message) == ("unsound", "h((0, 0)) is 1, not 5")


def test_the_span_is_the_text_of_the_offending_event(desk: Desk) -> None:
    data = jsonl(row(UNSOUND), row(UNSOUND.split()), row(MALFORMED), row(f"{PROMPT} {UNSOUND}", prompt=""))
    found = desk.run("check", "-", *MAZE, "--output", "jsonl", stdin=data).objects
    texts = [UNSOUND, UNSOUND, MALFORMED, f"{PROMPT} {UNSOUND}"]
    assert [text[slice(*o["span"])] for text, o in zip(texts, found, strict=True)] == [
        "close 1 0 c1 c0",
        "close 1 0 c1 c0",
        "s",
        "close 1 0 c1 c0",
    ]


@pytest.mark.parametrize(("given", "verdict"), TRACES)
def test_an_explanation_as_json_has_its_keys(desk: Desk, given: dict[str, Any], verdict: str) -> None:
    (found,) = desk.run("explain", "-", *MAZE, "--output", "json", stdin=jsonl(given)).objects
    assert [key for key, wanted in EXPLANATION.items() if not conforms(found[key], wanted)] == []
    assert list(found) == list(EXPLANATION)
    assert (found["why"] is None) == (verdict != "unsound" and found["level"] != "declared")
    if found["why"] is not None:
        assert found["why"]["state"]
        assert all(conforms(held, HELD) for held in found["why"]["state"].values())
    if verdict == "unsound":
        why = found["why"]
        assert {key: why[key] for key in ("event", "rule", "level", "message")} == {
            key: found[key] for key in ("event", "rule", "level", "message")
        }
        assert why["falls"] == list(LEVELS[LEVELS.index(why["level"]) + 1 :])
        assert f"require {why['level']} {why['rule'].split('/')[1]}: " in why["requirement"]["text"]
        assert all(v["event"] == why["event"] for v in found["also"])
        assert all(v["event"] > why["event"] for v in found["later"])


def test_a_departure_from_the_declared_order_is_explained_as_one(desk: Desk) -> None:
    prompt = "start 1 0 goal 3 0"
    trace = (
        "create 1 0 c0 c2 close 1 0 c0 c2 create 2 0 c1 c1 create 0 0 c1 c3 close 2 0 c1 c1 create 3 0 c2 c0 close 3 0 c2 c0"
    )
    (found,) = desk.run("explain", "-", *MAZE, "--output", "json", stdin=jsonl(row(trace, prompt=prompt))).objects
    assert (found["verdict"], found["level"], found["rule"], found["event"]) == ("sound", "declared", None, None)
    assert conforms(found, EXPLANATION)
    assert (found["declared"]["rule"], found["declared"]["event"]) == ("create/child-order", 2)
    assert found["why"]["rule"] == "create/child-order"


# ---------------------------------------------------------------- Python
@pytest.fixture(scope="module")
def court() -> tc.Court:
    return tc.load_format("searchformer-maze")


@pytest.mark.parametrize(("given", "verdict"), TRACES)
def test_attributes_are_the_keys_of_jsonl(desk: Desk, court: tc.Court, given: dict[str, Any], verdict: str) -> None:
    report = court.check(given["prompt"], given["trace"], given.get("params"), given["id"])
    printed = desk.run("check", "-", *MAZE, "--output", "jsonl", stdin=jsonl(given)).objects[0]
    assert json.loads(json.dumps(report.to_dict())) == printed
    assert {f.name for f in fields(report)} >= set(printed) - {"schema"}
    for name in ("id", "format", "verdict", "level", "rule", "event", "message", "plan", "plan_follows_trace", "events"):
        assert getattr(report, name) == printed[name]
    assert report.span is None or [report.span.start, report.span.end] == printed["span"]
    assert report.sound == (verdict == "sound")
    assert court.explain(given["prompt"], given["trace"], id=given["id"]).report.to_dict() == report.to_dict()


def test_verdicts_and_plans_compare_as_texts(court: tc.Court) -> None:
    report = court.check(PROMPT, UNSOUND)
    assert report.verdict is tc.Verdict.UNSOUND
    assert report.verdict == "unsound"
    assert report.plan is tc.PlanStatus.OPTIMAL
    assert f"{report.verdict} {report.plan}" == "unsound optimal"
    assert (report.rule, report.event, report.plan_follows_trace) == ("close/not-open", 2, False)
    assert report.violations[0] == court.explain(PROMPT, UNSOUND).violation
    assert report.rule in court.rules
    assert court.name == "searchformer-maze"


def test_the_first_example_of_the_package_documentation_runs(court: tc.Court) -> None:
    assert tc.__doc__ is not None
    assert 'tc.load_format("searchformer-maze").check(prompt, trace)' in tc.__doc__
    assert court.check(PROMPT, SOUND).sound


MANY: list[tuple[Mapping[str, Any], list[tuple[str, str]]]] = [
    (row(SOUND), [("a", "sound")]),
    ({"prompt": PROMPT, "trace": SOUND}, [("1", "sound")]),
    (row(UNSOUND, id=5), [("5", "unsound")]),
    (row(tuple(SOUND.split()), prompt=tuple(PROMPT.split())), [("a", "sound")]),
    (row([int(w) if w.isdigit() else w for w in SOUND.split()]), [("a", "sound")]),
    (row(SOUND.encode(), prompt=PROMPT.encode()), [("a", "sound")]),
    (row(None, prompt=None), [("a", "truncated")]),
    (row(f"{PROMPT} {SOUND}", prompt=""), [("a", "sound")]),
    ({"id": "r", "prompt": PROMPT, "rollouts": [SOUND, MALFORMED]}, [("r/0", "sound"), ("r/1", "malformed")]),
    (row(SOUND, params={"width": 1}), [("a", "malformed")]),
    (row(SOUND, expected={"verdict": "nonsense"}), [("a", "sound")]),
]


def test_check_many_tries_rows_like_those_of_a_file_one_at_a_time(court: tc.Court) -> None:
    seen: list[int] = []

    def rows() -> Any:
        for index, (given, _) in enumerate(MANY):
            seen.append(index)
            yield given

    reports = court.check_many(rows())
    assert next(reports).sound
    assert seen == [0]
    found = [(r.id, str(r.verdict)) for r in reports]
    assert found == [pair for _, pairs in MANY[1:] for pair in pairs]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"prompt": PROMPT}, "row 1: the row has no field trace"),
        ({"trace": SOUND}, "row 1: the row has no field prompt"),
        (row(3.5), "row 1: trace is a text or a list of tokens"),
        (row(params=[1]), "row 1: params is an object"),
        (row(params={"width": "wide"}), "parameter width"),
        ({"prompt": PROMPT, "rollouts": [SOUND, 1]}, "row 1: rollouts[1] is a text or a list of tokens"),
    ],
)
def test_a_faulty_row_is_an_input_error(court: tc.Court, given: dict[str, Any], said: str) -> None:
    with pytest.raises(tc.InputError) as error:
        list(court.check_many([row(), given]))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"width": 0}, "parameter width: 0 is not a number from 1 to 100000"),
        ({"width": 10**5_000}, "parameter width: what is given is not a number from 1 to 100000"),
        ({"width": object()}, "parameter width: "),
        ({"weight": 10**5_000}, "at most 18 digits"),
        ({"directions": [(1, 2), [3]]}, "parameter directions: [3] is not a value of the sort (int, int)"),
    ],
)
def test_a_parameter_that_cannot_be_is_an_input_error(court: tc.Court, params: dict[str, Any], said: str) -> None:
    for tried in (court.check, court.explain):
        with pytest.raises(tc.InputError) as error:
            tried(PROMPT, SOUND, params)
        assert said in str(error.value)
    with pytest.raises(tc.InputError):
        list(court.generate(1, params=params))


def test_a_format_that_is_none_is_an_input_error() -> None:
    with pytest.raises(tc.InputError, match="did you mean searchformer-maze"):
        tc.load_format("searchformer-mazes")
    assert issubclass(tc.InputError, tc.TracecourtError)
    assert issubclass(tc.SpecError, tc.TracecourtError)


def test_python_generates_what_the_command_line_does(desk: Desk, court: tc.Court) -> None:
    small = ("--param", "width=4", "--param", "height=4", "-n", "3", "--seed", "2")
    for mutate in (False, True):
        printed = desk.run("generate", *MAZE, *small, *(["--mutate"] if mutate else [])).objects
        assert json.loads(json.dumps(list(court.generate(3, 2, {"width": 4, "height": 4}, mutate=mutate)))) == printed


PARAMETERS = [
    pytest.param("count", "int", "3", [(4, 4), ("4", None), (True, None), (10**18, None)], id="int"),
    pytest.param(
        "ratio", "rational", "1/2", [("2/3", "2/3"), (0.25, "1/4"), (2, 2), ("1/0", None), ("a", None)], id="rational"
    ),
    pytest.param("flag", "bool", "true", [(False, False), (0, None), ("true", None)], id="bool"),
    pytest.param("word", "text", '"a"', [("b", "b"), ("", ""), (1, None)], id="text"),
    pytest.param("hue", "enum {red, green}", "red", [("green", "green"), ("blue", None), (1, None)], id="enum"),
    pytest.param("both", "(int, bool)", "(1, true)", [([2, False], [2, False]), ([2], None), (2, None)], id="tuple"),
    pytest.param("some", "set int", "{1}", [([3, 2, 3], [3, 2]), ([], []), (["3"], None), (3, None)], id="set"),
    pytest.param("near", "set (1..9)", "{1}", [([9], [9]), ([0], None)], id="bounds inside"),
    pytest.param("many", "list (set int)", "[{1}]", [([[1], [2, 2]], [[1], [2]]), ([1], None)], id="list of sets"),
    pytest.param(
        "price", "map int -> rational", "{1: 2}", [([[1, "1/2"]], [[1, "1/2"]]), ([[1]], None), ([1], None)], id="map"
    ),
    pytest.param("cost", "map text -> int", '{"a": 2}', [({"b": 3}, [["b", 3]]), ({"b": "c"}, None)], id="object"),
    pytest.param("maybe", "int?", "none", [(None, None), (3, 3)], id="optional"),
]


@pytest.mark.parametrize(("name", "sort", "default", "values"), PARAMETERS)
def test_parameters_of_every_sort_are_read_and_told_back(
    desk: Desk, name: str, sort: str, default: str, values: list[tuple[Any, Any]]
) -> None:
    domain = f"""
        domain wide
          "One parameter."
          param {name}: {sort} = {default}
          fact size: int
          sort Place = 0..size - 1
          require asked: {name} = {name}  else "never"
        """
    pack(WIDE | {"specs/domains/wide.spec": domain}, name)
    court = tc.load_format(f"{name}/specs/formats/wide.spec")
    text = "size 3 visit 1 visit 1 eos"
    usual = court.check("", text).to_dict()["params"][name]
    option = ("-f", f"{name}/specs/formats/wide.spec", "--lines", "--output", "json", "--param", f"{name}={default}")
    (given,) = desk.run("explain", "-", *option, stdin=lines([text])).objects
    assert (given["verdict"], given["params"][name]) == ("unsound", usual)
    for value, found in values:
        if found is None and value is not None:
            with pytest.raises(tc.InputError, match=f"parameter {name}: "):
                court.check("", text, {name: value})
        else:
            report = court.explain("", text, {name: value}).report.to_dict()
            assert (report["verdict"], report["params"][name]) == ("unsound", found)
            again = court.explain("", text, {name: report["params"][name]}).report.to_dict()
            assert again == report


# ---------------------------------------------------------------- imports
LAZY = [
    pytest.param("import tracecourt", ["lark", "rich", "regex", "click", "tracecourt.check"], id="tracecourt"),
    pytest.param("import tracecourt.cli", ["lark", "rich", "regex", "tracecourt.check"], id="tracecourt.cli"),
    pytest.param(
        "from tracecourt.cli import main\ntry: main(['check', '--help'])\nexcept SystemExit: pass",
        ["lark", "rich", "regex", "tracecourt.check"],
        id="check --help",
    ),
    pytest.param(
        f"import tracecourt; assert tracecourt.load_format('searchformer-maze').check({PROMPT!r}, {SOUND!r}).sound",
        ["rich", "click"],
        id="a sound trace",
    ),
]


@pytest.mark.parametrize(("code", "unwanted"), LAZY)
def test_what_is_not_needed_is_not_imported(code: str, unwanted: list[str]) -> None:
    script = f"{code}\nimport sys; print('\\n', *[name for name in {unwanted!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].strip() == ""


def test_the_package_offers_its_table_of_contents() -> None:
    assert {name: getattr(tc, name).__name__ for name in tc.__all__} == {name: name for name in tc.__all__}
    assert {"load_format", "Court", "Report", "Verdict", "PlanStatus", "InputError"} <= set(tc.__all__)
    with pytest.raises(AttributeError, match="no attribute nothing"):
        _ = tc.nothing


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("start 0 0 goal 7 7", "goal (7, 7) does not lie in (x: 0..width-1, y: 0..height-1)"),
        ("start 0 0 goal 1 0 wall 5 5 wall 0 1", "wall (5, 5) does not lie in"),
    ],
)
def test_a_fact_outside_its_sort_states_no_problem(court: tc.Court, prompt: str, said: str) -> None:
    report = court.check(prompt, SOUND, {"width": 2, "height": 2})
    assert (report.verdict, report.event) == ("malformed", None)
    assert report.rule in ("problem/goal-out-of-range", "problem/wall-out-of-range")
    assert said in report.message
