"""Claims, lemmas and givens: what they are when they are read, what is wrong with faulty ones, and when they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.packs import Lab, Pack, block, domain, marked, places, procedure
from tracecourt.engines import search
from tracecourt.engines.compiled import Compiled
from tracecourt.engines.primitives import TooLarge
from tracecourt.errors import InputError, SpecError
from tracecourt.formats import Format
from tracecourt.generate import Event, Generator, Problem
from tracecourt.lemmas import Refuted, broken, meets, refuted
from tracecourt.lint import lint, tried
from tracecourt.resources import Library
from tracecourt.spec import ir
from tracecourt.spec.library import Specifications

NO_GRAMMAR: Any = None  # runs have events, not text

LINE = """\
domain line
  "A walk along a line."
  param length: 1..9 = 3
  sort Node = 0..length
  fact start: Node
  fact stones: map Node -> int
  def further(n: Node): map Node -> int = {n + 1: stones[n] ?? 1 for _ in [0] if n < length}
  def is_end(n: Node): bool = n = length

  given empty: stones = {}
  given at-zero:
    start = 0

  small
    length
    size(stones)
    sum(values(stones))

  sample
    stones = {n: between(1, 3) for n in choose(between(0, 2), Node)}
    start = pick(Node)
"""

WALK = """\
procedure walk
  "It goes to the end, and rests on the way."
  needs sort Node
  needs start: Node
  needs is_end(n: Node): bool
  needs further(n: Node): map Node -> int

  state
    at:   Node? = none
    spent: int = 0

  event step(n: Node)
    require grounded next: if at = none then n = start else n in further(at)
      else "{n} is not next"
    spent := spent + (further(at)[n] ?? 0)
    at := n

  event rest(n: Node, times: 1..2)
    require grounded here: n = at
      else "one rests where one is"
    require ordered once: times = 1 and spent < 0
      else "once"

  event call()
    require grounded never: spent < 0
      else "no one is called"

  end
    require complete there: is_end(at)
      else "it ends at {at}"

  lemma cost-so-far: at != none => spent = distances(start, further)[at]
    else "at {at} it is {spent}, not {distances(start, further)[at]}"
  lemma steps given at-zero, empty: spent = max(size(happened(step)) - 1, 0) else "{happened(step)}"

  claim short: size(happened(step)) <= 2
    else "{size(happened(step))} steps"
  claim cheap given no-such: false
    else "never asked"

  trace sound over line
    start = 2
    step(2)
    step(3)

  trace unsound step/next at 0 over line
    start = 2
    step(3)
