"""What can be written in a specification, and what it means before anything is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Token, Tree

from tests.conftest import ROOT
from tests.packs import Pack, block, written
from tests.sink import DOMAIN, FORMAT, MOVES, PROCEDURE
from tracecourt.errors import InputError, SpecError
from tracecourt.spec import ir, parser
from tracecourt.spec import syntax as s
from tracecourt.text import Source, Span


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


@pytest.fixture
def sink(pack: Pack) -> ir.System:
    pack.write(DOMAIN)
    pack.write(PROCEDURE)
    return pack.joined(FORMAT)


def parsed(text: str) -> s.Declaration:
    (declaration,) = parser.parse(Source("test.spec", text))
    return declaration


def expression(text: str) -> s.Expression:
    return parser.parse_expression(Source("test", text), Span(0, len(text)))


def constructs(tree: Tree[Token]) -> Iterator[str]:
    yield str(tree.data)
    for child in tree.children:
        if isinstance(child, Tree):
            yield from constructs(child)


# ---------------------------------------------------------------- every construct
def test_the_examples_of_these_tests_use_every_construct_of_the_grammar() -> None:
    rules = [rule for rule in parser._language()[0].rules if rule.alias or not rule.options.expand1]
    constructed = {name for rule in rules if not (name := rule.alias or str(rule.origin.name)).startswith("_")}
    sources = [Source("test", text) for text in (DOMAIN, PROCEDURE, MOVES, FORMAT)]
    used = {name for source in sources for name in constructs(parser._tree(source, source.text, "start", 0))}
    assert {"least", "trace", "domain"} <= constructed
    assert constructed - used == set()


@pytest.mark.parametrize(
    ("text", "structure"),
    [
        pytest.param("a + b * c", "(a + (b * c))", id="times-binds-closer-than-plus"),
        pytest.param("a - b - c", "((a - b) - c)", id="minus-goes-from-the-left"),
        pytest.param("a / b div c mod d", "(((a / b) div c) mod d)", id="quotients-go-from-the-left"),
        pytest.param("-a * b", "((- a) * b)", id="negation-binds-closer-than-times"),
        pytest.param("- - a", "(- (- a))", id="negation-twice"),
        pytest.param("-a.x", "(- a.x)", id="field-binds-closer-than-negation"),
        pytest.param("a ?? b + c", "(a ?? (b + c))", id="fallback-after-sums"),
        pytest.param("a ?? b = c", "((a ?? b) = c)", id="fallback-before-comparisons"),
        pytest.param("not a = b", "(not (a = b))", id="not-after-comparisons"),
        pytest.param("not a and b", "((not a) and b)", id="not-before-and"),
        pytest.param("a or b and c", "(a or (b and c))", id="and-before-or"),
        pytest.param("a and b and c", "((a and b) and c)", id="and-goes-from-the-left"),
        pytest.param("a or b => c or d", "((a or b) => (c or d))", id="implies-after-or"),
        pytest.param("a => b => c", "(a => (b => c))", id="implies-goes-from-the-right"),
        pytest.param("a => all x in s: b => c", "(a => (all x in s: (b => c)))", id="quantifier-reaches-to-the-end"),
        pytest.param("if a then b else c + d", "(if a then b else (c + d))", id="else-reaches-to-the-end"),
        pytest.param("if a then b else if c then d else e", "(if a then b else (if c then d else e))", id="else-if"),
        pytest.param("any x, y in m if x < y: p", "(any x, y in m if (x < y): p)", id="quantifier-with-guard"),
        pytest.param("a not in b", "(a not in b)", id="not-in"),
        pytest.param("a not in b + c", "(a not in (b + c))", id="in-after-sums"),
        pytest.param("least x in s if p by x + 1", "(least x in s if p by (x + 1))", id="least"),
        pytest.param("(least x in s by x).y", "(least x in s by x).y", id="least-in-brackets"),
        pytest.param("m[a].x[b]", "m[a].x[b]", id="postfix-chain"),
        pytest.param("f(a, g(), b)[c]", "f(a, g(), b)[c]", id="calls"),
        pytest.param("sum(a * b for a, b in m if a > 0)", "sum((a * b) for a, b in m if (a > 0))", id="aggregate"),
        pytest.param("[x for x in s]", "[x for x in s]", id="list-comprehension"),
        pytest.param("{x for x in s}", "{x for x in s}", id="set-comprehension"),
        pytest.param("{x: y for x, y in m}", "{x: y for x, y in m}", id="map-comprehension"),
        pytest.param("((a))", "a", id="brackets-that-only-group"),
        pytest.param("(a, b)", "(a, b)", id="tuple"),
        pytest.param("[]", "[]", id="empty-list"),
        pytest.param("{}", "{}", id="empty-set-or-map"),
        pytest.param("{a}", "{a}", id="set"),
        pytest.param("{a: b, c: d}", "{a: b, c: d}", id="map"),
        pytest.param("1.25", "125/100", id="decimal-is-an-exact-fraction"),
        pytest.param("007", "7", id="leading-zeros"),
        pytest.param('"a -- b"', '"a -- b"', id="text-with-dashes"),
        pytest.param("none = true", "(none = true)", id="constants"),
        pytest.param("a <= b", "(a <= b)", id="at-most"),
        pytest.param("notable and android", "(notable and android)", id="names-that-begin-like-words-of-the-language"),
        pytest.param("over + at + cost", "((over + at) + cost)", id="words-of-other-places-are-names-here"),
        pytest.param("f(a,\n  b)", "f(a, b)", id="a-line-may-end-inside-brackets"),
    ],
)
def test_expressions(text: str, structure: str) -> None:
    assert written(expression(text)) == structure


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("int", "int", id="int"),
        pytest.param("rational", "rational", id="rational"),
        pytest.param("bool", "bool", id="bool"),
        pytest.param("arithmetic", "arithmetic", id="arithmetic"),
        pytest.param("text", "text", id="text"),
        pytest.param("0..k-1", "0..k-1", id="range"),
        pytest.param("-k..2 * k", "-k..2 * k", id="range-from-a-negative"),
        pytest.param("enum {red, green}", "enum {red, green}", id="enum"),
        pytest.param('enum {"+", minus}', "enum {+, minus}", id="enum-of-texts"),
        pytest.param("(int, bool)", "(int, bool)", id="tuple"),
        pytest.param("(x: int, y: int)", "(x: int, y: int)", id="tuple-with-names"),
        pytest.param("(int)", "int", id="brackets-that-only-group"),
        pytest.param("int?", "int?", id="optional"),
        pytest.param("set int?", "set int?", id="set-of-optionals"),
        pytest.param("(set int)?", "set int?", id="optional-set"),
        pytest.param("list list int", "list list int", id="list-of-lists"),
        pytest.param("stack int", "stack int", id="stack"),
        pytest.param("fifo int", "fifo int", id="fifo"),
        pytest.param("map int -> set bool", "map int -> set bool", id="map"),
        pytest.param("map (int, int) -> map int -> bool", "map (int, int) -> map int -> bool", id="map-of-maps"),
    ],
)
def test_sorts(pack: Pack, text: str, shown: str) -> None:
    module = pack.alone(f"domain lab\n  param k: int = 3\n  fact it: {text}\n")
    assert str(module.facts[0].sort) == shown


# ---------------------------------------------------------------- declarations
def test_a_domain_keeps_its_items_in_the_order_of_the_text(sink: ir.System) -> None:
    assert [f.name for f in sink.facts] == ["start", "hint", "goal", "edge", "path", "tint", "word", "on", "sum"]
    assert [p.symbol.name for p in sink.params] == ["size", "scale", "mode", "moves", "weight", "eager"]
    ranges = [f"problem/{name}-out-of-range" for name in ("start", "hint", "goal", "edge", "path", "tint")]
    assert [d.name for d in sink.demands] == [*ranges, "problem/a-goal", "problem/cheap"]
    assert [(step.kind, step.symbol and step.symbol.name) for step in sink.sample] == [
        ("let", "k"), ("draw", "goal"), ("draw", "start"), ("draw", "hint"), ("draw", "word"), ("draw", "on"), ("draw", "sum"),
        ("draw", "path"), ("draw", "edge"), ("draw", "tint"), ("reject", None),
    ]  # fmt: skip


def test_a_procedure_keeps_its_items_in_the_order_of_the_text(sink: ir.System) -> None:
    names = ["open", "simple", "closed", "seen", "trail", "todo", "later", "current", "steps", "phase"]
    assert [v.symbol.name for v in sink.state] == names
    assert [u.kind for u in sink.initially] == ["insert", "assign"]
    assert list(sink.events) == ["make", "take", "plan"]
    assert [u.kind for u in sink.events["make"].updates] == ["put", "put", *["insert"] * 4, "assign", "when"]
    assert [u.kind for u in sink.events["take"].updates] == [
        "put", "remove", "remove", "assign", "remove", "remove", "assign", "assign",
    ]  # fmt: skip
    assert sink.answer is not None
    assert list(sink.answer.clauses) == ["among", "valid", "cost", "optimum", "follows"]


def test_the_rules_of_a_system_in_the_order_in_which_they_are_asked(sink: ir.System) -> None:
    assert [(rule.name, rule.level) for rule in sink.rules] == [
        ("make/out-of-range", "grounded"),
        ("make/is-node", "grounded"),
        ("make/better", "disciplined"),
        ("make/order", "declared"),
        ("take/out-of-range", "grounded"),
        ("take/best", "ordered"),
        ("take/all-seen", "complete"),
        ("plan/early", "disciplined"),
        ("end/done", "complete"),
    ]


def test_a_format_says_what_its_text_shows(sink: ir.System) -> None:
    assert sink.partial
    assert sink.silent == {"take"}
    assert sink.dropped == {"make"}
    assert [(part.index, str(part.sort), part.view is None) for part in sink.shown["make"]] == [
        (0, "(at: int, far: bool)", False)
    ]
    assert [(p.index, p.view is None) for p in sink.shown["take"]] == [(0, True)]


def test_a_format_that_hides_nothing_shows_every_argument(pack: Pack) -> None:
    pack.write(DOMAIN)
    pack.write(PROCEDURE)
    system = pack.joined(FORMAT[: FORMAT.index("  shows")])
    assert not system.partial
    assert {name: len(parts) for name, parts in system.shown.items()} == {"make": 2, "take": 1, "plan": 1}


def test_an_answer_may_consist_of_the_events_of_the_search(pack: Pack) -> None:
    system = pack.over(DOMAIN, MOVES)
    assert system.answer is not None
    assert not system.answer.apart
    assert system.answer.event is system.events["move"]
    assert str(system.answer.collected.sort) == "list int"
    assert list(system.events) == ["move"]


def test_texts_at_the_head_of_a_block_describe_it(sink: ir.System) -> None:
    assert sink.doc == "All of it together."
    assert parsed(DOMAIN).doc == "Points on a line, some of them coloured. Nothing in it means anything."
    assert sink.events["make"].doc == "A node is made."
    assert sink.source_url == "https://example.org/sink"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("domain x\n  fact a: int\n  fact b: int\n", id="domain"),
        pytest.param("procedure x\n  state\n    a: int = 1\n  param b: int\n", id="procedure"),
        pytest.param("format x\n  grammar g\n  domain d\n", id="format"),
        pytest.param("procedure x\n  event e()\n    require grounded a: true else \"\"\n  event b()\n    c := 1\n", id="event"),
    ],
)  # fmt: skip
def test_a_block_needs_no_description(text: str) -> None:
    declaration = parsed(text)
    assert declaration.doc == ""
    assert len(declaration.items) == 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("domain x\n  fact a: int\n", id="two-spaces"),
        pytest.param("domain x\n  fact a: int", id="no-final-newline"),
        pytest.param("domain x\r\n  fact a: int\r\n", id="crlf"),
        pytest.param("domain x\n\tfact a: int\n", id="tab"),
        pytest.param("domain x\n\n\n   \n        fact a: int\n\n\n", id="blank-lines"),
        pytest.param("-- a\n\n-- b\ndomain x -- c\n-- d\n  -- e\n  fact a: int -- f\n      -- g", id="comments"),
    ],
)
def test_layout_that_means_the_same(text: str) -> None:
    (fact,) = parsed(text).items
    assert isinstance(fact, s.Fact)
    assert (fact.name, fact.sort.kind) == ("a", "int")


def test_a_body_may_stand_below_its_head() -> None:
    above, below = (parsed(f"domain x\n  def f: int ={body}\n").items[0] for body in (" 1 + 2", "\n    1 + 2"))
    assert isinstance(above, s.Define)
    assert isinstance(below, s.Define)
    assert written(above.body) == written(below.body) == "(1 + 2)"


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        pytest.param("plain", ["plain"], id="no-braces"),
        pytest.param("", [], id="empty"),
        pytest.param("{a} and {b}", ["a", " and ", "b"], id="two-expressions"),
        pytest.param("{{a}} is {a}", ["{a} is ", "a"], id="braces-that-stand-for-themselves"),
        pytest.param("{ {m: 1 for m in s} }", ["{m: 1 for m in s}"], id="braces-inside-an-expression"),
    ],
)
def test_messages_are_texts_with_expressions_in_braces(message: str, parts: list[str]) -> None:
    (rule,) = parsed(f'domain x\n  require r: true else "{message}"\n').items
    assert isinstance(rule, s.Requirement)
    assert [p if isinstance(p, str) else written(p) for p in rule.message.parts] == parts


def test_a_span_leads_back_to_what_was_written(sink: ir.System) -> None:
    rule = sink.events["take"].rules[1]
    assert rule.source.slice(rule.span) == "best"
    assert rule.source.slice(rule.condition.span) == "key(open, n) = best(open) and n in bests(open)"
    shown = rule.message.parts[0]
    assert isinstance(shown, ir.Expr)
    assert rule.source.slice(shown.span) == "first(bests(open))"


# ---------------------------------------------------------------- joining
PROCEDURE_WITH_NEEDS = """\
procedure lab
  needs sort Node
  needs home: Node
  needs cost(n: Node): rational
  needs rank(n: Node): int = 7
  needs margin: int = 3
  event go(n: Node)
    require grounded at-home: n = home and cost(n) >= 0 and rank(n) = 0 and margin = 0
      else ""
