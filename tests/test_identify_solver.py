"""`identify`, what a solver adds: numbers that explain a trace, and whether there is any heuristic that does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import islice
from typing import Any

import pytest

import tracecourt as tc
from tests.command import MALFORMED, SOUND, TRUNCATED, UNSOUND, Desk, jsonl, open_once, orderly, pack, row
from tests.test_identify import exchanged, identifier, named
from tracecourt.check import check
from tracecourt.engines.intervals import Interval
from tracecourt.formats import open_format
from tracecourt.generate import Generator
from tracecourt.hypotheses import Solving
from tracecourt.identify import Hypothesis, Identification, Identifier

HALF, MUCH = Fraction(1, 2), Fraction(3, 2)
LITTLE = Fraction(1, 1000)


def solved(name: str, given: dict[str, Any], solving: Solving | None = None) -> Identification:
    params = {key: value for key, value in given.get("params", {}).items() if key != "weight"}
    return identifier(name).identify(given["prompt"], given["trace"], params, "a", solving or Solving())


def rows(name: str, number: int, seed: int, **params: Any) -> Iterator[dict[str, Any]]:
    return Generator(open_once(name), params).rows(number, seed)


def confirmed(name: str, given: dict[str, Any], found: Hypothesis, **others: Any) -> str:
    """What `check` says of a trace under a hypothesis, by the reference engine."""
    forms = {candidate.name: candidate.form for candidate in identifier(name).candidates}
    params = {k: v for k, v in given.get("params", {}).items() if k != "weight"} | found.changed | others
    return str(check(forms[found.name], given["prompt"], given["trace"], params, engine="interpreter").verdict)


# ---------------------------------------------------------------- intervals
@pytest.mark.parametrize(
    ("low", "high", "is_open", "preferred", "simplest"),
    [
        (0, None, "", 1, 1),
        (2, None, "", 1, 2),
        (2, None, "low", 1, 3),
        (Fraction(13, 9), Fraction(7, 3), "", 1, 2),
        (1, 2, "both", None, MUCH),
        (Fraction(2, 5), HALF, "", None, HALF),
        (Fraction(2, 5), HALF, "high", None, Fraction(2, 5)),
        (Fraction(2, 5), HALF, "both", None, Fraction(3, 7)),
        (0, Fraction(1, 3), "both", None, Fraction(1, 4)),
        (Fraction(5, 7), Fraction(5, 7), "", None, Fraction(5, 7)),
        (3, 3, "", 1, 3),
    ],
)
def test_the_simplest_number_inside(low: Any, high: Any, is_open: str, preferred: Any, simplest: Any) -> None:
    interval = Interval(low, high, is_open in ("low", "both"), is_open in ("high", "both"))
    assert interval.simplest(preferred) == simplest
    assert simplest in interval


def test_no_simpler_number_lies_inside() -> None:
    fractions = sorted({Fraction(n, d) for d in range(1, 13) for n in range(2 * d)})
    for low, high in zip(fractions, fractions[2:], strict=False):
        for is_open in (False, True):
            interval = Interval(low, high, is_open, is_open)
            least = next(d for d in range(1, 200) if any(Fraction(n, d) in interval for n in range(2 * d + 1)))
            assert Fraction(interval.simplest()).denominator == least


# ---------------------------------------------------------------- weights
RUNS = [  # a format, its parameters, how many traces, how many of them are slow
    *[("graph-astar", {"nodes": 14, "weight": w}, 3, 20) for w in (0, HALF, 1, MUCH, 2, 5)],
    ("graph-astar", {"nodes": 14, "weight": 3, "reopen": False}, 2, 14),
    ("graph-greedy", {"nodes": 12}, 2, 14),
    ("graph-dijkstra", {"nodes": 12}, 2, 14),
    ("graph-uniform-cost", {"nodes": 12}, 2, 14),
    ("searchformer-maze", {"width": 6, "height": 5, "weight": 2}, 2, 12),
    ("searchformer-maze", {"width": 6, "height": 5, "weight": HALF}, 2, 12),
]


def explained(name: str, params: dict[str, Any], number: int, seed: int) -> None:
    """Each trace is explained by its procedure, with a weight that `check` confirms, in an interval that holds its own."""
    own, weight = open_once(name).system.procedure, params.get("weight")
    for given in rows(name, number, seed, **params):
        given["params"].pop("reopen", None)
        found = solved(name, given)
        hypothesis = named(found)[own]
        assert hypothesis.explains, given
        assert confirmed(name, given, hypothesis) == hypothesis.verdict == "sound"
        if weight is not None:
            assert weight in hypothesis.intervals["weight"] or "reopen" in params
            assert hypothesis.params["weight"] in hypothesis.intervals["weight"]
            assert found.solved.weight is not None
            assert found.procedures[0].name == own


@pytest.mark.parametrize(("name", "params", "number", "many"), RUNS)
def test_a_trace_is_explained_with_its_weight_inside(name: str, params: dict[str, Any], number: int, many: int) -> None:
    explained(name, params, number, 5)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "params", "number", "many"), RUNS)
def test_many_traces_are_explained_with_their_weights_inside(name: str, params: dict[str, Any], number: int, many: int) -> None:
    explained(name, params, many, 6)


def test_a_weight_that_is_not_the_default_is_needed_and_found() -> None:
    weights = {2: 0, HALF: 0, 5: 0}
    for weight in weights:
        for given in rows("graph-astar", 4, 8, nodes=20, weight=weight):
            hypothesis = named(solved("graph-astar", given))["astar"]
            weights[weight] += "weight" in hypothesis.changed
            assert confirmed("graph-astar", given, hypothesis, weight=1) == "sound" or hypothesis.changed
    assert all(weights.values())


def test_ends_of_intervals_are_exact() -> None:
    refused = 0
    for weight in (HALF, 1, 2):
        for given in rows("graph-astar", 3, 9, nodes=20, weight=weight):
            hypothesis = named(solved("graph-astar", given))["astar"]
            interval = hypothesis.intervals["weight"]
            assert not interval.gaps
            inside = [interval.low + LITTLE] + ([interval.low] if not interval.open_low else [])
            outside = [interval.low - LITTLE] if interval.low > 0 else []
            if interval.high is not None:
                inside += [interval.high - LITTLE] + ([interval.high] if not interval.open_high else [])
                outside += [interval.high + LITTLE]
            if interval.low != interval.high:
                assert {confirmed("graph-astar", given, hypothesis, weight=w) for w in inside} == {"sound"}
            assert {confirmed("graph-astar", given, hypothesis, weight=w) for w in outside} <= {"unsound"}
            refused += len(outside)
    assert refused > 5


def believed(number: int, seed: int) -> None:
    """What is claimed of traces in which two expansions are exchanged is what `check` says."""
    refuted = 0
    for given in islice(exchanged("graph-astar", seed), number):
        found = solved("graph-astar", given)
        for hypothesis in found.procedures:
            assert confirmed("graph-astar", given, hypothesis) == hypothesis.verdict
            for interval in hypothesis.intervals.values():
                assert hypothesis.params["weight"] in interval
        refuted += not named(found)["astar"].explains
    assert refuted


def test_every_claim_of_an_explanation_is_what_check_says() -> None:
    believed(6, 2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 8))
def test_many_claims_of_explanations_are_what_check_says(seed: int) -> None:
    believed(10, seed)


def test_a_weight_that_is_given_is_left_as_it_is() -> None:
    given = next(
        g
        for g in rows("graph-astar", 20, 8, nodes=20, weight=2)
        if "weight" in named(solved("graph-astar", g))["astar"].changed
    )
    params = {"nodes": 20, "weight": 1}
    found = identifier("graph-astar").identify(given["prompt"], given["trace"], params, solver=Solving())
    hypothesis = named(found)["astar"]
    assert (hypothesis.explains, hypothesis.params["weight"], hypothesis.changed) == (False, 1, {})
    assert 2 in hypothesis.intervals["weight"]
    assert found.solved.weight is None


# ---------------------------------------------------------------- numbers of any procedure
NUMBERS = {
    "grammars/numbers.lark": """
        document: prompt trace
        prompt: "from" INT -> base
        trace: step* end?
        step: "go" INT -> go
        end: "over" -> end
        INT: /0|[1-9][0-9]*/
        %ignore / +/
        """,
    "specs/domains/numbers.spec": """
        domain numbers
          "Numbers."
          fact base: int
        """,
    "specs/procedures/bounded.spec": """
        procedure bounded
          "What holds of a number, by what is printed."
          needs base: int
          param much: rational = 9
          event go(n: int)
            require grounded one:   n = 1 => much < 5
              else "{much}"
            require grounded two:   n = 2 => much > 1 / 3
              else "{much}"
            require grounded three: n = 3 => much <= 2 or much > 7
              else "{much}"
            require grounded four:  n = 4 => much * much <= 2
              else "{much}"
            require grounded five:  n = 5 => much = 4
              else "{much}"
            require grounded six:   n = 6 => much >= 3
              else "{much}"
            require grounded seven: n = 7 => much > 11 or (much > 8 and much < 10)
              else "{much}"
            require grounded eight: n != 8
              else "{much}"
        """,
    "specs/procedures/moody.spec": """
        procedure moody
          "A state that depends on a number."
          needs base: int
          param much: rational = 9
          state
            at: rational = 0
          event go(n: int)
            require grounded high: at < 20
              else "{at}"
            at := at + much
        """,
    "specs/formats/numbers.spec": """
        format numbers
          "Numbers."
          source "https://example.org"
          grammar numbers
          domain numbers
          procedure bounded
        """,
}


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Identifier:
    folder = tmp_path_factory.mktemp("numbers")
    pack(NUMBERS, str(folder))
    return Identifier(open_format(str(folder / "specs/formats/numbers.spec")))


THIRD = Fraction(1, 3)
BOUNDED = [  # what is printed, the interval, the number that is chosen
    pytest.param("", Interval(0, None), 9, id="any"),
    pytest.param("go 1", Interval(0, 5, open_high=True), 0, id="below"),
    pytest.param("go 1 go 2", Interval(THIRD, 5, open_low=True, open_high=True), 1, id="between"),
    pytest.param("go 3", Interval(7, None, open_low=True, gaps=True), 9, id="the part of the default"),
    pytest.param("go 3 go 1", Interval(0, 2), 0, id="one part only"),
    pytest.param("go 7", Interval(8, 10, open_low=True, open_high=True, gaps=True), 9, id="a part between gaps"),
    pytest.param("go 3 go 2 go 6", Interval(7, None, open_low=True), 9, id="the other part"),
    pytest.param("go 5", Interval(4, 4), 4, id="one number"),
    pytest.param("go 5 go 6", Interval(4, 4), 4, id="one number, once more"),
    pytest.param("go 5 go 3", None, None, id="none"),
    pytest.param("go 1 go 8", None, None, id="another rule"),
]


@pytest.mark.parametrize(("trace", "interval", "chosen"), BOUNDED)
def test_ends_and_gaps_of_intervals(numbers: Identifier, trace: str, interval: Interval | None, chosen: Any) -> None:
    found = numbers.identify("from 0", f"{trace} over", solver=Solving())
    hypothesis = named(found)["bounded"]
    assert hypothesis.intervals.get("much") == interval
    assert hypothesis.explains == (interval is not None)
    if interval is not None:
        assert hypothesis.params["much"] == chosen
        assert found.solved.weight == (interval.low, interval.high)
        assert found.solved.weight_of == "much"
        assert found.solved.weight_gaps == interval.gaps


def test_what_has_no_formula_is_told(numbers: Identifier) -> None:
    found = numbers.identify("from 0", "go 4 go 4 go 4 go 4", solver=Solving())
    assert named(found)["bounded"].intervals == named(found)["moody"].intervals == {}
    assert "moody, much: the value of at depends on what is open" in found.solved.reasons
    assert any(reason.startswith("bounded, much: ") for reason in found.solved.reasons)  # the root of 2
    assert (found.solved.weight, found.solved.heuristic) == (None, {})


# ---------------------------------------------------------------- heuristics
SAT = [
    ("graph-astar", {"nodes": 12}, ("any", "admissible")),
    ("graph-astar", {"nodes": 12, "weight": 2}, ("any", "admissible")),
    ("graph-greedy", {"nodes": 12}, ("any", "admissible", "consistent")),
    ("searchformer-maze", {"width": 8, "height": 8}, ("any", "admissible", "consistent")),
    ("system-1x-maze-astar", {}, ("any", "admissible", "consistent")),
]


@pytest.mark.parametrize(("name", "params", "kinds"), SAT)
def test_there_is_a_heuristic_of_the_kind_that_made_the_trace(name: str, params: dict[str, Any], kinds: Sequence[str]) -> None:
    for given in rows(name, 2, 3, **params):
        found = solved(name, given).solved
        assert list(found.heuristic) == ["any", "admissible", "consistent"]
        assert {found.heuristic[kind] for kind in kinds} == {"sat"}
        assert found.values_of in found.heuristic


def replaced(given: dict[str, Any], values: dict[Any, Any]) -> dict[str, Any]:
    """A row whose problem and trace tell another heuristic."""
    words = given["prompt"].split(" h ")[0]
    prompt = words + "".join(f" h {node} {value}" for node, value in values.items())
    trace = given["trace"].split()
    for at, word in enumerate(trace):
        if word in ("create", "close"):
            trace[at + 3] = str(values.get(int(trace[at + 1]), 0))
    return given | {"prompt": prompt, "trace": " ".join(trace)}


@pytest.mark.parametrize("weight", [1, 2, HALF])
def test_a_heuristic_that_was_found_explains_the_trace(weight: Any) -> None:
    form, whole = open_once("graph-astar"), 0
    for given in rows("graph-astar", 3, 4, nodes=16, weight=weight):
        params = {"nodes": 16, "weight": weight}
        found = identifier("graph-astar").identify(given["prompt"], given["trace"], params, solver=Solving()).solved
        other = replaced(given, dict(found.values))
        assert check(form, other["prompt"], other["trace"], params, engine="interpreter").verdict == "sound"
        whole += all(isinstance(value, int) for value in found.values.values())
    assert whole


STEPS = "start 0 goal 9 edge 0 1 5 edge 0 2 1 edge 0 3 1 edge 1 4 1 edge 2 1 1 edge 4 9 9"
BEGUN = "create 0 0 0 close 0 0 0 create 1 5 0 create 2 1 0 "  # four events
NEAR = "start 0 goal 9 edge 0 1 1 edge 0 2 9 edge 1 9 1 edge 2 9 1"
ALL, NONE = "sat sat sat", "unsat unsat unsat"
CORES = [  # problem, trace, answers, of what kind the core is, the core, or several
    pytest.param(STEPS, BEGUN + "create 3 1 0 close 2 1 0", ALL, None, [()], id="none"),
    pytest.param(
        STEPS,
        BEGUN + "create 3 1 0 close 1 5 0 create 4 6 0 close 2 1 0 create 1 2 0 close 3 1 0",
        NONE,
        "any",
        [(5, 9)],
        id="a node that is taken too soon, and again too late",
    ),
    pytest.param(
        STEPS,
        BEGUN + "create 3 1 0 close 1 5 0 create 4 6 0 close 3 1 0 close 2 1 0 create 1 2 0 close 4 6 0",
        NONE,
        "any",
        [(5, 7, 10), (5, 8, 10)],
        id="three events",
    ),
    pytest.param(
        NEAR,
        "create 0 0 0 close 0 0 0 create 1 1 0 create 2 9 0 close 2 9 0",
        "sat unsat unsat",
        "admissible",
        [(4,)],
        id="far",
    ),
    pytest.param(
        STEPS, BEGUN + "create 3 1 0 close 1 5 0 create 4 6 0", "sat sat unsat", "consistent", [(5,)], id="it would be reopened"
    ),
    pytest.param(STEPS, BEGUN + "close 3 1 0", ALL, None, [()], id="what is no matter of the order is not asked about"),
]


@pytest.mark.parametrize(("prompt", "trace", "answers", "kind", "cores"), CORES)
def test_cores_of_traces_that_no_heuristic_explains(
    prompt: str, trace: str, answers: str, kind: str | None, cores: list[tuple[int, ...]]
) -> None:
    found = solved("graph-astar", row(trace, prompt=prompt)).solved
    assert " ".join(found.heuristic.values()) == answers
    assert (found.core_of, found.minimal) == (kind, True)
    assert found.core in cores
    assert found.core_texts == tuple(event_texts(trace)[index] for index in found.core)


def event_texts(trace: str) -> list[str]:
    words = trace.split()
    return [" ".join(words[at : at + 4]) for at in range(0, len(words), 4)]


def differences(trace: str) -> dict[int, list[tuple[int, int, int]]]:
    """By event: rows of a, b, most, where h(a) - h(b) may be at most that. From the words alone, for A* of weight 1."""
    waiting: dict[int, int] = {}
    found = {}
    words = trace.split(" plan ")[0].split()
    for index, at in enumerate(range(0, len(words) - 3, 4)):
        node, g = int(words[at + 1]), int(words[at + 2])
        if words[at] == "create":
            waiting[node] = g
        elif node in waiting:
            g = waiting.pop(node)
            found[index] = [(node, other, cost - g) for other, cost in waiting.items()]
    return found


def satisfiable(rows: Sequence[tuple[int, int, int]]) -> bool:
    """Whether differences are possible: no circle of them has a negative sum (Bellman & Ford)."""
    distance = {node: 0 for a, b, _ in rows for node in (a, b)}
    for _ in range(len(distance) + 1):
        changed = False
        for a, b, most in rows:
            if distance[b] + most < distance[a]:
                distance[a], changed = distance[b] + most, True
        if not changed:
            return True
    return False


PLAIN = {"weight": 1, "announced": True}  # as `differences` takes them


def agreed(number: int, seed: int) -> int:
    refuted = 0
    for given in islice(exchanged("graph-astar", seed), number):
        found = identifier("graph-astar").identify(given["prompt"], given["trace"], PLAIN, solver=Solving()).solved
        if found.heuristic_of != "astar":
            continue
        by_event = differences(given["trace"])
        assert (found.heuristic["any"] == "sat") == satisfiable([r for rows in by_event.values() for r in rows])
        if found.core_of == "any":
            refuted += 1
            assert not satisfiable([r for index in found.core for r in by_event[index]])
            for dropped in found.core:
                assert satisfiable([r for index in found.core if index != dropped for r in by_event[index]])
    return refuted


def test_a_naive_solver_agrees_and_cores_are_minimal() -> None:
    assert agreed(8, 2)
    for _, trace, _, kind, cores in (case.values for case in CORES):
        by_event = differences(str(trace))
        assert satisfiable([r for rows in by_event.values() for r in rows]) == (kind != "any")
        for core in cores if kind == "any" else ():
            assert not satisfiable([r for index in core for r in by_event[index]])
            for dropped in core:
                assert satisfiable([r for index in core if index != dropped for r in by_event[index]])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 15))
def test_a_naive_solver_agrees_on_many_traces(seed: int) -> None:
    agreed(10, seed)


# ---------------------------------------------------------------- limits, and texts of any kind
@cache
def weighted() -> dict[str, Any]:
    return next(
        g for g in rows("graph-astar", 9, 8, nodes=20, weight=2) if "weight" in named(solved("graph-astar", g))["astar"].changed
    )


@pytest.mark.parametrize("solving", [Solving(timeout=0), Solving(rlimit=1)], ids=["no time", "no steps"])
def test_what_limits_leave_open_is_unknown(solving: Solving) -> None:
    found = solved("graph-astar", weighted(), solving)
    assert set(found.solved.heuristic.values()) == {"unknown"}
    assert found.solved.reasons
    assert (found.solved.weight, found.solved.core, found.solved.values) == (None, (), {})
    assert not named(found)["astar"].explains


def test_the_same_steps_give_the_same_answers() -> None:
    one, other = (solved("graph-astar", weighted(), Solving(None, 2_000_000)).to_dict() for _ in range(2))
    assert one == other
    assert one["heuristic"]["any"] == "sat"


TEXTS = [row(MALFORMED), row("\ud800\x00"), row(b"\xff\xfe"), row(prompt="start 0 0"), row("", prompt=""), row(""), row("eos")]
ASKED = [row(TRUNCATED), row(SOUND), row(UNSOUND)]


@pytest.mark.parametrize("given", [*TEXTS, *ASKED])
def test_every_text_gets_an_answer(given: dict[str, Any]) -> None:
    found = solved("searchformer-maze", given).to_dict()
    assert set(found["heuristic"].values()) <= {"sat", "unsat"}
    assert found["reasons"] == []
    if given in ASKED:
        assert found["heuristic"]["any"] == "sat"


@pytest.mark.parametrize("name", ["dualformer-maze-l1", "hanoi", "game24-thoughts"])
def test_a_text_that_hides_a_part_of_the_run_or_has_no_order_is_not_asked_about(name: str) -> None:
    form = open_once(name)
    params = {"width": 4, "height": 4} if "maze" in name else {}
    for given in islice(Generator(form, params).rows(1, 1), 1) if form.system.sample else ():
        found = identifier(name).identify(given["prompt"], given["trace"], given["params"], solver=Solving(timeout=20)).solved
        assert (found.heuristic, found.core) == ({}, ())


# ---------------------------------------------------------------- interfaces
def test_the_words_of_what_was_found(desk: Desk) -> None:
    given = row(CORES[1].values[1], prompt=STEPS)
    out = orderly(desk.run("identify", "-", "--format", "graph-astar", stdin=jsonl(given))).out
    assert "  heuristic     astar: any unsat, admissible unsat, consistent unsat\n" in out
    assert "  core          events 5 and 9 cannot all be best-first under any heuristic\n" in out
    assert "                5: close 1 5 0\n                9: close 3 1 0\n" in out
    given = row(CORES[3].values[1], prompt=NEAR)
    out = desk.run("identify", "-", "--format", "graph-astar", stdin=jsonl(given)).out
    assert "  core          event 4 cannot be best-first under any heuristic that is admissible\n" in out
    assert "                any: 0 at 0, " in out


def test_numbers_in_words(desk: Desk) -> None:
    found = jsonl(weighted() | {"params": {"nodes": 20}})
    out = desk.run("identify", "-", "--format", "graph-astar", stdin=found).out
    assert "explained by  astar (weight=" in out
    assert "  numbers       astar: weight 5/4 or more\n" in out
    out = desk.run("identify", "-", "--format", "graph-astar", "--timeout", "1e-9", stdin=found).out
    assert "unknown       astar, weight: the time is up\n" in out
    (data,) = desk.run(
        "identify", "-", "--format", "graph-astar", "--output", "json", "--rlimit", "9000000", stdin=found
    ).objects
    own = data["procedures"][0]
    assert data["weight"] == [own["intervals"]["weight"]["low"], own["intervals"]["weight"]["high"]]
    assert data["verdict"] == "sound"


def test_python_asks_the_solver() -> None:
    given = weighted()
    found = tc.load_format("graph-astar").identify(given["prompt"], given["trace"], {"nodes": 20}, timeout=30)
    assert found.procedures[0].changed.keys() == {"weight"}
    unknown = tc.load_format("graph-astar").identify(given["prompt"], given["trace"], {"nodes": 20}, rlimit=1)
    assert set(unknown.solved.heuristic.values()) == {"unknown"}
