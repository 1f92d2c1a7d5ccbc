"""The checker against a naive second one (`naive_astar.py`), on random A* runs and mutants (`naive_traces.py`)."""

import random

import pytest

from tests.naive_astar import Answer, naive_check, split
from tests.naive_traces import Sample, random_maze, run_astar, sample_of, tally
from tracecourt.check import check
from tracecourt.formats import Format, open_format

CHUNKS = 8
EACH = ["sound", "unsound", "malformed", "truncated", "plan none", "plan invalid", "plan suboptimal", "plan optimal"]
LEAST = 13  # of each in every chunk, so more than 100 in all


@pytest.fixture(scope="module")
def form() -> Format:
    return open_format("searchformer-maze")


def real_check(form: Format, sample: Sample, name: str) -> Answer:
    params = {"width": sample.maze.width, "height": sample.maze.height}
    report = check(form, sample.prompt, sample.trace, params, name)
    return (str(report.verdict), report.event, str(report.plan), report.plan_follows_trace)


def compare(form: Format, seeds: range) -> None:
    """Both checkers agree on every seed's sample, and the samples are a good mix."""
    answers = []
    for seed in seeds:
        sample = sample_of(seed)
        naive = naive_check(sample.prompt, sample.trace, sample.maze.width, sample.maze.height)
        real = real_check(form, sample, str(seed))
        assert real == naive, (
            f"seed {seed}, grid {sample.maze.width} by {sample.maze.height}\nprompt {sample.prompt!r}\n"
            f"trace {sample.trace!r}\nverdict, event, plan, follows\n  real  {real}\n  naive {naive}"
        )
        assert seed % 4 or naive[0] == "sound", f"seed {seed} should be sound"
        answers.append(naive)
    counts = tally(answers)
    assert all(counts[kind] >= LEAST for kind in EACH), counts


@pytest.mark.parametrize("chunk", [pytest.param(n, marks=pytest.mark.slow if n > 2 else ()) for n in range(CHUNKS)])
def test_agreement(form: Format, chunk: int) -> None:
    size = 10_000 // CHUNKS
    compare(form, range(chunk * size, (chunk + 1) * size))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_agreement_on_many(form: Format, chunk: int) -> None:
    size, first = 60_000 // CHUNKS, 1_000_000
    compare(form, range(first + chunk * size, first + (chunk + 1) * size))


# --------------------------------------------------------------------------------------------- the naive checker itself
PROMPT = "start 0 2 goal 2 0 wall 1 1"
SEARCH = (
    "create 0 2 c0 c4 close 0 2 c0 c4 create 0 1 c1 c3 create 1 2 c1 c3 close 0 1 c1 c3 create 0 0 c2 c2 "
    "close 0 0 c2 c2 create 1 0 c3 c1 close 1 0 c3 c1 create 2 0 c4 c0 close 2 0 c4 c0"
)
PLAN = "plan 0 2 plan 0 1 plan 0 0 plan 1 0 plan 2 0"
SOUND = f"{SEARCH} {PLAN} eos"


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (SOUND, ("sound", None, "optimal", True)),
        (f"bos\t{SOUND}\r\n", ("sound", None, "optimal", True)),
        (SEARCH, ("sound", None, "none", None)),
        (f"{SEARCH} eos", ("sound", None, "none", None)),
        (f"{SEARCH} pl", ("sound", None, "none", None)),
        (f"{SEARCH} plan 0 2 plan 0", ("sound", None, "invalid", False)),
        (f"{SEARCH} plan 0 2 plan 1 2 plan 2 2 plan 2 1 plan 2 0", ("sound", None, "optimal", False)),
        (f"{SEARCH} plan 0 2 plan 1 2 {PLAN}", ("sound", None, "suboptimal", False)),
        (f"{SEARCH} plan 9 9", ("sound", None, "invalid", False)),
        (f"{SEARCH} plan 0 2 plan 1 1 plan 2 0", ("sound", None, "invalid", False)),
        ("", ("truncated", None, "none", None)),
        ("bos", ("truncated", None, "none", None)),
        ("eos", ("unsound", 0, "none", None)),
        ("bo ", ("malformed", None, "none", None)),
        ("cre", ("truncated", None, "none", None)),
        ("create 0 2 c0 c4 clo", ("truncated", None, "none", None)),
        ("create 0 2 c0 c4 close 0 2 c", ("truncated", None, "none", None)),
        ("create 0 2 c0 c4 close 0 2 c0 c4 eos", ("unsound", 2, "none", None)),
        ("create 0 2 c0 c4 close 0 2 c0 c4 e", ("truncated", None, "none", None)),
        (f"create 0 2 c0 c4 {PLAN} eos", ("unsound", 1, "optimal", False)),
        (f"{PLAN} {SEARCH}", ("malformed", None, "optimal", False)),
        (f"{SOUND} eos", ("malformed", None, "optimal", True)),
        ("create 0 1 c0 c3 close", ("unsound", 0, "none", None)),
        ("create 0 1 c0 c3 clothe", ("malformed", None, "none", None)),
        ("close 0 2 c0 c4", ("unsound", 0, "none", None)),
        ("create 0 2 c0 c4 create 0 1 c1 c3", ("unsound", 1, "none", None)),
        ("create 0 2 c1 c4", ("unsound", 0, "none", None)),
        ("create 0 2 c0 c5 ", ("unsound", 0, "none", None)),
        ("create 0 2 c00 c4", ("malformed", None, "none", None)),
        ("create 0 2 c0 c4c", ("malformed", None, "none", None)),
        ("create 0 2 c0\u00a0c4", ("malformed", None, "none", None)),
        ("create 0 \u0662 c0 c4", ("malformed", None, "none", None)),
        (f"create 0 {10**18 - 1} c0 c4", ("unsound", 0, "none", None)),
        (f"create 0 {10**18} c0 c4", ("malformed", None, "none", None)),
        (SOUND.replace("create 1 2 c1 c3 ", ""), ("unsound", 3, "optimal", True)),
        (SOUND.replace("create 1 2 c1 c3", "create 1 1 c1 c2"), ("unsound", 3, "optimal", True)),
        (SOUND.replace("close 0 0 c2 c2", "close 0 0 c3 c2"), ("unsound", 6, "optimal", True)),
        (SOUND.replace("create 1 0", "create 0 1 c3 c3 create 1 0"), ("unsound", 7, "optimal", False)),
        (SOUND.replace("create 1 2 c1 c3", "create 1 3 c1 c4"), ("unsound", 3, "optimal", True)),
        (f"{SEARCH} create 2 1 c5 c1", ("unsound", 11, "none", None)),
        (f"{SEARCH} create 2 1 c5", ("truncated", None, "none", None)),
    ],
)
def test_answer(trace: str, expected: Answer) -> None:
    assert naive_check(PROMPT, trace, 3, 3) == expected
    assert naive_check("", f"bos {PROMPT} eos {trace}", 3, 3) == expected


