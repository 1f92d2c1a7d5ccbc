"""The command line as a user meets it: exit codes, data on stdout, faults on stderr, and never a stack trace."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import MALFORMED, PROMPT, SOUND, TRUNCATED, UNSOUND, Desk, Outcome, jsonl, lines, orderly, pack, row
from tests.conftest import ROOT
from tracecourt.cli import cli

MAZE = ("--format", "searchformer-maze")
READING = dict.fromkeys(("check", "explain", "identify", "repair"), ("-", *MAZE))
COMMANDS = {
    "formats": (),
    **READING,
    "generate": MAZE,
    "lint": (".",),
    "new": ("mine",),
    "compare": ("a", "b"),
    "counterexample": ("a",),
    "shrink": ("-", *MAZE, "--id", "a"),
}
ALL = jsonl(row(), row(UNSOUND, "b"), row(MALFORMED, "c"), row(TRUNCATED, "d"))


# ---------------------------------------------------------------- usage
def test_the_commands_are_these() -> None:
    assert set(cli.commands) == set(COMMANDS)


def options() -> Iterator[Any]:
    for name, command in cli.commands.items():
        for option in command.params:
            if option.opts[0].startswith("-"):
                yield pytest.param(name, option.opts[0], id=f"{name} {option.opts[0]}")


@pytest.mark.parametrize(("command", "option"), [*options()])
def test_every_option_is_tried_below_and_has_help(desk: Desk, command: str, option: str) -> None:
    below = Path(__file__).read_text(encoding="utf-8").partition("# --- options\n")[2]
    assert f'"{option}"' in below
    found = re.search(rf"{option}\b.*\n(?: {{10,}}.*\n)*", desk.run(command, "--help").out)
    assert found is not None
    assert len(found[0].split()) > 1


# --- options
USAGE = [
    pytest.param((), 2, "Usage: tracecourt [OPTIONS] COMMAND", id="nothing"),
    pytest.param(("chekc",), 2, "No such command 'chekc'", id="unknown command"),
    pytest.param(("--verbose",), 2, "No such option '--verbose'", id="unknown option"),
    *(pytest.param((c, *a, "--bogus"), 2, "No such option '--bogus'", id=f"{c} --bogus") for c, a in COMMANDS.items()),
    pytest.param(("formats", "extra"), 2, "unexpected extra argument (extra)", id="formats extra"),
    pytest.param(("formats", "--output", "yaml"), 2, "'yaml' is not one of 'text', 'json'", id="formats yaml"),
    pytest.param(("check", *MAZE), 2, "Missing argument 'FILE...'", id="check without files"),
    pytest.param(("check", "-"), 2, "Missing option '--format'", id="check without a format"),
    pytest.param(("check", "-", "--format"), 2, "'--format' requires an argument", id="--format without a name"),
    pytest.param(("check", "-", *MAZE, "--output", "json"), 2, "is not one of 'text', 'jsonl', 'summary'", id="check json"),
    pytest.param(("explain", *MAZE), 2, "Missing argument 'FILE'", id="explain without a file"),
    pytest.param(("explain", "a", "b", *MAZE), 2, "unexpected extra argument (b)", id="explain two files"),
    pytest.param(("explain", "-"), 2, "Missing option '--format'", id="explain without a format"),
    pytest.param(("explain", "-", *MAZE, "--output", "jsonl"), 2, "is not one of 'text', 'json'", id="explain jsonl"),
    pytest.param(("identify", *MAZE), 2, "Missing argument 'FILE'", id="identify without a file"),
    pytest.param(("identify", "-"), 2, "Missing option '--format'", id="identify without a format"),
    pytest.param(("identify", "-", *MAZE, "--output", "jsonl"), 2, "is not one of 'text', 'json'", id="identify jsonl"),
    pytest.param(("identify", "-", *MAZE, "--timeout", "-1"), 2, "-1.0 is not in the range x>0", id="identify timeout -1"),
    pytest.param(("identify", "-", *MAZE, "--rlimit", "0"), 2, "0 is not in the range x>=1", id="identify rlimit 0"),
    pytest.param(("repair", *MAZE), 2, "Missing argument 'FILE'", id="repair without a file"),
    pytest.param(("repair", "-"), 2, "Missing option '--format'", id="repair without a format"),
    pytest.param(("repair", "-", *MAZE, "--output", "jsonl"), 2, "is not one of 'text', 'json'", id="repair jsonl"),
    pytest.param(("repair", "-", *MAZE, "--most", "-1"), 2, "-1 is not in the range x>=0", id="repair most -1"),
    pytest.param(("repair", "-", *MAZE, "--budget", "0"), 2, "0 is not in the range x>=1", id="repair budget 0"),
    pytest.param(("repair", "-", *MAZE, "--plan", "--plan=1"), 2, "does not take a value", id="repair plan"),
    pytest.param(("shrink", *MAZE, "--id", "a"), 2, "Missing argument 'FILE'", id="shrink without a file"),
    pytest.param(("shrink", "-", "--id", "a"), 2, "Missing option '--format'", id="shrink without a format"),
    pytest.param(("shrink", "-", *MAZE), 2, "Missing option '--id'", id="shrink without an id"),
    pytest.param(("shrink", "-", *MAZE, "--id", "a", "--output", "row"), 2, "is not one of 'text', 'json'", id="shrink row"),
    pytest.param(("shrink", "no-such", *MAZE, "--id", "a"), 2, "cannot read no-such", id="shrink no file"),
    pytest.param(("generate",), 2, "Missing option '--format'", id="generate without a format"),
    pytest.param(("generate", *MAZE, "-n", "-1"), 2, "-1 is not in the range x>=0", id="generate -1"),
    pytest.param(("generate", *MAZE, "-n", "some"), 2, "'some' is not a valid integer", id="generate some"),
    pytest.param(("generate", *MAZE, "--seed", "x"), 2, "'x' is not a valid integer", id="generate seed x"),
    pytest.param(("generate", *MAZE, "--mutate", "--declared"), 2, "leave --declared out", id="mutate declared"),
    pytest.param(("lint",), 2, "Missing argument 'PATH'", id="lint nothing"),
    pytest.param(("lint", "a", "b"), 2, "unexpected extra argument (b)", id="lint two"),
    pytest.param(("counterexample",), 2, "Missing argument 'PROCEDURE'", id="counterexample of nothing"),
    pytest.param(("counterexample", "no-such"), 2, "there is no procedure named no-such", id="counterexample of no-such"),
    pytest.param(("counterexample", "no-such.spec"), 2, "there is no file no-such.spec", id="counterexample of no file"),
    pytest.param(("counterexample", "hanoi"), 2, "name a --claim", id="counterexample hanoi"),
    pytest.param(("counterexample", "astar", "--claim", "closed-onc"), 2, "did you mean closed-once?", id="claim"),
    pytest.param(("counterexample", "astar", "--claim", "done => foo"), 2, "--claim:1:9", id="claim foo"),
    pytest.param(("counterexample", "astar", "--given", "consistant"), 2, "nothing here is named consistant", id="given"),
    pytest.param(("counterexample", "astar", "--given", "edge = 1"), 2, "--given:1:", id="given edge"),
    pytest.param(("counterexample", "astar", "--domain", "hanoi"), 2, "this need is not met", id="domain hanoi"),
    pytest.param(("counterexample", "astar", "--param", "weight=x"), 2, "--param weight=x", id="weight x"),
    pytest.param(("counterexample", "astar", "--nodes", "0"), 2, "0 is not in the range x>=1", id="nodes 0"),
    pytest.param(("counterexample", "astar", "--rounds", "0"), 2, "0 is not in the range x>=1", id="rounds 0"),
    pytest.param(("counterexample", "astar", "--timeout", "nan"), 2, "nan is no number of seconds", id="timeout nan"),
    pytest.param(("counterexample", "astar", "--timeout", "inf"), 2, "inf is no number of seconds", id="timeout inf"),
    pytest.param(("counterexample", "astar", "--param", "nodes=3"), 2, "nodes is the size of a problem", id="param nodes"),
    pytest.param(
        ("compare", "astar", "greedy", "--param", "nodes=3"), 2, "nodes is the size of a problem", id="param nodes too"
    ),
    pytest.param(("counterexample", "astar", "--svg", "."), 2, "is a directory", id="svg to a folder"),
    pytest.param(("counterexample", "astar", "--svg", "no/such.svg"), 2, "no folder no", id="svg to no folder"),
    pytest.param(("compare", "astar"), 2, "Missing argument 'B'", id="compare one"),
    pytest.param(("compare", "a", "b", "--nodes", "0"), 2, "0 is not in the range x>=1", id="compare nodes 0"),
    pytest.param(("compare", "a", "b", "--events", "-1"), 2, "-1 is not in the range x>=0", id="compare events -1"),
    pytest.param(("compare", "a", "b", "--timeout", "0"), 2, "0.0 is not in the range x>0", id="compare timeout 0"),
    pytest.param(("compare", "a", "b", "--rlimit", "0"), 2, "0 is not in the range x>=1", id="compare rlimit 0"),
    pytest.param(("compare", "astar", "no-such"), 2, "there is no procedure named no-such", id="compare with nothing"),
    pytest.param(("compare", "astar", "astar", "--domain", "none"), 2, "there is no domain named none", id="compare domain"),
    pytest.param(("compare", "astar", "astar", "--given", "a-b"), 2, "there is no assumption a-b", id="compare given nothing"),
    pytest.param(("compare", "astar", "astar", "--param-a", "a=1"), 2, "has no parameter a", id="compare a=1"),
    pytest.param(("compare", "astar", "astar", "--param-b", "b=1"), 2, "has no parameter b", id="compare b=1"),
    pytest.param(("new",), 2, "Missing argument 'NAME'", id="new nothing"),
    pytest.param(("new", "a", "b"), 2, "unexpected extra argument (b)", id="new two"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), USAGE)
def test_wrong_usage_is_told_on_stderr(desk: Desk, arguments: tuple[str, ...], code: int, said: str) -> None:
    outcome = orderly(desk.run(*arguments))
    assert outcome.code == code
    assert said in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_data(desk: Desk, command: str, flag: str) -> None:
    outcome = desk.run(*command.split(), flag)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: tracecourt {command}".strip())


def test_the_version_is_the_installed_one(desk: Desk) -> None:
    assert re.fullmatch(r"tracecourt \d+\.\d+\.\d+\S*\n", desk.run("--version").out)


# ---------------------------------------------------------------- formats
def test_formats_lists_what_can_be_checked(desk: Desk) -> None:
    text, data = desk.run("formats"), desk.run("formats", "--output", "json")
    assert (text.code, text.err, data.code, data.err) == (0, "", 0, "")
    found = json.loads(data.out)
    assert [entry["name"] for entry in found] == sorted(path.stem for path in ROOT.glob("specs/formats/*.spec"))
    hides = {entry["name"]: entry["hides"] for entry in found if entry["hides"]}
    assert hides["dualformer-maze-l2"] == ["close", "create.g", "create.hn"]
    assert hides["dualformer-maze-l3"] == ["close", "some create"]
    assert "part of close.n" in hides["searchformer-sokoban"]
    assert "hides close, some create" in text.out
    assert "  engines native, compiled, interpreter\n" in text.out
    assert "  engines interpreter · not compiled: its text hides a part of the run, which has to be looked for\n" in text.out
    assert (
        "  engines compiled, interpreter · not native: a value of the sort arithmetic has no layout · no scanner: the rule"
        in text.out
    )
    for entry in found:
        assert {"name", "doc", "source", "grammar", "domain", "procedure", "events", "params", "rules"} <= set(entry)
        assert entry["engine"] == ("interpreter" if entry["hides"] else "compiled")
        assert any(why.startswith("not compiled: ") for why in entry["slow"]) == bool(entry["hides"])
        assert re.search(rf"^{entry['name']}$", text.out, re.MULTILINE)
        assert entry["doc"] in text.out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("searchformermaze", "there is no format named searchformermaze (did you mean searchformer-maze?)"),
        ("maze-searchformer", "there is no format named maze-searchformer"),
        ("", "there is no format named"),
        ("no/such.spec", "there is no file no/such.spec"),
        ("../domains/maze", "this file must declare format ../domains/maze only, not domain maze"),
        (str(ROOT / "specs/domains/maze.spec"), "a format file lies in PACK/specs/formats/"),
    ],
)
@pytest.mark.parametrize("command", ["check", "explain", "identify", "generate"])
def test_a_wrong_format_is_named_with_the_nearest(desk: Desk, command: str, name: str, said: str) -> None:
    files = () if command == "generate" else ("-",)
    outcome = orderly(desk.run(command, *files, "-f", name))
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


def test_a_format_may_be_named_by_its_file(desk: Desk) -> None:
    path = str(ROOT / "specs/formats/searchformer-maze.spec")
    assert desk.run("check", "-", "--format", path, stdin=ALL) == desk.run("check", "-", *MAZE, stdin=ALL)


# ---------------------------------------------------------------- check: rows
ROWS = [
    pytest.param(jsonl(row()), ["a sound"], 0, id="sound"),
    pytest.param(jsonl(row(UNSOUND)), ["a unsound"], 1, id="unsound"),
    pytest.param(jsonl(row(MALFORMED)), ["a malformed"], 1, id="malformed"),
    pytest.param(jsonl(row(TRUNCATED)), ["a truncated"], 1, id="truncated"),
    pytest.param(ALL, ["a sound", "b unsound", "c malformed", "d truncated"], 1, id="all"),
    pytest.param(jsonl(row(SOUND.split())), ["a sound"], 0, id="tokens"),
    pytest.param(jsonl(row(SOUND.split(), prompt=PROMPT.split())), ["a sound"], 0, id="tokens in the prompt"),
    pytest.param(jsonl(row([int(w) if w.isdigit() else w for w in SOUND.split()])), ["a sound"], 0, id="numbers as tokens"),
    pytest.param(jsonl(row(f"bos {SOUND}", prompt=f"bos {PROMPT} eos")), ["a sound"], 0, id="bos and eos"),
    pytest.param(jsonl(row(f"{PROMPT} {SOUND}", prompt="")), ["a sound"], 0, id="document in the trace"),
    pytest.param(jsonl(row(f"{PROMPT} {SOUND}".split(), prompt=[])), ["a sound"], 0, id="document as tokens"),
    pytest.param(jsonl(row(f"{PROMPT} {SOUND}", prompt=None)), ["a sound"], 0, id="prompt null"),
    pytest.param(jsonl(row(None)), ["a truncated"], 1, id="trace null"),
    pytest.param(jsonl(row([])), ["a truncated"], 1, id="no tokens"),
    pytest.param(jsonl(row(id=7)), ["7 sound"], 0, id="id a number"),
    pytest.param(jsonl(row(id=None)), ["1 sound"], 0, id="id null"),
    pytest.param(jsonl({"prompt": PROMPT, "trace": SOUND}), ["1 sound"], 0, id="no id"),
    pytest.param(b"\n \n" + jsonl({"prompt": PROMPT, "trace": SOUND}), ["3 sound"], 0, id="blank lines"),
    pytest.param(jsonl(row(id="two\nlines")), ["two\nlines sound"], 0, id="id with a line end"),
    pytest.param(jsonl(row(extra={"deep": [1]}, params=None)), ["a sound"], 0, id="other fields"),
    pytest.param(jsonl(row(params={"width": 2, "height": 1})), ["a sound"], 0, id="params"),
    pytest.param(jsonl(row(params={"width": 1})), ["a malformed"], 1, id="params that matter"),
    pytest.param(jsonl(row(params={"wdith": 1, "split": "test"})), ["a sound"], 0, id="unknown params are passed over"),
    pytest.param(jsonl(row()).replace(b"\n", b"\r\n"), ["a sound"], 0, id="CRLF"),
    pytest.param(b"\xef\xbb\xbf" + ALL, ["a sound", "b unsound", "c malformed", "d truncated"], 1, id="byte order mark"),
    pytest.param(jsonl(row()).rstrip(), ["a sound"], 0, id="no line end at the end"),
    pytest.param(
        jsonl({"id": "r", "prompt": PROMPT, "rollouts": [SOUND, UNSOUND.split(), None]}),
        ["r/0 sound", "r/1 unsound", "r/2 truncated"],
        1,
        id="rollouts",
    ),
    pytest.param(jsonl(row(rollouts=["never read"])), ["a sound"], 0, id="a trace goes before rollouts"),
    pytest.param(jsonl({"prompt": PROMPT, "rollouts": [SOUND]}), ["1/0 sound"], 0, id="rollouts without id"),
]


@pytest.mark.parametrize(("data", "found", "code"), ROWS)
def test_rows_get_their_verdicts_in_order(desk: Desk, data: bytes, found: list[str], code: int) -> None:
    Path("rows.jsonl").write_bytes(data)
    Path("rows.jsonl.gz").write_bytes(gzip.compress(data))
    outcome = orderly(desk.run("check", "rows.jsonl", *MAZE, "--output", "jsonl"))
    assert (outcome.code, outcome.err) == (code, "")
    assert [f"{o['id']} {o['verdict']}" for o in outcome.objects] == found
    assert desk.run("check", "rows.jsonl.gz", *MAZE, "--output", "jsonl") == outcome
    assert desk.run("check", "-", *MAZE, "--output", "jsonl", stdin=data) == outcome


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (lines([f"{PROMPT} {SOUND}", f"bos {PROMPT} eos bos {UNSOUND}"]), ["1 sound", "2 unsound"]),
        (lines([f"{PROMPT} {SOUND}\r"]), ["1 sound"]),
        (f"{PROMPT} {SOUND}".encode(), ["1 sound"]),
        (b"\xef\xbb\xbf" + lines([f"{PROMPT} {SOUND}"]), ["1 sound"]),
        (lines([PROMPT, f"{PROMPT} {TRUNCATED}"]), ["1 truncated", "2 truncated"]),
        (b"\xff\xfe\x00\n" + lines([f"{PROMPT} {SOUND}"]), ["1 malformed", "2 sound"]),
        (jsonl(row()), ["1 malformed"]),
    ],
)
def test_with_lines_each_line_is_one_document(desk: Desk, data: bytes, found: list[str]) -> None:
    outcome = orderly(desk.run("check", "-", *MAZE, "--lines", "--output", "jsonl", stdin=data))
    assert [f"{o['id']} {o['verdict']}" for o in outcome.objects] == found
    assert outcome.code == (0 if all(f.endswith(" sound") for f in found) else 1)


def test_fields_may_have_other_names(desk: Desk) -> None:
    data = jsonl({"name": "x", "question": PROMPT, "answer": SOUND, "id": "no", "prompt": "no", "trace": "no"})
    names = ("--prompt-field", "question", "--trace-field", "answer", "--id-field", "name")
    outcome = desk.run("check", "-", *MAZE, *names, "--output", "jsonl", stdin=data)
    assert [(o["id"], o["verdict"]) for o in outcome.objects] == [("x", "sound")]
    assert desk.run("explain", "-", *MAZE, *names, "--id", "x", stdin=data).code == 0


def test_several_files_are_read_in_order(desk: Desk) -> None:
    Path("one.jsonl").write_bytes(jsonl(row(id="1")))
    Path("two.jsonl").write_bytes(jsonl(row(id="2"), row(id="3")))
    outcome = desk.run("check", "two.jsonl", "-", "one.jsonl", "-", *MAZE, stdin=jsonl(row(id="0")))
    assert [line.split(":")[:2] for line in outcome.out.splitlines()] == [
        ["two.jsonl", "1 2"],
        ["two.jsonl", "2 3"],
        ["-", "1 0"],
        ["one.jsonl", "1 1"],
    ]


FAULTS = [
    pytest.param(b"hello\n", (), "rows.jsonl:1: this line is no JSON: Expecting value, column 1", id="no JSON"),
    pytest.param(b"hello\n", (), "use --lines", id="no JSON, hint"),
    pytest.param(jsonl(row())[:-9], (), "rows.jsonl:1: this line is no JSON: Unterminated string", id="cut JSON"),
    pytest.param(b"[1]\n", (), "rows.jsonl:1: a row is a JSON object, and this is a list", id="list"),
    pytest.param(b"null\n", (), "and this is nothing", id="null"),
    pytest.param(b"1.5\n", (), "and this is a decimal number", id="number"),
    pytest.param(b'{"trace": ""}\n', (), "the row has no field prompt", id="no prompt"),
    pytest.param(b'{"trace": ""}\n', (), "name another with --prompt-field", id="no prompt, hint"),
    pytest.param(b'{"prompt": ""}\n', (), "has no field trace (known: prompt); name another with --trace-field", id="no trace"),
    pytest.param(b'{"prompt": "", "traces": ""}\n', (), "no field trace (did you mean traces?)", id="misspelled"),
    pytest.param(jsonl(row()), ("--trace-field", "answer"), "no field answer", id="--trace-field"),
    pytest.param(jsonl(row()), ("--prompt-field", "promt"), "no field promt (did you mean prompt?)", id="--prompt-field"),
    pytest.param(jsonl(row(5)), (), "trace is a text or a list of tokens, and this is a number", id="trace a number"),
    pytest.param(jsonl(row({"a": 1})), (), "trace is a text or a list of tokens, and this is an object", id="trace an object"),
    pytest.param(
        jsonl(row(["a", 1.5])), (), "a token is a text or a whole number, and trace[1] is a decimal number", id="float"
    ),
    pytest.param(jsonl(row([True])), (), "trace[0] is a truth value", id="token a truth value"),
    pytest.param(jsonl(row([["create"]])), (), "trace[0] is a list", id="token a list"),
    pytest.param(jsonl(row([None])), (), "trace[0] is nothing", id="token null"),
    pytest.param(jsonl(row(prompt=False)), (), "prompt is a text or a list of tokens, and this is a truth value", id="prompt"),
    pytest.param(jsonl(row(id=[1])), (), "id is a text or a number, and this is a list", id="id a list"),
    pytest.param(jsonl(row(id=True)), (), "id is a text or a number, and this is a truth value", id="id a truth value"),
    pytest.param(jsonl(row(params=[1])), (), "params is an object of names and values, and this is a list", id="params a list"),
    pytest.param(jsonl(row(expected="sound")), (), "expected is an object with a verdict, and this is a text", id="expected"),
    pytest.param(b'{"prompt": "", "rollouts": "x"}', (), "rollouts is a list of traces, and this is a text", id="rollouts"),
    pytest.param(b'{"prompt": "", "rollouts": [1]}', (), "rollouts[0] is a text or a list of tokens", id="rollout"),
    pytest.param(b"[" * 100_000, (), "rows.jsonl:1: this line is nested too deeply", id="deep"),
    pytest.param(b'{"x": ' + b"9" * 5_000 + b"}", (), "holds a number of too many digits", id="long number"),
    pytest.param(jsonl(row(params={"width": "2"})), (), 'parameter width: "2" is not a number from 1 to 100000', id="text"),
    pytest.param(jsonl(row(params={"width": 0})), (), "parameter width: 0 is not a number from 1 to 100000", id="too small"),
    pytest.param(jsonl(row(params={"width": True})), (), "parameter width: true is not a number from", id="truth value"),
    pytest.param(jsonl(row(params={"width": None})), (), "parameter width: null is not a number from", id="param null"),
    pytest.param(jsonl(row(params={"width": 2.0})), (), "parameter width: 2.0 is not a number from", id="decimal"),
    pytest.param(jsonl(row(params={"reopen": 1})), (), "parameter reopen: 1 is not true or false", id="no truth value"),
    pytest.param(jsonl(row(params={"weight": "heavy"})), (), 'parameter weight: "heavy" is not a number of', id="no number"),
    pytest.param(jsonl(row(params={"weight": "1/0"})), (), 'parameter weight: "1/0" is not a number of', id="1/0"),
    pytest.param(jsonl(row(params={"weight": float("nan")})), (), "parameter weight: NaN is not a number of", id="NaN"),
    pytest.param(jsonl(row(params={"weight": float("inf")})), (), "parameter weight: Infinity is not a number", id="infinite"),
    pytest.param(jsonl(row(params={"weight": "1e999999999"})), (), "at most 18 digits", id="endless"),
    pytest.param(jsonl(row(params={"weight": 10**4000})), (), "999… (4001 characters)".replace("999", "0" * 11), id="vast"),
    pytest.param(
        jsonl(row(params={"directions": [[1]]})), (), "directions: [1] is not a value of the sort (int, int)", id="pair"
    ),
    pytest.param(jsonl(row(params={"directions": [[10**18, 0]]})), (), "is not a whole number of at most", id="far"),
]


@pytest.mark.parametrize(("data", "more", "said"), FAULTS)
def test_a_faulty_row_is_named_with_its_place(desk: Desk, data: bytes, more: tuple[str, ...], said: str) -> None:
    Path("rows.jsonl").write_bytes(data)
    for command in (("check", "--output", "jsonl"), ("check", "--output", "summary"), ("explain",)):
        outcome = orderly(desk.run(*command, "rows.jsonl", *MAZE, *more))
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("tracecourt: rows.jsonl:1: ")
        assert outcome.err.count("\n") == 1
        assert said in outcome.err
        assert len(outcome.err) < 400


def test_what_stood_before_a_faulty_line_was_checked(desk: Desk) -> None:
    outcome = orderly(desk.run("check", "-", *MAZE, "--output", "jsonl", stdin=ALL + b"oops\n" + ALL))
    assert (outcome.code, len(outcome.objects)) == (2, 4)
    assert outcome.err.startswith("tracecourt: -:5: this line is no JSON")


def whole(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


FILES = [
    pytest.param("no.jsonl", None, "cannot read no.jsonl: No such file or directory", id="absent"),
    pytest.param(".", None, "cannot read .: Is a directory", id="folder"),
    pytest.param("", None, "cannot read : Is a directory", id="empty name"),
    pytest.param("rows.jsonl/x", b"", "cannot read rows.jsonl/x", id="below a file"),
    pytest.param("x" * 300, None, "File name too long", id="too long a name"),
    pytest.param("rows.jsonl.gz", jsonl(row()), "cannot read rows.jsonl.gz: Not a gzipped file", id="not gzipped"),
    pytest.param("rows.jsonl.gz", whole(ALL)[:60], "ended before the end-of-stream marker", id="gzip cut"),
    pytest.param("rows.jsonl.gz", whole(ALL)[:10] + b"garbage" * 9, "Error -3 while decompressing", id="gzip garbage"),
    pytest.param("rows.jsonl.gz", whole(b"")[:-8] + b"\1" * 8, "CRC check failed", id="gzip checksum"),
]


@pytest.mark.parametrize(("path", "data", "said"), FILES)
def test_a_file_that_cannot_be_read_is_named(desk: Desk, path: str, data: bytes | None, said: str) -> None:
    if data is not None:
        Path(path.split("/")[0]).write_bytes(data)
    for command in ("check", "explain"):
        outcome = orderly(desk.run(command, path, *MAZE))
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith(f"tracecourt: cannot read {path}")
        assert said in outcome.err


def test_a_closed_standard_input_is_named(desk: Desk) -> None:
    outcome = orderly(desk.run("check", "-", *MAZE, stdin=None))
    assert (outcome.code, outcome.err) == (2, "tracecourt: cannot read -: the standard input is closed\n")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is readable for root")
def test_a_file_without_permission_is_named(desk: Desk) -> None:
    Path("secret.jsonl").touch(mode=0)
    assert "cannot read secret.jsonl: Permission denied" in desk.run("check", "secret.jsonl", *MAZE).err


@pytest.mark.parametrize("data", [b"", b"\n\n", b'{"prompt": "", "rollouts": []}\n'], ids=["empty", "blank", "no rollouts"])
@pytest.mark.parametrize("command", [("check",), ("check", "--output", "summary"), ("explain",)], ids=" ".join)
def test_that_nothing_was_checked_is_said(desk: Desk, command: tuple[str, ...], data: bytes) -> None:
    outcome = orderly(desk.run(*command, "-", *MAZE, stdin=data))
    assert (outcome.code, outcome.err) == (0, "there are no traces in -\n")


# ---------------------------------------------------------------- check: parameters
PARAMS = [
    pytest.param(("width=3",), 0, {"width": 3}, id="width"),
    pytest.param(("width=3", "height=2"), 1, {"width": 3, "height": 2}, id="two"),
    pytest.param(("width=3", "width=4"), 0, {"width": 4}, id="the last one holds"),
    pytest.param(("width=1",), 1, {"width": 1}, id="it matters"),
    pytest.param(("weight=3/2",), 0, {"weight": "3/2"}, id="fraction"),
    pytest.param(("weight=1.5",), 0, {"weight": "3/2"}, id="decimal"),
    pytest.param(("weight=4/2",), 0, {"weight": 2}, id="whole"),
    pytest.param(("reopen=false",), 0, {"reopen": False}, id="truth value"),
    pytest.param(("directions=[(0, 1), (1, 0)]",), 0, {"directions": [[0, 1], [1, 0]]}, id="list"),
    pytest.param(("directions=[(0, 1)]",), 1, {"directions": [[0, 1]]}, id="list that matters"),
    pytest.param((f"weight={'(' * 500}1{')' * 500}",), 0, {"weight": 1}, id="deep"),
]


@pytest.mark.parametrize(("given", "code", "found"), PARAMS)
def test_parameters_hold_for_all_rows_and_go_before_their_own(
    desk: Desk, given: tuple[str, ...], code: int, found: dict[str, Any]
) -> None:
    options = [part for text in given for part in ("--param", text)]
    data = jsonl(row(), row(params={"width": 9, "height": 9, "weight": 7}))
    first, second = desk.run("check", "-", *MAZE, *options, "--output", "jsonl", stdin=data).objects
    assert found.items() <= first["params"].items()
    assert found.items() <= second["params"].items()
    outcome = orderly(desk.run("check", "-", *MAZE, *options, stdin=jsonl(row())))
    assert (outcome.code, outcome.err) == (code, "")
    explained = orderly(desk.run("explain", "-", *MAZE, *options, "--output", "json", stdin=jsonl(row())))
    assert (explained.code, explained.objects[0]["params"]) == (code, first["params"])


WRONG_PARAMS = [
    ("width", "--param width: write NAME=VALUE"),
    ("=5", "--param =5: write NAME=VALUE"),
    ("", "--param : write NAME=VALUE"),
    ("wdith=3", "searchformer-maze has no parameter wdith (did you mean width?)"),
    ("zzz=3", "has no parameter zzz (known: "),
    ("width=", "--param width=: this is not a number from 1 to 100000"),
    ("width=abc", "--param width=abc: this is not a number from 1 to 100000"),
    ("width=1+1", "--param width=1+1: this is not a number"),
    ("width=height", "--param width=height: this is not a number"),
    ("width=0", "parameter width: 0 is not a number from 1 to 100000"),
    ("width=100001", "parameter width: 100001 is not a number from 1 to 100000"),
    ("width=" + "9" * 5_000, "--param width=999999999999… (5000 characters): this is not a number from 1 to 100000"),
    ("weight=1/0", "--param weight=1/0: this is not a number"),
    ("weight=1e9", "--param weight=1e9: this is not a number"),
    ("weight=" + "(" * 5_000, "(5000 characters): this is not a number"),
    ("reopen=False", "--param reopen=False: this is not true or false"),
    ("directions=[(0,1", "--param directions=[(0,1: this is not a value of the sort list (int, int)"),
    ("directions=[1]", "--param directions=[1]: this is not a value of the sort list (int, int)"),
]


@pytest.mark.parametrize(("option", "said"), WRONG_PARAMS, ids=[o[:20] or "empty" for o, _ in WRONG_PARAMS])
@pytest.mark.parametrize("command", ["check", "explain", "generate"])
def test_a_wrong_parameter_is_named(desk: Desk, command: str, option: str, said: str) -> None:
    files = () if command == "generate" else ("-",)
    outcome = orderly(desk.run(command, *files, *MAZE, "--param", option))
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


# ---------------------------------------------------------------- check: outputs
def test_text_is_one_line_a_trace(desk: Desk) -> None:
    Path("rows.jsonl").write_bytes(ALL)
    outcome = desk.run("check", "rows.jsonl", *MAZE, "--output", "text")
    assert outcome == desk.run("check", "rows.jsonl", *MAZE)
    assert [line.split(" ")[:3] for line in outcome.out.splitlines()] == [
        ["rows.jsonl:1", "a:", "sound"],
        ["rows.jsonl:2", "b:", "unsound"],
        ["rows.jsonl:3", "c:", "malformed:"],
        ["rows.jsonl:4", "d:", "truncated:"],
    ]
    assert "close/not-open at event 2: (1, 0) is not on the open list · plan optimal, but it does not follow" in outcome.out


@pytest.mark.parametrize("id", ["two\nlines", "a\x1b[31mred", "\x00", "\ud800", "\u2028", "tab\t"])
def test_what_a_terminal_would_obey_is_not_printed(desk: Desk, id: str) -> None:
    data = jsonl(row(UNSOUND, id), row("shut\x1b[2J\ud800\x00 0 0", id))
    text = orderly(desk.run("check", "-", *MAZE, stdin=data))
    assert text.out.count("\n") == 2
    explained = orderly(desk.run("explain", "-", *MAZE, stdin=data))
    compared = orderly(desk.run("check", "-", *MAZE, "--expect", stdin=jsonl(row(UNSOUND, id, expected={"verdict": "sound"}))))
    assert compared.err.count("\n") == 2
    for printed in (text.out, explained.out, compared.out, compared.err):
        assert all(c.isprintable() or c == "\n" for c in printed)
        printed.encode("utf-8")
    found = desk.run("check", "-", *MAZE, "--output", "jsonl", stdin=data)
    assert [o["id"] for o in found.objects] == [id, id]
    assert found.out.isascii()


def test_a_summary_counts_verdicts_plans_and_rules(desk: Desk) -> None:
    outcome = desk.run("check", "-", *MAZE, "--output", "summary", stdin=ALL)
    assert (outcome.code, outcome.err) == (1, "")
    cells = [[cell.strip() for cell in re.split("[│┃]", line)[1:-1]] for line in outcome.out.splitlines()]
    table = [c for c in cells if c]
    assert "4 traces" in outcome.out
    assert ["sound", "·", "1", "1", "25.0%"] in table
    assert ["unsound", "·", "1", "1", "25.0%"] in table
    assert ["truncated", "1", "·", "1", "25.0%"] in table
    assert ["close/not-open", "disciplined", "1"] in table


# ---------------------------------------------------------------- check --engine
def test_every_engine_prints_the_same(desk: Desk) -> None:
    outcomes = [desk.run("check", "-", *MAZE, "--engine", e, stdin=ALL) for e in ("auto", "interpreter", "compiled")]
    assert outcomes[0].code == 1
    assert outcomes[0].out.count("\n") == 4
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_an_engine_that_is_not_there_is_a_usage_error(desk: Desk) -> None:
    sokoban = desk.run("check", "-", "-f", "searchformer-sokoban", "--engine", "compiled", stdin=ALL)
    assert (sokoban.code, sokoban.out) == (2, "")
    assert "searchformer-sokoban has no engine compiled: its text hides a part of the run" in sokoban.err
    assert desk.run("check", "-", *MAZE, "--engine", "steam", stdin=ALL).code == 2


# ---------------------------------------------------------------- check --expect
EXPECTATIONS = [
    pytest.param(SOUND, {"verdict": "sound"}, 0, "", id="sound"),
    pytest.param(UNSOUND, {"verdict": "unsound"}, 0, "", id="unsound as expected"),
    pytest.param(UNSOUND, {"verdict": "unsound", "rule": "close/not-open", "event": 2}, 0, "", id="rule and event"),
    pytest.param(SOUND, {"verdict": "sound", "rule": None, "event": None}, 0, "", id="nulls"),
    pytest.param(UNSOUND, {"plan": "optimal", "level": "disciplined", "plan_follows_trace": False}, 0, "", id="others"),
    pytest.param(SOUND, {"verdict": "sound", "note": "mine"}, 0, "", id="a note"),
    pytest.param(TRUNCATED, {"verdict": "sound"}, 1, "expected verdict sound, but it is truncated", id="truncated"),
    pytest.param(SOUND, {"verdict": "unsound"}, 1, "expected verdict unsound, but it is sound", id="not sound"),
    pytest.param(
        UNSOUND, {"verdict": "unsound", "rule": "close/x"}, 1, "expected rule close/x, but it is close/not-open", id="rule"
    ),
    pytest.param(
        UNSOUND, {"verdict": "unsound", "rule": None}, 1, "expected rule none, but it is close/not-open", id="no rule"
    ),
    pytest.param(UNSOUND, {"verdict": "unsound", "event": 3}, 1, "expected event 3, but it is 2", id="event"),
    pytest.param(UNSOUND, {"event": "2"}, 1, "expected event 2, but it is 2", id="event as text"),
    pytest.param(SOUND, {"plan": "none"}, 1, "expected plan none, but it is optimal", id="plan"),
    pytest.param(SOUND, {"plan_follows_trace": False}, 1, "expected plan_follows_trace false, but it is true", id="follows"),
    pytest.param(SOUND, {"verdict": ["sound"]}, 1, 'expected verdict ["sound"], but it is sound', id="list"),
]


@pytest.mark.parametrize(("trace", "expected", "code", "said"), EXPECTATIONS)
def test_expectations_are_compared(desk: Desk, trace: str, expected: dict[str, Any], code: int, said: str) -> None:
    data = jsonl(row(expected={"verdict": "sound"}), row(trace, "b", expected=expected))
    outcome = orderly(desk.run("check", "-", *MAZE, "--expect", "--output", "jsonl", stdin=data))
    assert (outcome.code, len(outcome.objects)) == (code, 2)
    assert outcome.err.endswith(f"2 compared, {code} different\n")
    assert outcome.err.startswith(f"-:2 b: {said}" if code else "2 compared")


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (None, "-:1: the row has no `expected` to compare with"),
        ({}, "-:1: the row's `expected` has none of the fields verdict, rule, event"),
        ({"verdikt": "sound"}, "-:1: the row's `expected` has none of the fields verdict, rule, event"),
    ],
)
def test_a_row_that_expects_nothing_cannot_be_compared(desk: Desk, expected: Any, said: str) -> None:
    outcome = orderly(desk.run("check", "-", *MAZE, "--expect", stdin=jsonl(row(expected=expected))))
    assert outcome.code == 2
    assert said in outcome.err


def test_an_expected_verdict_is_no_promise_without_expect(desk: Desk) -> None:
    assert desk.run("check", "-", *MAZE, stdin=jsonl(row(expected={"verdict": "unsound"}))).code == 0


# ---------------------------------------------------------------- exit codes
WIDE = {
    "grammars/wide.lark": """
        document: prompt trace
        prompt: "size" INT -> size
        trace: step* end?
        ?step: "visit" INT -> visit
        end: "eos" -> end
        INT: /0|[1-9][0-9]*/
        %ignore / +/
        """,
    "specs/domains/wide.spec": """
        domain wide
          "As many places as the prompt says."
          fact size: int
          sort Place = 0..size - 1
        """,
    "specs/procedures/wide.spec": """
        procedure wide
          "Asks about every place at every event."
          needs sort Place
          state
            seen: set Place
          event visit(p: Place)
            require disciplined again: p not in seen
              else "{p} was seen"
            require complete all: all q in Place: q >= 0
              else "there is a negative place"
            seen += p
          end
            require complete none: seen != {}
              else "nothing was seen"
        """,
    "specs/formats/wide.spec": """
        format wide
          "A budget can run out here."
          grammar wide
          domain wide
          procedure wide
        """,
}


SMALL, VAST, TWICE = "size 3 visit 1 eos", f"size {10**12} visit 1 eos", "size 3 visit 1 visit 1 eos"


@pytest.mark.parametrize(
    ("documents", "verdicts", "code"),
    [
        ([SMALL], ["sound"], 0),
        ([VAST], ["unknown"], 3),
        ([SMALL, VAST, SMALL], ["sound", "unknown", "sound"], 3),
        ([VAST, TWICE], ["unknown", "unsound"], 1),
        ([TWICE, VAST], ["unsound", "unknown"], 1),
        ([VAST, "size 3"], ["unknown", "truncated"], 1),
        ([VAST, "nonsense"], ["unknown", "malformed"], 1),
    ],
)
def test_only_unknowns_give_the_exit_code_three(desk: Desk, documents: list[str], verdicts: list[str], code: int) -> None:
    pack(WIDE, "wide")
    wide = ("-f", "wide/specs/formats/wide.spec", "--lines")
    outcome = orderly(desk.run("check", "-", *wide, "--output", "jsonl", stdin=lines(documents)))
    assert [o["verdict"] for o in outcome.objects] == verdicts
    assert outcome.code == code
    assert desk.run("check", "-", *wide, "--output", "summary", stdin=lines(documents)).code == code
    assert desk.run("explain", "-", *wide, stdin=lines(documents)).code == code


def test_a_fault_of_the_tool_shows_no_stack_unless_it_is_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("oops\x1b")

    monkeypatch.setattr("tracecourt.check.check", broken)
    outcome = desk.run("check", "-", *MAZE, stdin=ALL)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("tracecourt: this is a fault of tracecourt, please report it: ZeroDivisionError: oops·\n")
    monkeypatch.setenv("TRACECOURT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        desk.run("check", "-", *MAZE, stdin=ALL)


def test_an_interrupt_ends_quietly(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tracecourt.check.check", interrupted)
    outcome = desk.run("check", "-", *MAZE, stdin=ALL)
    assert (outcome.code, outcome.out, outcome.err.strip()) == (130, "", "")


# ---------------------------------------------------------------- explain
def test_explain_speaks_of_one_row_or_of_all(desk: Desk) -> None:
    one = orderly(desk.run("explain", "-", *MAZE, "--id", "b", stdin=ALL))
    assert (one.code, one.err) == (1, "")
    assert one.out.startswith("-:2 b: error[close/not-open]: event 2: close (1, 0) with g 1")
    assert one.out.splitlines()[-1].startswith("verdict: unsound at level disciplined")
    every = orderly(desk.run("explain", "-", *MAZE, "--output", "text", stdin=ALL))
    assert one.out in every.out
    assert [line.split()[1] for line in every.out.splitlines() if line.startswith("-:")] == ["a:", "b:", "c:", "d:"]
    assert desk.run("explain", "-", *MAZE, "--id", "a", stdin=ALL).code == 0


def test_explain_as_json_holds_what_check_says(desk: Desk) -> None:
    explained = desk.run("explain", "-", *MAZE, "--output", "json", stdin=ALL).objects
    checked = desk.run("check", "-", *MAZE, "--output", "jsonl", stdin=ALL).objects
    assert [{key: e[key] for key in c} for e, c in zip(explained, checked, strict=True)] == checked


@pytest.mark.parametrize(
    ("ids", "wanted", "said"),
    [
        (["maze-1", "maze-2"], "maze-3", "(did you mean maze-2?)"),
        (["x", "y"], "maze-3", "(known: x, y)"),
        ([f"x{n}" for n in range(900)], "maze-3", "x106, x107, x108 and 888 more)"),
        ([], "maze-3", "has no row with the id maze-3\n"),
        (["a"], "", "has no row with the id "),
    ],
)
def test_an_id_that_is_not_there_is_named_with_the_nearest(desk: Desk, ids: list[str], wanted: str, said: str) -> None:
    data = jsonl(*(row(id=id) for id in ids))
    outcome = orderly(desk.run("explain", "-", *MAZE, "--id", wanted, stdin=data))
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"tracecourt: - has no row with the id {wanted}")
    assert said in outcome.err


def test_a_rollout_is_explained_by_its_own_id(desk: Desk) -> None:
    data = jsonl({"id": "r", "prompt": PROMPT, "rollouts": [SOUND, UNSOUND]})
    assert desk.run("explain", "-", *MAZE, "--id", "r/1", stdin=data).out.startswith("-:1 r/1: error[close/not-open]")
    assert "(known: r/0, r/1)" in desk.run("explain", "-", *MAZE, "--id", "q", stdin=data).err


# ---------------------------------------------------------------- generate
@pytest.mark.parametrize(
    "more", [(), ("--declared",), ("--mutate",), ("--param", "width=4", "--param", "height=3")], ids=" ".join
)
def test_generated_rows_repeat_by_seed_and_are_what_they_say(desk: Desk, more: tuple[str, ...]) -> None:
    def made(seed: str) -> Outcome:
        return orderly(desk.run("generate", *MAZE, "-n", "5", "--seed", seed, *more))

    first = made("7")
    assert (first.code, first.err, len(first.objects)) == (0, "", 5)
    assert made("7") == first
    assert made("8").out != first.out
    assert all({"id", "prompt", "trace", "params", "expected"} <= set(o) for o in first.objects)
    assert all({"verdict", "rule", "event"} == set(o["expected"]) for o in first.objects)
    checked = desk.run("check", "-", *MAZE, "--expect", "--output", "jsonl", stdin=first.out)
    assert (checked.code, checked.err) == (0, "5 compared, 0 different\n")
    assert [o["id"] for o in checked.objects] == [o["id"] for o in first.objects]
    if "--mutate" in more:
        assert all({"edit", "breaks", "event"} == set(o["mutation"]) for o in first.objects)
    else:
        assert desk.run("check", "-", *MAZE, stdin=first.out).code == 0
    if "--declared" in more:
        assert all(o["level"] is None for o in checked.objects)


def test_fewer_rows_are_the_first_of_more(desk: Desk) -> None:
    few, many = (desk.run("generate", *MAZE, "-n", n, "--param", "width=5").out for n in ("2", "5"))
    assert many.startswith(few)
    assert desk.run("generate", *MAZE, "-n", "0").out == ""
    assert len(desk.run("generate", *MAZE, "--param", "width=3").objects) == 10


@pytest.mark.parametrize("more", [(), ("--mutate",)], ids=["sound", "mutants"])
def test_a_problem_that_cannot_be_drawn_is_an_input_error(desk: Desk, more: tuple[str, ...]) -> None:
    outcome = orderly(desk.run("generate", *MAZE, "--param", "directions=[]", *more))
    assert (outcome.code, outcome.out) == (2, "")
    assert "random problems of maze were all rejected" in outcome.err
    pack(WIDE, "wide")
    outcome = orderly(desk.run("generate", "-f", "wide/specs/formats/wide.spec", *more))
    assert (outcome.code, outcome.out) == (2, "")
    assert "the domain wide has no sample block" in outcome.err


def test_a_problem_too_large_to_draw_is_an_input_error(desk: Desk) -> None:
    outcome = orderly(desk.run("generate", *MAZE, "-n", "1", "--param", "width=100000", "--param", "height=100000"))
    assert (outcome.code, outcome.out) == (2, "")


# ---------------------------------------------------------------- real processes
CORPUS = "examples/tiny-transformer/mazes-5x5-late.jsonl.gz"
SMALL_CORPUS = f"gunzip -c {CORPUS} | head -2"
NO_STREAMS = "-f searchformer-maze --output summary 2>&- >&-"


def shell(script: str, encoding: str = "utf-8", **environment: str) -> subprocess.CompletedProcess[str]:
    """A script of bash in the checkout, `$T` being the command; its own exit code is that of the last command."""
    done = os.environ | {"T": f"{sys.executable} -m tracecourt", "COLUMNS": "100"} | environment
    return subprocess.run(["bash", "-c", script], cwd=ROOT, env=done, capture_output=True, encoding=encoding, check=False)


@pytest.mark.parametrize(
    ("script", "code", "out", "err"),
    [
        pytest.param("$T --version", 0, r"tracecourt \S+\n", "", id="python -m tracecourt"),
        pytest.param("$T nothing", 2, "", r"Usage: (?s:.*)No such command 'nothing'\.\n", id="usage"),
        pytest.param(
            f"$T check {CORPUS} -f searchformer-maze | head -1; exit ${{PIPESTATUS[0]}}",
            2,
            rf"{re.escape(CORPUS)}:1 m000/0: .*\n",
            "",
            id="the reader leaves",
        ),
        pytest.param(
            "$T generate -f searchformer-maze -n 1 --seed 3 | $T check - -f searchformer-maze --expect",
            0,
            "-:1 searchformer-maze-3-0: sound .*\n",
            "1 compared, 0 different\n",
            id="generate | check",
        ),
        pytest.param(
            "$T generate -f searchformer-maze -n 1 >/dev/full",
            2,
            "",
            "tracecourt: cannot write: No space left on device\n",
            id="full",
        ),
        pytest.param(f"{SMALL_CORPUS} | $T check - {NO_STREAMS}; echo $?", 0, "1\n", "", id="no streams at all"),
        pytest.param("$T check $'\\xff' -f $'\\xfe'", 2, "", "tracecourt: there is no format named .*\n", id="no UTF-8"),
    ],
)
def test_a_real_process_ends_as_it_should(script: str, code: int, out: str, err: str) -> None:
    if "/dev/full" in script and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    done = shell(script)
    assert (done.returncode, bool(re.fullmatch(out, done.stdout)), bool(re.fullmatch(err, done.stderr))) == (
        code,
        True,
        True,
    ), done


def test_a_terminal_that_knows_few_characters_gets_those(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_bytes(jsonl(row(UNSOUND, "ü…")))
    done = shell(f"$T explain {data} -f searchformer-maze", encoding="latin-1", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (1, "")
    assert ":1 ü?: error[close/not-open]: event 2" in done.stdout


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    script = "$T generate -f searchformer-maze -n 6 --seed 4 --param width=5 --param height=4 --mutate"
    first, second = (shell(script, PYTHONHASHSEED=seed) for seed in ("1", "2"))
    assert (first.returncode, first.stdout.count("\n")) == (0, 6)
    assert first.stdout == second.stdout
