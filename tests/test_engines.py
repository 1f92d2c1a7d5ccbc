"""Whatever reads a text and tries its events, the report is the same: every format, texts that someone spoilt, mutants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import pytest

from tests.command import open_once
from tests.conftest import ROOT, rows_of
from tests.packs import Pack
from tracecourt import check as trials
from tracecourt.api import Court
from tracecourt.check import Trial, check, conclude
from tracecourt.documents import Document, Step, read_document, unwritten
from tracecourt.engines.compiled import Compiled
from tracecourt.errors import InputError
from tracecourt.formats import Format
from tracecourt.generate import Generator
from tracecourt.mutate import Mutator
from tracecourt.resources import Library
from tracecourt.verdict import Report, Violation

FORMATS = Library.shipped().names("format")
SMALL: dict[str, dict[str, Any]] = {
    "searchformer-maze": {"width": 5, "height": 5},
    "searchformer-sokoban": {"width": 5, "height": 5},
    "beyond-semantics-maze": {"width": 4, "height": 4},
    "stream-of-search": {"most": 3},
    "stream-of-search-strict": {"most": 3},
    "system-1x-blocksworld": {"number": 3},
    **{name: {"width": 4, "height": 4} for name in FORMATS if name.startswith("dualformer")},
    **{name: {"rows": 3, "columns": 3} for name in FORMATS if name.startswith("system-1x-maze")},
    **{name: {"nodes": 6} for name in FORMATS if name.startswith("graph-")},
}
QUICK, LONG = 12, 4_100  # spoilt texts of a format in the fast and in the slow suite; fewer where each has to be explained
LONGEST = 2_500  # characters of a text that is spoilt
Row = dict[str, Any]


# ---------------------------------------------------------------- what is compared
def told(violation: Violation | None) -> tuple[Any, ...] | None:
    if violation is None:
        return None
    return violation.event, violation.text, violation.span, violation.rule.name, violation.message


def agree(name: str, row: Row) -> Report:
    """The report on a row, which is that of the reference: keys, all violations, the declared one, the run behind it."""
    form, given = open_once(name), (row["prompt"], row["trace"], row.get("params") or {}, str(row.get("id", "")))
    expected, found = (outcome(form, given, engine) for engine in ("interpreter", "auto"))
    if isinstance(expected, str) or isinstance(found, str):
        assert found == expected, row
        return check(form, "", "")
    assert found.to_dict() == expected.to_dict(), row
    assert list(map(told, found.violations)) == list(map(told, expected.violations)), row
    assert told(found.declared) == told(expected.declared), row
    assert found.run == expected.run, row
    return found


def outcome(form: Format, given: tuple[Any, ...], engine: str) -> Report | str:
    try:
        return check(form, *given, engine=engine)
    except InputError as error:
        return str(error)


# ---------------------------------------------------------------- rows
def written(name: str) -> list[Row]:
    """The examples of a format, and its faults."""
    files = [ROOT / "specs" / "formats" / f"{name}.examples.jsonl", ROOT / "tests" / "faults" / f"{name}.jsonl"]
    return [row for file in files for row in rows_of(file)]


@cache
def rows(name: str) -> tuple[Row, ...]:
    """Those, generated rows, and mutants of events."""
    generator = Generator(open_once(name), SMALL.get(name, {}))
    return (*written(name), *generator.rows(1, 11), *generator.rows(1, 12, declared=True), *Mutator(generator).rows(4, 13))


# ---------------------------------------------------------------- spoilt texts
def spoilt(text: str, random: Random) -> str:
    """A text with characters deleted, inserted, replaced or swapped, a stretch doubled, or its end missing."""
    for _ in range(random.choice((1, 1, 1, 2))):
        at, other = random.randrange(len(text) + 1), random.randrange(len(text) + 1)
        length = random.choice((1, 1, 2, 5, 20))
        piece = text[other : other + length] if random.random() < 0.7 else random.choice('0123456789 \n,.;()[]-abcxyz"é')
        match random.randrange(6):
            case 0:
                text = text[:at] + text[at + length :]
            case 1:
                text = text[:at] + piece + text[at:]
            case 2:
                text = text[:at] + piece + text[at + len(piece) :]
            case 3:
                text = text[:at]
            case 4:
                text = text[:at] + text[at : at + 8 * length] + text[at:]
            case _:
                text = text[:at] + text[at + length : at + 2 * length] + text[at : at + length] + text[at + 2 * length :]
    return text


@cache
def short(name: str) -> tuple[Row, ...]:
    return tuple(row for row in rows(name) if len(row["trace"]) <= LONGEST)


def spoilt_rows(name: str, number: int, seed: int) -> Iterator[Row]:
    """Rows whose trace was spoilt, some with a spoilt prompt, some without parameters."""
    random = Random(f"{seed}/{name}")
    for _ in range(number):
        row = dict(random.choice(short(name)))
        row["trace"] = spoilt(row["trace"], random)
        if random.random() < 0.1:
            row["prompt"] = spoilt(row["prompt"], random)
        if random.random() < 0.2:
            row["params"] = {}
        yield row


@pytest.mark.parametrize("name", FORMATS)
def test_every_engine_gives_the_same_reports(name: str) -> None:
    """Rows as they are; without parameters, without a prompt, as tokens; and spoilt."""
    verdicts = {str(agree(name, row).verdict) for row in rows(name)}
    assert "sound" in verdicts
    assert len(verdicts) > 1
    for index, row in enumerate(rows(name)[::2]):
        match index % 3:
            case 0:
                agree(name, row | {"params": {}})
            case 1:
                agree(name, row | {"prompt": "", "trace": f"{row['prompt']}\n{row['trace']}"})
            case _:
                agree(name, row | {"prompt": row["prompt"].split(), "trace": row["trace"].split()})
    compared(name, QUICK // 3 if open_once(name).system.partial else QUICK, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_many_spoilt_texts(name: str) -> None:
    compared(name, LONG // 10 if open_once(name).system.partial else LONG, seed=2)


def compared(name: str, number: int, seed: int) -> None:
    found = Counter(str(agree(name, row).verdict) for row in spoilt_rows(name, number, seed))
    print(f"\n{name}: {number} spoilt texts, seed {seed}: {', '.join(f'{n} {v}' for v, n in sorted(found.items()))}")


# ---------------------------------------------------------------- the fast way is taken
@pytest.mark.parametrize("name", FORMATS)
def test_a_whole_text_is_scanned_and_its_document_is_the_one_that_lark_reads(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = open_once(name)
    asked = []
    read = form.grammar.read
    monkeypatch.setattr(form.grammar, "read", lambda *given: asked.append(given) or read(*given))
    for row in written(name):
        one = read_document(form, row["prompt"], row["trace"], scanned=False)
        asked.clear()
        other = read_document(form, row["prompt"], row["trace"])
        assert bool(asked) == bool(one.fault or one.cut or form.scanners.why_not("trace"))
        assert (list(other.steps), list(other.events)) == (list(one.steps), list(one.events))
        assert (list(other.steps[1:]), list(other.facts.items())) == (list(one.steps[1:]), list(one.facts.items()))
        for part in ("trace", "ended", "cut", "fault", "missing", "start", "tokens", "tail", "open_ended"):
            assert getattr(other, part) == getattr(one, part)


# ---------------------------------------------------------------- which engine
def test_an_engine_that_a_format_does_not_have_is_an_input_error() -> None:
    said = "searchformer-sokoban has no engine compiled: its text hides a part of the run, which has to be looked for"
    court = Court(open_once("searchformer-sokoban"))
    for ask in (lambda: court.check("", "", engine="compiled"), lambda: list(court.check_many([], engine="compiled"))):
        with pytest.raises(InputError, match=said):
            ask()
    with pytest.raises(InputError, match=r"no engine interpeter \(did you mean interpreter\?\)"):
        court.check("", "", engine="interpeter")


def test_a_system_that_python_cannot_nest_keeps_the_interpreter(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = pack.lab(procedure=TWICE)
    form = Format(lab.system, NO_GRAMMAR, Library(()))
    engine, plain = Compiled(form.interpreter), form.compiled
    assert plain is not None
    monkeypatch.setattr(Compiled, "_made", refuse)
    assert (engine.demands(lab.r), engine.may_end(lab.r), engine.judged("cost", lab.r)) == (True, True, None)
    other = Format(lab.system, NO_GRAMMAR, Library(()))
    assert (other.compiled, other.engine("auto")) == (None, None)
    with pytest.raises(InputError, match="nested more deeply than Python allows; leave it to auto"):
        other.engine("compiled")


def refuse(*_: Any) -> Any:
    raise IndentationError("too many levels of indentation")


NO_GRAMMAR: Any = None


def test_a_departure_is_worded_when_it_is_asked_for_and_a_report_keeps_no_more_than_texts(maze: Format) -> None:
    prompt, trace = "start 0 0 goal 1 1", "create 0 0 c0 c2 close 0 0 c0 c2 create 1 0 c1 c1 create 0 1 c1 c1 "
    trace += "close 1 0 c1 c1 create 1 1 c2 c0 close 1 1 c2 c0 eos"
    params = {"width": 2, "height": 2}
    expected, found = (check(maze, prompt, trace, params, engine=engine) for engine in ("interpreter", "auto"))
    assert (found.verdict, found.level) == ("sound", "declared")
    assert callable(found.departure)
    kept = [cell.cell_contents for cell in found.departure.__closure__ or ()]  # type: ignore[attr-defined]
    assert not any(isinstance(one, (Document, Trial, list)) for one in kept)
    assert found.declared == expected.declared
    assert found.declared is not None
    assert found.declared.message == "(0, 1) comes before (1, 0) in the declared order of children"


# ---------------------------------------------------------------- two rules broken by one event
TWICE = """\
state
  price: map int -> int
