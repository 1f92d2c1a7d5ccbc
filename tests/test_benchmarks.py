"""The benchmark's parts on tiny corpora, so that they cannot rot, and its hand-written checker against `check`."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tracecourt as tc

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(FOLDER))

import corpora  # noqa: E402
import expert  # noqa: E402
import hidden  # noqa: E402
import measure  # noqa: E402
import peers  # noqa: E402
import results  # noqa: E402
import run  # noqa: E402
import scaling  # noqa: E402
import starts  # noqa: E402
import whole  # noqa: E402


@pytest.fixture(scope="module")
def court() -> tc.Court:
    return tc.load_format(corpora.FORMAT)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[corpora.Row]:
    return corpora.rows(2, (4, 6), tmp_path_factory.mktemp("corpora"))


# ---------------------------------------------------------------- the expert
def answers(court: tc.Court, prompt: str, trace: str, params: dict[str, Any]) -> tuple[object, expert.Answer]:
    report = court.check(prompt, trace, params)
    ours = str(report.verdict), report.rule, report.event, str(report.plan), report.plan_follows_trace
    theirs = expert.check(prompt, trace, **params) if prompt else expert.check_line(trace, **params)
    return ours, theirs


def edits(trace: str, chance: random.Random) -> Iterator[str]:
    """The trace, and what becomes of it by cuts and by words and steps that are left out, repeated or changed."""
    words = trace.split()
    place, step, plan = (chance.randrange(1, n) for n in (len(words), len(words) // 5, len(trace)))
    yield trace
    yield " ".join(words[:place])
    yield trace[:plan]
    yield " ".join(words[:place] + words[place + 1 :])
    yield " ".join([*words[:place], chance.choice(words), *words[place + 1 :]])
    yield " ".join(words[: 5 * step] + words[5 * step + 5 :])
    if "plan" in words:
        begin = words.index("plan")
        yield " ".join(words[:begin] + words[begin + 3 :])
        yield " ".join([*words[:-4], "eos"])
        yield " ".join(words[:begin] + words[begin : begin + 6] + words[begin:])
        yield " ".join([*words[:begin], "plan", "3", "99", *words[begin:]])


@pytest.mark.parametrize("mutate", [False, True])
def test_the_expert_says_what_check_says(court: tc.Court, mutate: bool) -> None:
    chance, verdicts = random.Random(7), set()
    for row in court.generate(8, 5, {"width": 6, "height": 5}, mutate=mutate):
        prompt, params = row["prompt"], row["params"]
        for trace in edits(row["trace"], chance):
            for asked in (prompt, trace, params), (prompt, "bos " + trace, {}), ("", f"{prompt} {trace}", {}):
                ours, theirs = answers(court, *asked)
                assert theirs == ours, asked
                verdicts.add(theirs[0])
    assert {"unsound", "truncated", "malformed"} <= verdicts


def test_the_expert_knows_the_rules_of_mutants(court: tc.Court) -> None:
    for row in court.generate(20, 3, {"width": 4, "height": 4}, mutate=True):
        ours, theirs = answers(court, row["prompt"], row["trace"], row["params"])
        assert theirs == ours
        assert theirs[:3] == tuple(row["expected"][name] for name in ("verdict", "rule", "event"))


def test_the_expert_takes_the_fast_way_for_sound_traces(rows: list[corpora.Row], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expert, "careful", None)
    for row, line in zip(rows, corpora.as_lines(rows), strict=True):
        sound = ("sound", None, None, "optimal", True)
        assert expert.check(row["prompt"], row["trace"], **row["params"]) == sound
        assert expert.check_line("bos " + line.replace(" create", " eos bos create", 1)) == sound


@pytest.mark.parametrize(
    ("prompt", "rule"),
    [
        ("start 0 0 goal 1 1 wall 0 0", "problem/start-in-wall"),
        ("start 0 0 goal 1 1 wall 1 1", "problem/goal-in-wall"),
        ("start 0 7 goal 1 1", "problem/start-out-of-range"),
        ("start 0 0 goal 1 1 wall 7 1", "problem/wall-out-of-range"),
    ],
)
def test_the_expert_knows_problems_that_are_none(court: tc.Court, prompt: str, rule: str) -> None:
    ours, theirs = answers(court, prompt, "create 0 0 c0 c2", {"width": 3, "height": 3})
    assert theirs == ours
    assert theirs[1] == rule


# ---------------------------------------------------------------- corpora
def test_a_smaller_corpus_is_the_beginning_of_a_larger_one(rows: list[corpora.Row], tmp_path: Path) -> None:
    small, large = (corpora.corpus(corpora.as_lines(rows), "lines", size, tmp_path) for size in (3_000, 9_000))
    assert large.read_bytes().startswith(small.read_bytes())
    assert 3_000 - 2_000 < small.stat().st_size <= 3_000 < large.stat().st_size <= 9_000


def test_long_traces_are_sound_and_about_as_long_as_was_asked(court: tc.Court) -> None:
    row = corpora.long_row(200)
    report = court.check(row["prompt"], row["trace"], row["params"])
    assert (str(report.verdict), str(report.plan)) == ("sound", "optimal")
    assert 100 < report.events < 300


# ---------------------------------------------------------------- measuring
def test_whole_processes_are_measured_side_by_side(rows: list[corpora.Row], tmp_path: Path) -> None:
    file = corpora.corpus(corpora.as_lines(rows), "lines", 3_000, tmp_path)
    cases = [c for c in whole.text_cases(dict.fromkeys(("large", "small", "tiny"), file)) if "native" not in c.name]
    page = whole.markdown(found := whole.measured(cases, 1), whole.expert_rate(found))
    assert "| expert's script | 0.0 |" in page
    assert page.count("\n") == 2 + len(cases)
    assert {case.name.partition(",")[0] for case in cases} >= {"check", "expert's script", "Lark alone"}
    assert ("wc -w, C" in page) == bool(shutil.which("wc"))


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="exit code 2"):
        measure.run(measure.Case("no file", measure.tracecourt("check", "no-such-file", "--format", corpora.FORMAT)))


def test_json_is_measured_too(rows: list[corpora.Row], tmp_path: Path) -> None:
    file = corpora.corpus(corpora.as_json(rows), "json", 3_000, tmp_path)
    cases = [case for case in whole.json_cases(file) if "native" not in case.name]
    assert "JSON decoding alone" in whole.markdown(whole.measured(cases, 1), 1.0)


def test_starts_and_calls_are_measured(rows: list[corpora.Row]) -> None:
    assert "`tracecourt --help`" in starts.starts(rows, 1, native=False)
    assert "compiled" in starts.latencies(rows, 1, native=False)


def test_growth_is_measured_and_drawn(rows: list[corpora.Row], tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    lengths = scaling.trace_lengths((60, 240), 1, ("compiled", "expert"))
    assert scaling.lengths_markdown(lengths).count("\n") == 4
    files = [corpora.corpus(corpora.as_lines(rows), "lines", size, tmp_path) for size in (3_000, 9_000)]
    assert "expert" in scaling.sizes_markdown(scaling.corpus_sizes({"expert": files}, 1))
    figure = tmp_path / "figures" / "growth.svg"
    assert scaling.plot(lengths, "events", "s", figure, each=True) == figure.is_file()


def test_a_slope_is_an_exponent() -> None:
    pytest.importorskip("numpy")
    assert measure.slope([1, 10, 100], [3, 300, 30_000]) == pytest.approx(2)


def test_checkers_of_others_are_run_or_passed_over(rows: list[corpora.Row], tmp_path: Path) -> None:
    page = peers.peers(rows, 1, tmp_path)
    assert "expert's script" in page
    assert "../shared` is not there" in page


def test_hidden_runs_are_measured() -> None:
    assert hidden.hidden_runs((3,), 1).count("dualformer") == len(hidden.FORMATS)


def test_results_name_no_path_of_the_machine() -> None:
    page = results.markdown(2, {"A table": "one\n"}, results.about(), quick=True)
    assert page.endswith("## A table\n\none\n")
    with pytest.raises(ValueError, match="path"):
        results.markdown(2, {"A table": str(FOLDER)}, results.about(), quick=True)


def test_the_quick_run_is_smaller() -> None:
    assert run.QUICK.repeats < run.FULL.repeats
    assert max(run.QUICK.files.values()) < max(run.FULL.files.values())