"""


@pytest.mark.parametrize(
    "domain",
    [
        pytest.param("sort Node = int\nfact home: Node\ndef cost(n: Node): rational = 1", id="exactly"),
        pytest.param("sort Node = int\nparam home: Node = 1\ndef cost(n: int): int = 1", id="param-and-int-for-rational"),
        pytest.param('sort Node = text\ndef home: Node = "a"\ndef cost(m: text): int = 1', id="a-function-for-a-value"),
    ],
)
def test_needs_are_met_by_declarations_that_fit(pack: Pack, domain: str) -> None:
    system = pack.over(f"domain lab\n{block(domain)}\n", PROCEDURE_WITH_NEEDS)
    assert str(system.events["go"].parameters[0].sort) == str(system.sorts["Node"])


def functions(e: ir.Expr) -> set[tuple[str, str]]:
    """The functions called in a condition, with the text of their bodies."""
    found = {(f.name, f.source.slice(f.body.span)) for call in [e] if isinstance(call, ir.Call) for f in [call.function]}
    return found.union(*(functions(part) for part in e.args)) if isinstance(e, (ir.Prim, ir.Call)) else found


@pytest.mark.parametrize(
    ("domain", "form", "body"),
    [
        pytest.param("", "", "7", id="the-default-where-no-one-declares-it"),
        pytest.param("def rank(n: Node): int = 8", "", "8", id="the-domain-before-the-default"),
        pytest.param("def rank(n: Node): int = 8", "def rank(n: Node): int = 9", "9", id="the-format-before-the-domain"),
    ],
)
def test_who_meets_a_need(pack: Pack, domain: str, form: str, body: str) -> None:
    pack.write(f"domain lab\n  sort Node = int\n  fact home: Node\n  def cost(n: Node): int = 1\n{block(domain)}\n")
    pack.write(PROCEDURE_WITH_NEEDS)
    system = pack.joined(f"format lab\n  grammar lab\n  domain lab\n  procedure lab\n{block(form)}\n")
    assert ("rank", body) in functions(system.events["go"].rules[0].condition)


@pytest.mark.parametrize(("domain", "body"), [("", "3"), ("def margin: int = 4", "4")])
def test_a_value_that_is_needed_may_have_a_default(pack: Pack, domain: str, body: str) -> None:
    facts = "sort Node = int\nfact home: Node\ndef cost(n: Node): int = 1"
    system = pack.over(f"domain lab\n{block(facts)}\n{block(domain)}\n", PROCEDURE_WITH_NEEDS)
    assert ("margin", body) in functions(system.events["go"].rules[0].condition)


def test_a_format_sets_parameters(sink: ir.System) -> None:
    fixed = {p.symbol.name: p for p in sink.params}
    assert isinstance(fixed["mode"].default, ir.Const)
    assert fixed["mode"].default.value == "fast"
    assert fixed["weight"].default is not None
    assert fixed["weight"].default.span.start < len(FORMAT)
    assert fixed["size"].inferred is not None


def test_setting_a_parameter_replaces_how_it_is_inferred(pack: Pack) -> None:
    pack.write(DOMAIN)
    pack.write(PROCEDURE)
    size = pack.joined(FORMAT + "  set size = 4\n").params[0]
    assert size.inferred is None
    assert isinstance(size.default, ir.Const)
    assert size.default.value == 4


def test_a_packs_own_files_come_before_the_shipped_ones(pack: Pack) -> None:
    shipped = pack.specifications.alone("procedure", "astar")
    pack.write('procedure astar\n  "Mine."\n  state\n    a: int = 1\n')
    assert pack.specifications.alone("procedure", "astar").doc == "Mine." != shipped.doc


def test_a_declaration_that_no_one_wrote(pack: Pack) -> None:
    with pytest.raises(InputError, match=r"there is no procedure named asta \(did you mean astar\?\)"):
        pack.specifications.declaration("procedure", "asta")


def test_every_shipped_specification_is_faultless() -> None:
    specifications = Pack(ROOT).specifications
    for kind in ("domain", "procedure"):
        names = specifications.library.names(kind)
        assert names
        for name in names:
            assert specifications.alone(kind, name).doc
    for name in specifications.library.names("format"):
        assert specifications.format(name).events


# ---------------------------------------------------------------- trace blocks
def test_trace_blocks_are_typed_over_their_domain(pack: Pack) -> None:
    pack.write(DOMAIN)
    pack.write(PROCEDURE)
    sound, unsound = pack.specifications.examples("sink")
    assert (sound.verdict, sound.rule, sound.at, sound.doc) == ("sound", None, None, "One node, made and taken.")
    assert sound.settings == {"start": 0, "hint": 1, "word": "w", "on": True, "sum": 1, "goal": frozenset({1}), "weight": 2}
    assert sound.events == (("make", (0, 0)), ("take", (0,)))
    assert (unsound.verdict, unsound.rule, unsound.at) == ("unsound", "take/best", 0)


def test_constants_of_trace_blocks(pack: Pack) -> None:
    pack.write(
        "domain lab\n  fact a: rational\n  fact b: map (int, int) -> rational\n  fact c: list enum {x, y}\n  fact d: set int\n"
    )
    pack.write(
        'procedure lab\n  event e(a: rational)\n    "Nothing."\n\n  trace sound over lab\n'
        "    a = -0.5\n    b = {(1, -2): 3/4}\n    c = [x, y, x]\n    d = {}\n    e(-1/2)\n"
    )
    (example,) = pack.specifications.examples("lab")
    assert example.settings["a"] == example.events[0][1][0] == -0.5
    assert example.settings["b"] == {(1, -2): 0.75}
    assert example.settings["c"] == ("x", "y", "x")
    assert not example.settings["d"]


def test_a_file_declares_one_thing_under_its_own_name(pack: Pack) -> None:
    pack.write("domain other\n  fact a: int\n", name="lab")
    with pytest.raises(SpecError, match="this file must declare domain lab only, not domain other"):
        pack.specifications.alone("domain", "lab")
    pack.write("domain lab\n  fact a: int\n\ndomain more\n  fact a: int\n", name="lab")
    with pytest.raises(SpecError, match="this file must declare domain lab only, not domain more"):
        pack.specifications.alone("domain", "lab")