event go(k: int)
  require declared in-order: k > 1
    else "{k} comes too late"
  require grounded right: price[k] = 1
    else "the price of {k} is {price[k]}"
  require grounded dear: price[k] < 2
    else "{price[k]} is too dear"
"""


@pytest.mark.parametrize("compiled", [False, True])
def test_a_rule_of_a_sound_level_counts_though_a_declared_one_is_broken_before_it(pack: Pack, *, compiled: bool) -> None:
    """One that only says that another left its terms without a value is passed over: another of a sound level."""
    lab = pack.lab(procedure=TWICE)
    form = Format(lab.system, NO_GRAMMAR, Library(()))
    step = Step(form.interpreter.actions["go"], (0,), form.system.shown["go"])
    document = unwritten(form.system, lab.facts | {"nothing": {}}, [step], ended=False)
    trial = Trial(form, document, form.compiled if compiled else None)
    trial.open({})
    report = conclude(trial, "")
    assert (report.verdict, report.rule) == ("unsound", "go/right")
    assert [v.message for v in report.violations] == ["the price of 0 is (no value)"]
    assert report.declared is not None
    assert report.declared.message == "0 comes too late"


def test_engines_that_differ_are_a_fault_that_tests_see(maze: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ("start 0 0 goal 1 0", "create 0 0 c0 c1 close 0 0 c0 c1 close 1 0 c1 c0 eos")
    assert check(maze, *given).rule == "close/not-open"
    interpreter = maze.interpreter
    broken = interpreter.broken
    monkeypatch.setattr(interpreter, "broken", lambda *asked: broken(*asked)[1:])
    with pytest.raises(AssertionError, match="the engines differ: event 2 breaks close/not-open"):
        check(maze, *given)
    monkeypatch.setattr(trials, "STRICT", False)
    assert check(maze, *given).rule == "close/wrong-g"


@pytest.fixture
def pack(tmp_path: Any) -> Pack:
    return Pack(tmp_path)