def test_other_ties_are_sound_and_worse_entries_are_not() -> None:
    prompt = "start 1 0 goal 3 0"
    opening = "create 1 0 c0 c2 close 1 0 c0 c2 create 0 0 c1 c3 create 2 0 c1 c1 "
    assert naive_check(prompt, opening + "close 2 0 c1 c1", 4, 1)[0] == "truncated"
    assert naive_check(prompt, opening + "close 0 0 c1 c3", 4, 1) == ("unsound", 4, "none", None)


def test_a_better_path_replaces_an_open_entry() -> None:
    prompt = "start 4 1 goal 2 3 wall 0 2 wall 1 2 wall 3 0 wall 3 3 wall 4 0 wall 4 3"
    opening = (
        "create 4 1 c0 c4 close 4 1 c0 c4 create 3 1 c1 c3 create 4 2 c1 c3 close 4 2 c1 c3 create 3 2 c2 c2 "
        "close 3 2 c2 c2 create 2 2 c3 c1 close 2 2 c3 c1 create 2 1 c4 c2 create 2 3 c4 c0 close 3 1 c1 c3 "
    )
    assert naive_check(prompt, opening + "create 2 1 c2 c2 close 2 3 c4 c0 eos", 5, 4) == ("sound", None, "none", None)
    assert naive_check(prompt, opening + "close 2 3 c4 c0 eos", 5, 4) == ("unsound", 12, "none", None)
    assert naive_check(prompt, opening + "create 3 2 c2 c2", 5, 4) == ("unsound", 12, "none", None)


def test_a_search_without_success_may_end() -> None:
    prompt = "start 0 0 goal 2 0 wall 1 0"
    trace = "create 0 0 c0 c2 close 0 0 c0 c2"
    assert naive_check(prompt, f"{trace} eos", 3, 1) == ("sound", None, "none", None)
    assert naive_check(prompt, f"{trace} plan 0 0 eos", 3, 1) == ("sound", None, "invalid", False)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("c1", ("truncated", None, "none", None)),  # the h is 12
        ("c12", ("truncated", None, "none", None)),
        ("c2", ("unsound", 0, "none", None)),
        ("c0", ("unsound", 0, "none", None)),
        ("c1 ", ("unsound", 0, "none", None)),
        ("c1 eos", ("unsound", 0, "none", None)),
        ("c1 cl", ("unsound", 0, "none", None)),
        ("c", ("truncated", None, "none", None)),
    ],
)
def test_a_last_number_may_be_cut(end: str, expected: Answer) -> None:
    assert naive_check("start 0 0 goal 8 4", f"create 0 0 c0 {end}", 9, 9) == expected


@pytest.mark.parametrize(
    ("prompt", "verdict"),
    [
        (f"bos {PROMPT} eos", "sound"),
        ("goal 2 0 start 0 2", "malformed"),
        ("start 0 2 goal 2 0 wall 1", "malformed"),
        (f"{PROMPT} create", "malformed"),
        (f"{PROMPT} eos eos", "malformed"),
    ],
)
def test_prompt(prompt: str, verdict: str) -> None:
    assert naive_check(prompt, SOUND, 3, 3)[0] == verdict


def test_samples_repeat_and_grids_are_small() -> None:
    assert sample_of(7) == sample_of(7)
    for seed in range(200):
        maze = random_maze(random.Random(seed))
        assert 3 <= maze.width <= 9
        assert 3 <= maze.height <= 9
        assert 0.25 < len(maze.walls) / (maze.width * maze.height) < 0.55  # 30 to 50 %, in whole cells
        assert run_astar(random.Random(seed), maze)[0][0][1] == maze.start


def test_only_blanks_separate_words() -> None:
    assert split(" a\tb\r\nc ").words == ["a", "b", "c"]
    assert split("a\u00a0b\x0bc").words == ["a\u00a0b\x0bc"]
    assert split("a").open_ended
    assert not split("a ").open_ended
