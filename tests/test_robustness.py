"""Whatever a model wrote gets one of the five verdicts, in linear time, and no prefix of a sound text is condemned."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tracecourt as tc
from tests.command import PROMPT, SOUND, Desk, jsonl, open_once, orderly, row
from tests.conftest import ROOT, rows_of
from tests.test_cli import MAZE
from tracecourt.api import Court
from tracecourt.documents import Words
from tracecourt.report import text
from tracecourt.rows import read_rows

court = Court(open_once("searchformer-maze"))
VERDICTS = set(tc.Verdict)
NUMBER = "7" * 5_000
MEGABYTES = 10 * 2**20


def tried(prompt: Words, trace: Words, params: dict[str, Any] | None = None, here: Court = court) -> tc.Report:
    """The report on a text, after everything that can be asked of it was asked."""
    report = here.check(prompt, trace, params)
    assert report.verdict in VERDICTS
    assert report.events >= (report.event or 0) >= 0
    if report.span is not None:
        assert report.source is not None
        assert 0 <= report.span.start <= report.span.end <= len(report.source.text)
    explanation = here.explain(prompt, trace, params)
    assert explanation.report.to_dict() == report.to_dict()
    assert text.line(report, "here").isprintable()
    assert text.explanation(explanation, "here").splitlines()[-1].startswith(f"verdict: {report.verdict}")
    json.dumps(explanation.to_dict())
    return report


# ---------------------------------------------------------------- oddities
ODD = [
    pytest.param("", "truncated", id="empty"),
    pytest.param(" \t\r\n ", "truncated", id="blanks"),
    pytest.param("\x00", "malformed", id="NUL"),
    pytest.param(SOUND.replace(" ", "\x00"), "malformed", id="NUL between words"),
    pytest.param(f"{SOUND}\x00", "malformed", id="NUL at the end"),
    pytest.param("\ud800", "malformed", id="lone surrogate"),
    pytest.param(f"{SOUND} \udfff", "malformed", id="lone surrogate at the end"),
    pytest.param(SOUND.replace(" ", "\u00a0"), "malformed", id="no-break spaces"),
    pytest.param(SOUND.replace("0", "٠"), "malformed", id="Arabic digits"),
    pytest.param(SOUND.replace("c", "с"), "malformed", id="Cyrillic letters"),
    pytest.param(SOUND.upper(), "malformed", id="capitals"),
    pytest.param(SOUND.replace(" ", " \n\t "), "sound", id="many blanks"),
    pytest.param(f"\n\n{SOUND}\n\n", "sound", id="blank lines around"),
    pytest.param(SOUND.encode(), "sound", id="bytes"),
    pytest.param(SOUND.encode() + b"\xff", "malformed", id="bytes that are no UTF-8"),
    pytest.param(SOUND.encode("utf-16"), "malformed", id="UTF-16"),
    pytest.param(f"\ufeff{SOUND}", "malformed", id="byte order mark"),
    pytest.param(SOUND.split(), "sound", id="tokens"),
    pytest.param(list(SOUND), "malformed", id="characters as tokens"),
    pytest.param([SOUND], "sound", id="one token"),
    pytest.param(["", *SOUND.split(), ""], "sound", id="empty tokens"),
    pytest.param([*SOUND.split()[:-1], "\x00"], "malformed", id="NUL as token"),
    pytest.param(SOUND.replace("c1", f"c{NUMBER}", 1), "malformed", id="5,000 digits in a cost"),
    pytest.param(SOUND.replace("0 0", f"{NUMBER} 0", 1), "malformed", id="5,000 digits in a node"),
    pytest.param(f"create {NUMBER}", "truncated", id="5,000 digits at the end"),
    pytest.param(f"create 0 0 c0 c{NUMBER}", "malformed", id="5,000 digits in the last cost"),
    pytest.param(f"{SOUND[:-4]} plan {NUMBER} 0 eos", "malformed", id="5,000 digits in the plan"),
    pytest.param("create -1 0 c0 c1", "malformed", id="negative"),
    pytest.param("create 1e9 0 c0 c1", "malformed", id="exponent"),
    pytest.param("create 0.5 0 c0 c1", "malformed", id="decimal"),
    pytest.param("create 999999999999999999 0 c0 c1 eos", "unsound", id="18 digits"),
    pytest.param("create 0 0 c999999999999999999 c1 eos", "unsound", id="18 digits in a cost"),
    pytest.param("create 1000000000000000000 0 c0 c1 eos", "malformed", id="19 digits"),
    pytest.param(f"{SOUND} {SOUND}", "malformed", id="twice"),
    pytest.param("eos eos", "malformed", id="two ends"),
    pytest.param("(" * 50_000, "malformed", id="brackets"),
    pytest.param("{" * 50_000 + "}" * 50_000, "malformed", id="braces"),
    pytest.param("\\", "malformed", id="backslash"),
    pytest.param("%s %d {} $EOS .*", "malformed", id="patterns"),
]


@pytest.mark.parametrize(("trace", "verdict"), ODD)
def test_odd_traces_get_the_verdict_that_they_deserve(trace: Words, verdict: str) -> None:
    assert tried(PROMPT, trace).verdict == verdict


ODD_PROMPTS = [
    pytest.param("", "unsound", id="empty: the trace is the document"),
    pytest.param("\x00", "malformed", id="NUL"),
    pytest.param("\ud800", "malformed", id="lone surrogate"),
    pytest.param(f"start {NUMBER} 0 goal 1 0", "malformed", id="5,000 digits"),
    pytest.param("start 0 0", "malformed", id="no goal"),
    pytest.param(f"{PROMPT} {PROMPT}", "malformed", id="twice"),
    pytest.param(f"{PROMPT} {SOUND}", "malformed", id="events in the prompt"),
    pytest.param(PROMPT + " wall 2 0" * 2_000, "sound", id="a wall many times"),
    pytest.param(PROMPT.split(), "sound", id="tokens"),
    pytest.param(PROMPT.encode(), "sound", id="bytes"),
]


@pytest.mark.parametrize(("prompt", "verdict"), ODD_PROMPTS[1:])
def test_odd_prompts_get_the_verdict_that_they_deserve(prompt: Words, verdict: str) -> None:
    params = {"width": 3, "height": 1} if verdict == "sound" else None
    assert tried(prompt, SOUND, params).verdict == verdict


@pytest.mark.parametrize(
    "params", [{"width": 100_000, "height": 100_000}, {"weight": "999999999999999999/7"}, {"directions": []}]
)
def test_extreme_parameters_do_no_harm(params: dict[str, Any]) -> None:
    for trace in ("", SOUND, SOUND[:60], SOUND.replace("close 1", "close 7")):
        tried(PROMPT, trace, params)


# ---------------------------------------------------------------- masses
MASSES = [
    pytest.param(lambda n: "a" * n, "malformed", id="one word"),
    pytest.param(lambda n: "create" * (n // 6), "malformed", id="a keyword without blanks"),
    pytest.param(lambda n: f"create {'1' * n}", "truncated", id="one number"),
    pytest.param(lambda n: f"create 0 0 c{'9' * n} c0", "malformed", id="one cost"),
    pytest.param(lambda n: " " * n, "truncated", id="blanks"),
    pytest.param(lambda n: "\n" * n, "truncated", id="line ends"),
    pytest.param(lambda n: "\x00" * n, "malformed", id="NULs"),
    pytest.param(lambda n: "\ud800" * n, "malformed", id="lone surrogates"),
    pytest.param(lambda n: "what is this " * (n // 13), "malformed", id="many words"),
    pytest.param(lambda n: f"{SOUND} " * (n // len(SOUND)), "malformed", id="the trace again and again"),
    pytest.param(lambda n: f"{PROMPT} " * (n // len(PROMPT)), "malformed", id="the prompt again and again"),
    pytest.param(lambda n: "eos " * (n // 4), "malformed", id="the end again and again"),
]


@pytest.mark.parametrize(("make", "verdict"), MASSES)
def test_ten_megabytes_of_garbage_get_a_verdict(make: Callable[[int], str], verdict: str) -> None:
    report = court.check(PROMPT, make(MEGABYTES))
    assert report.verdict == verdict
    assert len(report.message) < 300


EVENTS = [
    *MASSES,
    pytest.param(lambda n: "create 0 0 c0 c1 " * (n // 17), "unsound", id="one event"),
    pytest.param(lambda n: "create 0 0 c0 c1 " * (n // 17) + "cre", "unsound", id="one event, then a cut"),
    pytest.param(lambda n: "create 0 0 c0 c1 " * (n // 17) + "oh", "malformed", id="one event, then a word"),
    pytest.param(lambda n: "close 0 0 c0 c1 " * (n // 16), "unsound", id="closes"),
    pytest.param(lambda n: "".join(f"create {i} {i} c0 c1 " for i in range(n // 25)), "unsound", id="other nodes"),
    pytest.param(lambda n: SOUND[:-3] + "plan 0 0 " * (n // 9), "sound", id="an endless plan"),
]


def calls(action: Callable[[], object]) -> int:
    """How many functions an action calls, those of C included."""
    count = 0

    def seen(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(("make", "verdict"), EVENTS)
@pytest.mark.parametrize("tokens", [False, True], ids=["text", "tokens"])
def test_twice_the_text_is_at_most_twice_the_work(make: Callable[[int], str], verdict: str, tokens: bool) -> None:
    small, large = make(1_000), make(2_000)
    assert court.check(PROMPT, large).verdict == verdict
    fewer, more = (calls(lambda t=t: court.check(PROMPT, t.split() if tokens else t)) for t in (small, large))
    assert more <= 2.1 * fewer


@pytest.mark.parametrize("distinct", [False, True], ids=["one wall", "many walls"])
def test_twice_the_walls_are_at_most_twice_the_work(distinct: bool) -> None:
    def prompt(n: int) -> str:
        return PROMPT + "".join(f" wall {i % 99 if distinct else 5} {5 + i // 99}" for i in range(n))

    params = {"width": 100, "height": 100}
    fewer, more = (calls(lambda n=n: court.check(prompt(n), SOUND, params)) for n in (400, 800))
    assert more <= 2.1 * fewer


# ---------------------------------------------------------------- prefixes
PREFIXES = 8  # of each text of a format other than the first


def together(name: str, sample: dict[str, Any]) -> list[str]:
    """The prompt and the trace of a row in one text, where that is sound, too."""
    here = Court(open_once(name))
    texts = [sample["prompt"] + blank + sample["trace"] for blank in (" ", "\n", "\n\n")]
    return [text for text in texts if here.check("", text, sample.get("params", {})).sound]


SAMPLED = sorted(path.name.split(".")[0] for path in ROOT.glob("specs/formats/*.examples.jsonl"))


def sound_sample(name: str) -> dict[str, Any]:
    """The shortest sound example of a format that can be read in one text, too."""
    rows = rows_of(ROOT / f"specs/formats/{name}.examples.jsonl")
    sound = [r for r in rows if r["expected"]["verdict"] == "sound" and isinstance(r["trace"], str)]
    return next(row for row in sorted(sound, key=lambda r: len(r["trace"])) if together(name, row))


@pytest.mark.parametrize("name", SAMPLED)
def test_no_prefix_of_a_sound_text_is_condemned(name: str) -> None:
    none_is_condemned(name, sound_sample(name), 10_000 if name == court.name else PREFIXES)


def test_no_prefix_of_a_longer_text_is_condemned() -> None:
    none_is_condemned(court.name, next(court.generate(1, 1, {"width": 3, "height": 4})), 100)


def none_is_condemned(name: str, sample: dict[str, Any], number: int) -> None:
    """So many prefixes of the trace, and of prompt and trace in one text, are sound or truncated."""
    here = Court(open_once(name))
    prompt, trace, params = sample["prompt"], sample["trace"], sample.get("params", {})
    for whole, before in ((trace, prompt), (together(name, sample)[0], "")):
        assert here.check(before, whole, params).sound
        closed = [end for end in range(1, len(whole)) if whole[end - 1] in "])."][:number]  # where a part of an event may end
        for end in [*range(0, len(whole), max(1, len(whole) // number)), *closed]:
            report = here.check(before, whole[:end], params if end % 2 else {})
            assert report.verdict not in ("unsound", "malformed"), (whole[:end], report)


def test_no_prefix_of_a_sound_token_list_is_condemned() -> None:
    tokens = ["bos", *SOUND.split()]
    for end in range(len(tokens)):
        assert court.check(PROMPT, tokens[:end]).verdict in ("sound", "truncated"), tokens[:end]
    document = [*PROMPT.split(), *tokens]
    for end in range(len(document)):
        assert court.check([], document[:end]).verdict in ("sound", "truncated"), document[:end]


def test_a_prefix_is_condemned_where_it_should_be() -> None:
    bad = SOUND.replace("close 0 0 c0 c1", "close 0 0 c2 c1")
    verdicts = [str(court.check(PROMPT, bad[:end]).verdict) for end in range(len(bad) + 1)]
    first = verdicts.index("unsound")
    assert bad[:first].endswith("close 0 0 c2 c1")
    assert set(verdicts[:first]) == {"truncated"}
    assert set(verdicts[first:]) <= {"unsound"}


# ---------------------------------------------------------------- anything
ANY = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
KEYWORDS = ["create", "close", "plan", "start", "goal", "wall", "bos", "eos"]
WORDS = st.sampled_from([*KEYWORDS, "0", "1", "2", "c0", "c1", "c2", "c9", "", "c", "\ud800"])
NUMBERS = st.integers(min_value=0, max_value=3)
EVENT = st.one_of(
    st.tuples(st.sampled_from(["create", "close"]), NUMBERS, NUMBERS, NUMBERS, NUMBERS).map(
        lambda e: f"{e[0]} {e[1]} {e[2]} c{e[3]} c{e[4]}"
    ),
    st.tuples(NUMBERS, NUMBERS).map(lambda n: f"plan {n[0]} {n[1]}"),
)
FACTS = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.lists(st.tuples(NUMBERS, NUMBERS), max_size=5)).map(
    lambda f: f"start {f[0]} {f[1]} goal {f[2]} {f[3]}" + "".join(f" wall {x} {y}" for x, y in f[4])
)


@st.composite
def edited(draw: st.DrawFn) -> str:
    """A sound trace after a few edits of characters."""
    found = SOUND
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(found)))
        width = draw(st.integers(0, 6))
        found = found[:at] + draw(st.text(alphabet="cloe 01c9\x00e\n", max_size=4)) + found[at + width :]
    return found


@ANY
@given(st.one_of(st.text(), st.binary(), st.none(), st.lists(st.text())), st.one_of(st.text(), st.binary(), st.none()))
def test_any_text_gets_a_verdict(trace: Any, prompt: Any) -> None:
    tried(prompt, trace)
    tried(PROMPT, trace)


@ANY
@given(edited())
def test_an_edited_trace_gets_a_verdict(trace: str) -> None:
    as_text = tried(PROMPT, trace)
    assert tried(PROMPT, trace.encode()).to_dict() == as_text.to_dict()
    tried("", f"{PROMPT} {trace}")
    tried(PROMPT, trace.split())


@ANY
@given(st.lists(WORDS, max_size=30))
def test_any_words_get_a_verdict(tokens: list[str]) -> None:
    tried(PROMPT, tokens)
    tried("", tokens)
    tried("", [*PROMPT.split(), *tokens])


@ANY
@given(FACTS, st.lists(EVENT, max_size=12), st.sampled_from(["", " eos", " clo", " create 1"]))
def test_any_events_over_any_problem_get_a_verdict(prompt: str, events: list[str], end: str) -> None:
    report = tried(prompt, " ".join(events) + end)
    assert report.verdict != "unknown"


def test_a_sound_trace_with_any_one_character_replaced_gets_a_verdict() -> None:
    random = Random(1)
    for at in range(len(SOUND)):
        for character in random.sample("0123456789 abcdelopsrnt\n\x00é", 4):
            tried(PROMPT, SOUND[:at] + character + SOUND[at + 1 :])


def examples() -> list[Any]:
    return [pytest.param(path, id=path.name.split(".")[0]) for path in sorted(ROOT.glob("specs/formats/*.examples.jsonl"))]


@pytest.mark.parametrize("path", examples())
def test_spoiled_examples_of_every_format_get_a_verdict_and_an_explanation(path: Path) -> None:
    here, random = Court(open_once(path.name.split(".")[0])), Random(2)
    for example in [r for r in rows_of(path) if isinstance(r["trace"], str)][:4]:
        words = example["trace"].split(" ")
        for edit in range(3):
            spoiled = list(words)
            at = random.randrange(len(words))
            spoiled[at : at + edit % 3] = random.choices([*words, "7", ""], k=edit % 2 + 1)
            tried(example["prompt"], " ".join(spoiled), example.get("params"), here)


# ---------------------------------------------------------------- files
HOSTILE = [
    pytest.param(b'{"prompt": "start 0 0 goal 1 0", "trace": "\xff\xfe"}\n', "malformed", id="no UTF-8 inside a text"),
    pytest.param(b'{"prompt": "start 0 0 goal 1 0", "trace": "\\ud800"}\n', "malformed", id="lone surrogate"),
    pytest.param(b'{"prompt": "start 0 0 goal 1 0", "trace": "\\u0000"}\n', "malformed", id="NUL"),
    pytest.param(b'{"prompt": "", "trace": "", "x": ' + b"[" * 500 + b"]" * 500 + b"}\n", "truncated", id="nested"),
    pytest.param(b'{"prompt": "", "trace": "", "trace": "oh"}\n', "malformed", id="a field twice"),
    pytest.param(b'{"prompt": "", "trace": "", "x": NaN, "y": 1e999}\n', "truncated", id="NaN"),
    pytest.param(jsonl(row("what " * 2**20)), "malformed", id="5 MB in a line"),
    pytest.param(jsonl(row(id="x" * 2**20)), "sound", id="1 MB in an id"),
]


@pytest.mark.parametrize(("data", "verdict"), HOSTILE)
def test_hostile_rows_get_a_verdict(desk: Desk, data: bytes, verdict: str) -> None:
    for command in (("check", "--output", "jsonl"), ("explain", "--output", "json")):
        outcome = orderly(desk.run(*command, "-", *MAZE, stdin=data))
        assert [o["verdict"] for o in outcome.objects] == [verdict]
    for command in (("check",), ("explain",)):
        assert orderly(desk.run(*command, "-", *MAZE, stdin=data)).code == (0 if verdict == "sound" else 1)


@pytest.mark.parametrize(
    "noise", [b"\xff", b"\x00", b"\xed\xa0\x80", b"\xc3", b"\xf4\x90\x80\x80", b"\r", b"\x1b[2J", b"\x0c", b"\x85"]
)
def test_noise_in_lines_spoils_its_own_line_only(desk: Desk, noise: bytes) -> None:
    document = f"{PROMPT} {SOUND}".encode()
    data = b"\n".join([document, document[:30] + noise + document[30:], document, b""])
    outcome = orderly(desk.run("check", "-", *MAZE, "--lines", "--output", "jsonl", stdin=data))
    first, second, third = outcome.objects
    assert (first["verdict"], third["verdict"]) == ("sound", "sound")
    assert second["verdict"] == ("sound" if noise == b"\r" and document[29:31].count(b" ") else "malformed")


@ANY
@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_in_a_file_are_a_fault_or_verdicts(data: bytes, with_lines: bool) -> None:
    with patch("sys.stdin", io.TextIOWrapper(io.BytesIO(data))):
        try:
            found = list(read_rows("-", lines=with_lines))
        except tc.InputError as error:
            found, fault = [], str(error)
        else:
            fault = "-:"
    assert fault.startswith("-:")
    assert {court.check(one.prompt, one.trace, one.params, one.id).verdict for one in found} <= VERDICTS
    assert not with_lines or len(found) == data.count(b"\n") + bool(data.rpartition(b"\n")[2])