"""


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


@pytest.fixture
def walk(pack: Pack) -> ir.System:
    return pack.over(LINE, WALK)


# ---------------------------------------------------------------- reading
def test_promises_in_the_order_of_the_text(walk: ir.System) -> None:
    assert [(p.kind, p.rule.name, p.rule.level, p.under) for p in walk.promises] == [
        ("lemma", "cost-so-far", "", ()),
        ("lemma", "steps", "", ("at-zero", "empty")),
        ("claim", "short", "", ()),
        ("claim", "cheap", "", ("no-such",)),
    ]
    assert [(p.kind, p.rule.name, p.under, p.rule.message.parts) for p in walk.givens] == [
        ("given", "empty", (), ()),
        ("given", "at-zero", (), ()),
    ]


def test_promises_are_no_rules_and_histories_are_no_state(walk: ir.System) -> None:
    assert {rule.name for rule in walk.rules}.isdisjoint(p.rule.name for p in walk.promises)
    assert [v.symbol.name for v in walk.state] == ["at", "spent"]
    assert list(walk.histories) == ["step"]


def test_the_span_of_a_promise_is_its_label(walk: ir.System) -> None:
    rule = walk.promises[1].rule
    assert rule.source.slice(rule.span) == "steps"
    assert rule.source.slice(rule.condition.span) == "spent = max(size(happened(step)) - 1, 0)"
    assert rule.message.text == "{happened(step)}"


def test_the_measures_of_a_problem(walk: ir.System, pack: Pack) -> None:
    texts = [
        (pack.root / "specs" / "domains" / "line.spec").read_text(encoding="utf-8")[e.span.start : e.span.end]
        for e in walk.measures
    ]
    assert texts == ["length", "size(stones)", "sum(values(stones))"]


@pytest.mark.parametrize(
    ("event", "sort"),
    [
        pytest.param("step", "list 0..length", id="one-argument"),
        pytest.param("rest", "list (n: 0..length, times: 1..2)", id="several"),
        pytest.param("call", "list ()", id="none"),
    ],
)
def test_the_sort_of_what_happened(pack: Pack, event: str, sort: str) -> None:
    pack.write(LINE)
    pack.write(WALK)
    system = pack.specifications.over("walk", "line", claims={"more": f"size(happened({event})) >= 0"})
    symbol = system.histories[event]
    assert (symbol.kind, str(symbol.sort)) == ("state", sort)


# ---------------------------------------------------------------- faults
PLACE = "only a claim or a lemma may ask what happened"
GROWS = "the first measure must be a parameter that is an integer: it is what grows"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        pytest.param(
            procedure('claim ‹c›: ‹1› else ""'), (None, "this is an int, but a bool is needed here"), id="no-condition"
        ),
        pytest.param(
            procedure('lemma l: ‹nothing› = 1 else "{‹nix›}"'),
            ("nothing here is named nothing", "nothing here is named nix"),
            id="unknown-names",
        ),
        pytest.param(
            procedure('event go(n: int)\n  "a"\nclaim c: happened(‹gone›) = [] else ""'),
            ("there is no event named gone (did you mean go?)",),
            id="no-such-event",
        ),
        pytest.param(
            procedure('claim c: ‹happened(1)› = [] else ""'),
            ("write happened(EVENT) with the name of an event",),
            id="a-number",
        ),
        pytest.param(procedure('event go(n: int)\n  "a"\ndef d: int = size(‹happened(go)›)'), (PLACE,), id="in-a-function"),
        pytest.param(
            procedure('event go(n: int)\n  require grounded r: ‹happened(go)› = [] else "{‹happened(go)›}"'),
            (PLACE, PLACE),
            id="in-a-rule",
        ),
        pytest.param(domain("given g: ‹happened(go)› = []"), (PLACE,), id="in-a-given"),
        pytest.param(
            procedure('claim one: true else ""\nlemma ‹one›: true else ""'), ("the label one is used twice",), id="labels"
        ),
        pytest.param(domain("given one: true\ngiven ‹one›: true"), ("the label one is used twice",), id="labels-of-givens"),
        pytest.param(
            domain('claim ‹c›: true else ""\nlemma ‹l›: true else ""'),
            (
                "claim cannot stand in a domain; it belongs in a procedure",
                "lemma cannot stand in a domain; it belongs in a procedure",
            ),
            id="in-a-domain",
        ),
        pytest.param(
            procedure("given ‹g›: true\n‹small›\n  1"),
            (
                "given cannot stand in a procedure; it belongs in a domain",
                "small cannot stand in a procedure; it belongs in a domain",
            ),
            id="in-a-procedure",
        ),
        pytest.param(
            domain("given g: ‹chance(1/2)›"), ("chance draws at random, which only a sample block may do",), id="at-random"
        ),
        pytest.param(domain("fact a: int\nsmall\n  ‹a›"), (GROWS,), id="the-first-measure-is-a-fact"),
        pytest.param(domain("param a: rational = 1\nsmall\n  ‹a›"), (GROWS,), id="the-first-measure-is-a-fraction"),
        pytest.param(
            domain("param a: int = 1\nfact w: set int\nsmall\n  a\n  ‹w›"),
            ("a measure is a number, and this is of the sort set int",),
            id="a-measure-that-is-no-number",
        ),
        pytest.param(
            domain("param a: int = 1\nsmall\n  a\n‹small›\n  a"), ("a domain has one block of measures",), id="two-blocks"
        ),
        pytest.param(
            domain("def s(n: int): int = n\ndef f: int = size(‹distances(0, s)›)"),
            ("write distances(node, successors) with a function: node to map of costs",),
            id="distances",
        ),
    ],
)
def test_a_faulty_promise(pack: Pack, text: str, messages: Sequence[str | None]) -> None:
    plain, spans = marked(text)
    wanted = [(message, span) for message, span in zip(messages, spans, strict=True) if message is not None]
    assert places(pack.faults(plain)) == wanted


# ---------------------------------------------------------------- promises that are added
def test_promises_are_added_by_label(pack: Pack) -> None:
    pack.write(LINE)
    pack.write(WALK)
    system = pack.specifications.over("walk", "line", {"long": "size(happened(step)) > 1"}, {"few": "size(stones) < 2"})
    claim, given = system.promises[-1], system.givens[-1]
    assert (claim.kind, claim.rule.name, claim.under, claim.rule.message.parts) == ("claim", "long", (), ())
    assert (given.kind, given.rule.name) == ("given", "few")
    assert [(p.rule.source.name, p.rule.source.slice(p.rule.span)) for p in (claim, given)] == [
        ("--claim", "size(happened(step)) > 1"),
        ("--given", "size(stones) < 2"),
    ]


@pytest.mark.parametrize(
    ("claims", "givens", "faults"),
    [
        pytest.param({"c": "spent = ‹spnt›"}, {}, ["nothing here is named spnt (did you mean spent?)"], id="name"),
        pytest.param({}, {"g": "‹at› = 1"}, ["nothing here is named at"], id="a-given-sees-no-state"),
        pytest.param({}, {"g": "‹happened(step)› = []"}, [PLACE], id="a-given-sees-no-events"),
        pytest.param({"short": "‹true›"}, {}, ["the label short is used twice"], id="label"),
        pytest.param({"c": "at = ‹)›"}, {}, [") is not expected here"], id="syntax"),
        pytest.param({"c": "‹1›"}, {"g": "‹2›"}, ["this is an int, but a bool is needed here"] * 2, id="both"),
    ],
)
def test_an_added_promise_that_is_faulty(pack: Pack, claims: dict[str, str], givens: dict[str, str], faults: list[str]) -> None:
    pack.write(LINE)
    pack.write(WALK)
    plain = [{label: marked(text)[0] for label, text in texts.items()} for texts in (claims, givens)]
    with pytest.raises(SpecError) as caught:
        pack.specifications.over("walk", "line", *plain)
    found = caught.value.diagnostics
    assert [d.message.startswith(fault) for d, fault in zip(found, faults, strict=True)] == [True] * len(faults)
    spans = [marked(text)[1][0] for texts in (givens, claims) for text in texts.values()]
    assert [d.span for d in found] == spans
    assert {d.source.name for d in found} == {name for name, texts in (("--claim", claims), ("--given", givens)) if texts}


# ---------------------------------------------------------------- the interpreter
def test_a_promise_is_asked_of_a_state_and_what_happened(pack: Pack) -> None:
    lab = Lab(pack.over(LINE, WALK), {"start": 1, "stones": {2: 5}})
    promises = {p.rule.name: p.rule for p in (*lab.system.promises, *lab.system.givens)}
    happened: dict[str, list[tuple[Any, ...]]] = {"step": []}

    def asked() -> dict[str, bool]:
        return {name: lab.interpreter.promised(rule, lab.r, happened) for name, rule in promises.items()}

    assert asked() == {"cost-so-far": True, "steps": True, "short": True, "cheap": False, "empty": False, "at-zero": False}
    for n in (1, 2, 3):
        lab.do("step", n)
        happened["step"].append((n,))
    assert asked() == {"cost-so-far": True, "steps": False, "short": False, "cheap": False, "empty": False, "at-zero": False}
    assert lab.interpreter.message(promises["short"], lab.r) == "3 steps"
    assert lab.interpreter.message(promises["steps"], lab.r) == "1, 2, 3"


def test_promises_are_compiled_when_they_are_asked(pack: Pack) -> None:
    lab = Lab(pack.over(LINE, WALK), {"start": 1})
    before = len(lab.interpreter.evaluator.registers())
    assert lab.interpreter.promised(lab.system.promises[0].rule, lab.r, {})
    assert len(lab.interpreter.evaluator.registers()) > before
    assert len(lab.r) == len(lab.interpreter.evaluator.registers())


# ---------------------------------------------------------------- distances
ROADS = """\
def roads(n: int): map int -> int = {k: 1 for k in [n + 1, 2 * n] if k < 5000}
def all_costs: int = size(distances(1, roads))
"""


def test_a_budget_runs_out_for_distances(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    more = 'event go()\n  require grounded r: size(distances(1, roads)) > 0\n    else ""'
    lab = pack.lab(procedure=f"{ROADS}{more}\n")
    assert lab.value("all_costs") == 4999
    assert Compiled(lab.interpreter).run(lab.interpreter.saved(lab.r), [("go", ())]).broken is None
    monkeypatch.setattr(search, "SEARCH_LIMIT", 4998)
    lab = pack.lab(procedure=f"{ROADS}{more}\n")
    with pytest.raises(TooLarge):
        lab.value("all_costs")
    with pytest.raises(TooLarge):
        Compiled(lab.interpreter).run(lab.interpreter.saved(lab.r), [("go", ())])


def test_distances_along_what_the_state_says(pack: Pack) -> None:
    text = """
    state
      steps: map int -> int
    def near(n: int): map int -> int = {m: c for m, c in steps if m > n}
    def found: map int -> int = distances(0, near)
    event put(n: int, c: int)
      require grounded new: n not in distances(0, near)
        else "{n} can be reached"
      steps[n] := c
    """
    lab = pack.lab(procedure=text)
    assert lab.do("put", 1, 5) == []
    assert lab.value("found") == {0: 0, 1: 5}
    assert lab.do("put", 2, 1) == []
    assert lab.value("found") == {0: 0, 2: 1, 1: 5}
    assert lab.do("put", 2, 7) == ["put/new"]
    lab.interpreter.restart(lab.r)
    outcome = Compiled(lab.interpreter).run(lab.r, [("put", (1, 5)), ("put", (2, 1)), ("put", (2, 7))])
    assert outcome.broken is not None
    assert (outcome.broken.event, outcome.broken.rule.name) == (2, "put/new")


# ---------------------------------------------------------------- random runs
def over(system: ir.System, *labels: str) -> Format:
    """A format without text, of a system that promises only what has these labels."""
    chosen = tuple(p for p in system.promises if p.rule.name in labels) if labels else system.promises
    return Format(replace(system, promises=chosen), NO_GRAMMAR, Library(()))


@pytest.mark.parametrize(
    ("labels", "kinds", "found"),
    [
        pytest.param(["cost-so-far", "steps"], ["lemma"], None, id="lemmas-that-hold"),
        pytest.param(["short"], ["lemma"], None, id="claims-are-not-asked"),
        pytest.param(["short"], ["claim"], "short", id="claims-are-asked-of-the-end"),
        pytest.param(["cheap"], ["claim"], None, id="an-assumption-that-the-domain-does-not-have"),
    ],
)
def test_what_random_runs_refute(walk: ir.System, labels: list[str], kinds: list[str], found: str | None) -> None:
    result = refuted(over(walk, *labels), kinds=kinds, runs=20)
    assert (result and result.promise.rule.name) == found


def test_a_lemma_that_only_holds_under_assumptions_is_asked_under_them(walk: ir.System) -> None:
    form = over(walk, "steps")
    bare = replace(walk, promises=(replace(form.system.promises[0], under=()),))
    result = refuted(over(bare), runs=20)
    assert result is not None
    assert result.promise.rule.name == "steps"


def test_a_lemma_is_asked_of_every_state(pack: Pack) -> None:
    text = WALK.replace("  claim short", '  lemma never-two: at != 2\n    else "it came to {at}"\n\n  claim short')
    result = refuted(over(pack.over(LINE, text), "never-two"), runs=20)
    assert result is not None
    assert result.message == "it came to 2"
    last, arguments = result.events[-1]
    assert (last.event.name, arguments) == ("step", (2,))


def test_a_lemma_is_asked_of_the_initial_state(pack: Pack) -> None:
    text = WALK.replace("  claim short", '  lemma moved: at != none\n    else "nothing happened"\n\n  claim short')
    result = refuted(over(pack.over(LINE, text), "moved"))
    assert result is not None
    assert result.events == ()


def test_a_budget_that_runs_out_is_a_fault_of_the_input(walk: ir.System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SEARCH_LIMIT", 1)
    with pytest.raises(InputError, match="cannot be asked within the budget"):
        refuted(over(walk, "cost-so-far"), runs=20)


def test_lint_shows_the_run_that_breaks_a_lemma(pack: Pack) -> None:
    pack.write(LINE)
    pack.write(WALK)
    assert lint(pack.root).faults == []
    text = WALK.replace("spent := spent + (further(at)[n] ?? 0)", "spent := spent + 1")
    pack.write(text)
    (fault,) = lint(pack.root).faults
    first, excerpt, caret, note, *run = fault.splitlines()
    assert ": error[lemma]: the lemma cost-so-far does not hold over line: at " in first
    assert "walk.spec:32:9: " in first
    assert excerpt.strip("│ ").startswith("lemma cost-so-far: ")
    assert caret.strip("│ ") == "^" * len("cost-so-far")
    assert note == "  note: it is broken at the end of this run:"
    assert run[-1].strip().startswith("step(")


def test_the_run_that_breaks_a_lemma_is_a_trace_block(pack: Pack) -> None:
    text = WALK.replace("  claim short", '  lemma never-two: at != 2\n    else ""\n\n  claim short')
    result = refuted(over(pack.over(LINE, text), "never-two"), runs=20)
    assert result is not None
    verdict = "truncated" if result.problem.params.get("length", 3) != 2 else "sound"
    pack.write(f"{text}\n  trace {verdict} over line\n{block(result.run(), 2)}\n")
    *_, example = pack.specifications.examples("walk")
    assert tried(example, pack.specifications.over("walk", "line")).verdict == verdict


# ---------------------------------------------------------------- the shipped promises
Change = Callable[[Problem, Random], None]
SEARCHES = ("astar", "beam", "breadth-first", "depth-first", "dijkstra", "greedy", "iterative-deepening", "uniform-cost-lazy")


@cache
def search_over(name: str) -> Format:
    return over(Specifications().over(name, "graph"))


def as_drawn(problem: Problem, random: Random) -> None:
    """Nothing is changed."""


def unit(problem: Problem, random: Random) -> None:
    """Every edge costs 1, and h is 0 or 1, but 0 at goals."""
    facts = problem.facts
    facts["edge"] = dict.fromkeys(facts["edge"], 1)
    facts["estimate"] = {n: random.randint(0, 1) for n in facts["estimate"] if n not in facts["goal"]}


def cheap(problem: Problem, random: Random) -> None:
    """Edges may cost nothing, or a fraction; there is no h."""
    facts = problem.facts
    facts["edge"] = {e: random.choice([0, 1, 2, Fraction(1, 2)]) for e in facts["edge"]}
    facts["estimate"] = {}


def misled(problem: Problem, random: Random) -> None:
    """h is anything."""
    problem.facts["estimate"] = {n: random.randint(0, 20) for n in problem.facts["estimate"]}


CHANGES: tuple[Change, ...] = (as_drawn, unit, cheap, misled)
NODES = {"nodes": 6}
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "astar": [{"weight": 2}, {"weight": Fraction(1, 2)}, {"weight": -1}, {"reopen": False}, {"announced": False}],
    "beam": [{"beam": 1}, {"beam": 3}],
    "breadth-first": [{"early": True}],
}


def runs(form: Format, params: dict[str, Any], change: Change, number: int) -> Iterator[tuple[Generator, Problem, list[Event]]]:
    generator = Generator(form, params)
    for index in range(number):
        random = Random(f"{change.__name__}/{index}")
        problem = generator.problem(random)
        change(problem, random)
        yield generator, problem, generator.run(problem, random)


def found(form: Format, kind: str, params: dict[str, Any], change: Change, number: int) -> tuple[dict[str, int], list[Refuted]]:
    """How often each promise was asked, and the first runs that break each of them."""
    asked = dict.fromkeys((p.rule.name for p in form.system.promises if p.kind == kind), 0)
    refutations: dict[str, Refuted] = {}
    for generator, problem, events in runs(form, params, change, number):
        met = {g.rule.name for g in form.system.givens if meets(generator, generator.start(problem), g.rule)}
        for promise in form.system.promises:
            if promise.kind == kind and {*promise.under} <= met:
                asked[promise.rule.name] += 1
                result = broken(form.interpreter, problem, events, [promise])
                if result is not None:
                    refutations.setdefault(promise.rule.name, result)
    return asked, list(refutations.values())


CASES = [(name, {}) for name in SEARCHES] + [(name, params) for name in SETTINGS for params in SETTINGS[name]]


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
@pytest.mark.parametrize(("name", "params"), CASES, ids=str)
def test_the_lemmas_of_a_search_hold(name: str, params: dict[str, Any], change: Change) -> None:
    asked, refutations = found(search_over(name), "lemma", NODES | params, change, 8)
    assert [r.run() for r in refutations] == []
    assert len(asked) >= 3


def test_every_promise_of_the_searches_is_asked() -> None:
    for name in SEARCHES:
        for kind in ("lemma", "claim"):
            asked, _ = found(search_over(name), kind, NODES, unit, 3)
            assert asked
            assert 0 not in asked.values()


REOPENED = {(0, 1): 1, (0, 2): 3, (1, 2): 1, (2, 3): 3}
CLOSED_TWICE = Problem({"start": 0, "goal": {3: True}, "edge": REOPENED, "estimate": {1: 4}}, {"nodes": 4})
ASTRAY = {(0, 1): 1, (0, 2): 3, (1, 2): 1, (2, 3): 1}
LEFT_CLOSED = Problem({"start": 0, "goal": {3: True}, "edge": ASTRAY, "estimate": {1: 2}}, {"nodes": 4})


@pytest.mark.parametrize(
    ("problem", "params", "false"),
    [
        pytest.param(CLOSED_TWICE, {}, {"closed-once", "few-closes"}, id="an-admissible-h-that-is-not-consistent"),
        pytest.param(LEFT_CLOSED, {"reopen": False, "weight": 2}, {"closed-optimal", "goal-optimal"}, id="without-reopening"),
    ],
)
def test_what_is_said_of_a_star_and_is_false(problem: Problem, params: dict[str, Any], false: set[str]) -> None:
    generator = Generator(search_over("astar"), params)
    problem = replace(problem, params=problem.params | params)
    claims = [p for p in generator.form.system.promises if p.kind == "claim"]
    assert all(
        meets(generator, generator.start(problem), g.rule) for g in generator.form.system.givens if g.rule.name == "admissible"
    )
    events = generator.run(problem, Random(0))
    assert {p.rule.name for p in claims if broken(generator.form.interpreter, problem, events, [p])} == false


@pytest.mark.parametrize("name", [name for name in SEARCHES if name != "astar"])
def test_the_claims_of_the_other_searches_hold(name: str) -> None:
    for change in CHANGES:
        _, refutations = found(search_over(name), "claim", NODES, change, 10)
        assert [r.run() for r in refutations] == []


GRAPH: dict[str, dict[str, Any]] = {
    "as it is": {},
    "free": {"edge": {(0, 1): 0, (1, 2): 1}},
    "heavy": {"edge": {(0, 1): 2, (1, 2): 1}},
    "hopeful": {"estimate": {0: 3}},
    "uneven": {"edge": {(0, 1): 2, (1, 2): 2}, "estimate": {0: 3}},
    "two goals": {"goal": {2: True, 1: True}},
    "there and back": {"edge": {(0, 1): 1, (1, 0): 1, (1, 2): 1, (2, 1): 1}},
    "cut": {"edge": {(0, 1): 1}},
    "cut, and far": {"edge": {(0, 1): 1}, "estimate": {0: 99, 1: 98}},
}


@pytest.mark.parametrize(
    ("problem", "met"),
    [
        ("as it is", {"positive", "unit", "admissible", "consistent", "one-goal", "reachable"}),
        ("free", {"admissible", "consistent", "one-goal", "reachable"}),
        ("heavy", {"positive", "admissible", "consistent", "one-goal", "reachable"}),
        ("hopeful", {"positive", "unit", "one-goal", "reachable"}),
        ("uneven", {"positive", "admissible", "one-goal", "reachable"}),
        ("two goals", {"positive", "unit", "admissible", "consistent", "reachable"}),
        ("there and back", {"positive", "unit", "admissible", "consistent", "one-goal", "undirected", "reachable"}),
        ("cut", {"positive", "unit", "admissible", "consistent", "one-goal"}),
        ("cut, and far", {"positive", "unit", "admissible", "consistent", "one-goal"}),
    ],
)
def test_what_a_weighted_graph_is_assumed_to_be(problem: str, met: set[str]) -> None:
    facts = {"start": 0, "goal": {2: True}, "edge": {(0, 1): 1, (1, 2): 1}, "estimate": {}} | GRAPH[problem]
    generator = Generator(search_over("astar"), {})
    r = generator.start(Problem(facts, {"nodes": 3}))
    assert {g.rule.name for g in generator.form.system.givens if meets(generator, r, g.rule)} == met


@pytest.mark.parametrize("name", ["maze", "action-maze", "digraph"])
def test_the_estimates_of_these_domains_are_consistent(name: str) -> None:
    form = over(Specifications().over("breadth-first", name))
    generator = Generator(form, {})
    for seed in range(5):
        r = generator.start(generator.problem(Random(seed)))
        met = {g.rule.name for g in form.system.givens if meets(generator, r, g.rule)}
        assert {"admissible", "consistent"} <= met


def test_the_h_of_blocksworld_may_be_too_large() -> None:
    generator = Generator(over(Specifications().over("breadth-first", "blocksworld")), {"number": 3})
    (admissible,) = [g for g in generator.form.system.givens if g.rule.name == "admissible"]
    problems = [generator.start(generator.problem(Random(seed))) for seed in range(10)]
    assert not all(meets(generator, r, admissible.rule) for r in problems)


def test_a_negative_estimate_states_no_problem() -> None:
    facts = {"start": 0, "goal": {1: True}, "edge": {}, "estimate": {0: -1}}
    generator = Generator(search_over("astar"), {})
    rules = generator.form.interpreter.demanded(generator.start(Problem(facts, {"nodes": 2})))
    assert [rule.name for rule in rules] == ["problem/negative-estimate"]
