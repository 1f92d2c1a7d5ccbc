"""What expressions stand for: operators, builtins, collections, and terms without a value (None in the tables)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.packs import Lab, Pack, domain, procedure
from tracecourt.engines.evaluate import TooLarge

HALF = Fraction(1, 2)

SETTING = """\
sort Node = 0..3
sort Pair = (x: 0..1, y: bool)
sort Color = enum {red, green, blue}

def m: map int -> int = {1: 10, 2: 20}
def flags: map int -> bool = {1: true, 2: false}
def sets: map int -> set int = {1: {1, 2}, 2: {}}
def s: set int = {3, 1, 2}
def l: list int = [3, 1, 2, 1]
def some: int? = 7
def absent: int? = none
def absent_pair: Pair? = none
def path: map int -> int = {2: 1, 3: 2, 4: 3, 8: 9, 9: 8}
def color: Color = red
def maybe: Color? = none
def side: enum {left, right} = right
def sign: enum {"+", "-"} = "-"

def lost: int = m[99]
def next(n: int): map int -> rational = {k: 1/2 for k in [n + 1, 2 * n] if k < 9}
def double(n: int, times: int): int? = if times > 3 then none else n * power(2, times)
def e: arithmetic = ((3, "+", 1/2), "*", (4, "-", 2))
def by_zero: arithmetic = (1, "/", (1, "-", 1))
def long: arithmetic = LONG
def at_six(n: int): bool = n = 6
def roads(n: int): map int -> int = {0: {1: 5, 2: 1}, 2: {1: 1}, 1: {6: 1}}[n] ?? {}
def nowhere(n: int): bool = n = 100
def positive(n: int): bool = n > 0
def total(xs: list int): int = sum(xs)
""".replace("LONG", '(1, "+", ' * 60 + "1" + ")" * 60)
Value = Callable[[str, str], Any]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


@pytest.fixture(scope="module")
def value(tmp_path_factory: pytest.TempPathFactory) -> Value:
    """The value of an expression of a sort, where the names of `SETTING` are declared."""
    pack = Pack(tmp_path_factory.mktemp("expressions"))
    pack.grammar()
    pack.write(domain(SETTING))
    pack.write(procedure("state\n  nothing: set int"))
    specifications, count = pack.specifications, itertools.count()

    def evaluated(sort: str, expression: str) -> Any:
        name = f"it{next(count)}"
        head = f"format {name}\n  grammar lab\n  domain lab\n  procedure lab\n"
        pack.write(f"{head}  def it: {sort} =\n    {expression}\n")
        return Lab(specifications.format(name), {}).value("it")

    return evaluated


# ---------------------------------------------------------------- numbers
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("1 + 2 * 3", 7, id="precedence"),
        pytest.param("10 - 4 - 3", 3, id="from-the-left"),
        pytest.param("-2 * -3", 6, id="minus"),
        pytest.param("7 div 2", 3, id="div"),
        pytest.param("-7 div 2", -4, id="div-rounds-down"),
        pytest.param("7 div -2", -4, id="div-by-a-negative-rounds-down"),
        pytest.param("7 mod 3", 1, id="mod"),
        pytest.param("-7 mod 3", 2, id="mod-has-the-sign-of-the-divisor"),
        pytest.param("7 mod -3", -2, id="mod-of-a-negative-divisor"),
        pytest.param("1 / 3 + 1 / 6", HALF, id="exact-sum"),
        pytest.param("0.1 + 0.2", Fraction(3, 10), id="exact-decimals"),
        pytest.param("1 / 3 * 3", 1, id="exact-product"),
        pytest.param("6 / 3", 2, id="whole-quotient"),
        pytest.param("-1 / 2", -HALF, id="negative-quotient"),
        pytest.param("7 / 2 div 1", 3, id="div-of-a-fraction"),
        pytest.param("7 / 2 mod 1", HALF, id="mod-of-a-fraction"),
        pytest.param("999999999999999999 * 999999999999999999", 999999999999999999**2, id="no-overflow"),
        pytest.param("abs(-3)", 3, id="abs"),
        pytest.param("abs(1/2 - 1)", HALF, id="abs-of-a-fraction"),
        pytest.param("min(3, 1/2, 2)", HALF, id="min-of-several"),
        pytest.param("max(3, 1/2, 2)", 3, id="max-of-several"),
        pytest.param("1 / 0", None, id="division-by-zero"),
        pytest.param("1 div (2 - 2)", None, id="div-by-zero"),
        pytest.param("1 mod 0", None, id="mod-by-zero"),
        pytest.param("1 + 2 * (1 / 0)", None, id="what-holds-a-term-without-value-has-none"),
    ],
)
def test_numbers(value: Value, expression: str, expected: Any) -> None:
    found = value("rational", expression)
    assert found == expected
    assert not isinstance(found, float)


NUMBERS = st.fractions(max_denominator=99).filter(lambda f: abs(f.numerator) < 10**6)


@settings(deadline=None, max_examples=25)
@given(a=NUMBERS, b=NUMBERS, c=NUMBERS)
def test_arithmetic_is_exact(value: Value, a: Fraction, b: Fraction, c: Fraction) -> None:
    x, y, z = (f"({n.numerator} / {n.denominator})" for n in (a, b, c))
    sums = f"{x} + {y} * {z} - {y} / 7, {x} * ({y} + {z}) = {x} * {y} + {x} * {z}"
    found = value("(rational, bool, bool, rational)", f"({sums}, {x} < {y}, max({x}, {y}, {z}))")
    assert found == (a + b * c - b / 7, True, a < b, max(a, b, c))


# ---------------------------------------------------------------- truth
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("1 = 2 / 2", True, id="numbers-are-equal-whatever-their-sort"),
        pytest.param("1 != 2", True, id="different"),
        pytest.param('"a" = "a" and "a" != "b"', True, id="texts"),
        pytest.param("(1, true) = (1, true)", True, id="tuples"),
        pytest.param("[1, 2] = [2, 1]", False, id="lists-have-an-order"),
        pytest.param("{1, 2} = {2, 1}", True, id="sets-have-none"),
        pytest.param("{1: 2, 3: 4} = {3: 4, 1: 2}", True, id="maps-have-none"),
        pytest.param("Node = [0, 1, 2, 3]", True, id="the-values-of-a-sort-are-a-list"),
        pytest.param("(l, s) = ([3, 1, 2, 1], {1, 2, 3})", True, id="collections-in-tuples"),
        pytest.param("sets[2] = {}", True, id="empty-set"),
        pytest.param("m != {}", True, id="not-empty"),
        pytest.param("{} = s - s and [] = [n for n in s if n > 9]", True, id="empty-on-the-left"),
        pytest.param("(1, {}) = (1, s - s)", True, id="empty-inside"),
        pytest.param("1 < 2 and 2 <= 2 and 3 > 2 and 2 >= 2", True, id="order"),
        pytest.param("1 < 1 or 1 > 1", False, id="strict"),
        pytest.param("true => false", False, id="implies"),
        pytest.param("false => 1 = 1 / 0", True, id="false-implies-anything"),
        pytest.param("not false and not (true and false)", True, id="not"),
        pytest.param("if 1 < 2 then false else true", False, id="if"),
        pytest.param("2 in s and 9 not in s", True, id="in-a-set"),
        pytest.param("2 in l and 9 not in l", True, id="in-a-list"),
        pytest.param("2 in m and 20 not in m", True, id="in-a-map-means-its-keys"),
        pytest.param("3 in Node and 4 not in Node and -1 not in Node", True, id="in-a-range"),
        pytest.param("(1, true) in Pair and (2, true) not in Pair", True, id="in-a-sort-of-tuples"),
        pytest.param("{1, 2} in {{2, 1}, {3}}", True, id="a-set-in-a-set"),
        pytest.param("[1, 2] in {[1, 2]: 5}", True, id="a-list-as-a-key"),
        pytest.param("5 in numbers(1, 10) and 0 not in numbers(1, 10)", True, id="in-numbers"),
        pytest.param("10000000 in numbers(1, 999999999)", True, id="in-numbers-too-many-to-list"),
        pytest.param("{1, 3} in subsets(2, s) and s not in subsets(2, s) and {9} not in subsets(2, s)", True, id="in-subsets"),
        pytest.param("[3, 3] in sequences(2, s) and [3] not in sequences(2, s)", True, id="in-sequences"),
        pytest.param("color = red and green != color and blue not in {color, green}", True, id="members-of-an-enumeration"),
        pytest.param("right = side and side != left", True, id="members-on-either-side"),
        pytest.param("side in {right} and side not in [left] and left not in [side]", True, id="members-in-collections"),
        pytest.param('sign = "-" and "+" != sign and sign in {"+", "-"}', True, id="members-that-are-no-names"),
        pytest.param('"+" not in [sign] and "-" in {sign}', True, id="such-members-on-the-left-of-in"),
        pytest.param("all n in s: n > 0", True, id="all"),
        pytest.param("all n in s if n > 9: false", True, id="all-of-none"),
        pytest.param("any n in s: n = 2", True, id="any"),
        pytest.param("any n in s if n > 9: true", False, id="any-of-none"),
        pytest.param("all k, v in m: v = 10 * k", True, id="all-entries"),
        pytest.param("all n in s: any k in l: k = n", True, id="quantifiers-inside-one-another"),
        pytest.param("positive(1) and not positive(-1)", True, id="functions"),
    ],
)
def test_truth(value: Value, expression: str, expected: bool) -> None:
    assert value("bool", expression) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("m[99] = 1", False, id="equal"),
        pytest.param("m[99] != 1", False, id="different"),
        pytest.param("not (m[99] = 1)", True, id="the-negation-of-a-false-atom"),
        pytest.param("m[99] < 1 or m[99] >= 1", False, id="neither-less-nor-more"),
        pytest.param("m[99] = m[99]", False, id="not-even-equal-to-itself"),
        pytest.param("m[99] in s", False, id="in"),
        pytest.param("m[99] not in s", True, id="not-in-is-the-negation-of-in"),
        pytest.param("m[99] in Node", False, id="in-a-sort"),
        pytest.param("1 in sets[99]", False, id="in-no-set"),
        pytest.param("m[99] in numbers(1, 9)", False, id="in-numbers"),
        pytest.param("[1] in sequences(m[99], [1])", False, id="in-sequences"),
        pytest.param("flags[99]", False, id="a-truth-value-from-a-map"),
        pytest.param("positive(m[99])", False, id="an-argument-of-a-function"),
        pytest.param("positive(lost)", False, id="a-function-without-value"),
        pytest.param("all n in sets[99]: true", False, id="all-in-no-set"),
        pytest.param("any n in sets[99]: true", False, id="any-in-no-set"),
        pytest.param("all n in [1, m[99]]: true", False, id="an-element-without-value"),
        pytest.param("all n in [1, 99]: m[n] = 10", False, id="the-atom-inside-all"),
        pytest.param("any n in [99, 1]: m[n] = 10", True, id="the-atom-inside-any"),
        pytest.param("m[99] = 1 or 1 = 1", True, id="or-goes-on"),
        pytest.param("m[99] = 1 => false", True, id="a-premise-without-value"),
        pytest.param("if m[99] = 1 then true else 1 = 1", True, id="a-condition-without-value"),
        pytest.param("size([m[99]]) = 1 or size({1: m[99]}) = 1", False, id="inside-a-collection"),
        pytest.param("(1, m[99]) = (1, 1)", False, id="inside-a-tuple"),
        pytest.param("count(n for n in s if m[n] = 10) = 1", True, id="a-guard-is-an-atom"),
        pytest.param("count(m[n] for n in s) = 2", False, id="a-head-is-a-term"),
        pytest.param("absent = none and some != none", True, id="none-is-a-value"),
        pytest.param("absent < 9 or absent >= 9", False, id="none-is-no-number"),
        pytest.param("absent_pair.y", False, id="none-has-no-fields"),
        pytest.param("some = 7 and some > 6", True, id="an-optional-that-is-there"),
        pytest.param("maybe = none and maybe != red", True, id="an-optional-member"),
    ],
)
def test_an_atom_with_a_term_without_value_is_false(value: Value, expression: str, expected: bool) -> None:
    assert value("bool", expression) is expected


# ---------------------------------------------------------------- terms
@pytest.mark.parametrize(
    ("sort", "expression", "expected"),
    [
        pytest.param("int", "m[2]", 20, id="map-index"),
        pytest.param("int", "m[3]", None, id="map-without-the-key"),
        pytest.param("int", "l[0]", 3, id="list-index-from-zero"),
        pytest.param("int", "l[4]", None, id="list-index-behind-the-end"),
        pytest.param("int", "l[-1]", None, id="list-index-before-the-beginning"),
        pytest.param("int", "m[1] ?? 5", 10, id="fallback-not-needed"),
        pytest.param("int", "m[3] ?? 5", 5, id="fallback-for-no-value"),
        pytest.param("int", "absent ?? 5", 5, id="fallback-for-none"),
        pytest.param("int", "m[3] ?? m[4]", None, id="fallback-without-value"),
        pytest.param("set int", "(sets[9] ?? {}) + {1}", {1}, id="fallback-to-the-empty-set"),
        pytest.param("int", "absent + 1", None, id="none-plus-one"),
        pytest.param("int", "some + 1", 8, id="an-optional-is-unwrapped"),
        pytest.param("int?", "if 1 = 2 then 3 else none", None, id="none"),
        pytest.param("int", "if 1 = 2 then m[3] else 4", 4, id="only-the-branch-that-is-taken"),
        pytest.param("bool", "last([p for p in Pair]).y", True, id="field"),
        pytest.param("int", "total(n for n in s)", 6, id="a-function-applied-to-a-comprehension"),
        pytest.param("list int", "[2 * n for n in l if n > 1]", [6, 4], id="list-comprehension"),
        pytest.param("set int", "{n mod 2 for n in l}", {1, 0}, id="set-comprehension"),
        pytest.param("map int -> int", "{v: k for k, v in m}", {10: 1, 20: 2}, id="map-comprehension"),
        pytest.param("list int", "[k for k in m]", [1, 2], id="one-name-for-the-keys-of-a-map"),
        pytest.param("list int", "[a - b for a, b in pairs(l)]", [2, -1, 1], id="names-for-the-parts-of-tuples"),
        pytest.param("list (int, int)", "[(a, b) for a, b, c in [(1, 2, 3)]]", [(1, 2)], id="three-names"),
        pytest.param("list int", "[n for n in Node]", [0, 1, 2, 3], id="all-values-of-a-range"),
        pytest.param("list Pair", "Pair", [(0, False), (0, True), (1, False), (1, True)], id="all-values-of-a-tuple"),
        pytest.param("list Color", "[c for c in Color if c != green]", ["red", "blue"], id="all-members"),
        pytest.param("int", "size(Node) + size(s) + size(l) + size(m)", 13, id="size"),
        pytest.param("int", "count(n for n in l if n = 1)", 2, id="count"),
        pytest.param("int", "sum(n for n in l)", 7, id="sum"),
        pytest.param("int", "sum(n for n in l if n > 9)", 0, id="sum-of-nothing"),
        pytest.param("rational", "sum(n / 2 for n in l)", Fraction(7, 2), id="sum-of-fractions"),
        pytest.param("int", "sum(l) + max(s) + min(l)", 11, id="collections-themselves"),
        pytest.param("int", "min(n for n in l if n > 9)", None, id="min-of-nothing"),
        pytest.param("int", "max(n for n in l if n > 9)", None, id="max-of-nothing"),
        pytest.param("list int", "keys(m)", [1, 2], id="keys"),
        pytest.param("list int", "values(m)", [10, 20], id="values"),
        pytest.param("int", "first(l)", 3, id="first"),
        pytest.param("int", "last(l)", 1, id="last"),
        pytest.param("int", "first(s) * 10 + last(s)", 32, id="sets-remember-their-order"),
        pytest.param("int", "first(n for n in l if n > 9)", None, id="first-of-nothing"),
        pytest.param("int", "last(n for n in l if n > 9)", None, id="last-of-nothing"),
        pytest.param("list (int, int)", "pairs(l)", [(3, 1), (1, 2), (2, 1)], id="pairs"),
        pytest.param("list (int, int)", "pairs([n for n in l if n = 3])", [], id="pairs-of-one"),
        pytest.param("set int", "elements(l)", {1, 2, 3}, id="elements"),
        pytest.param("list int", "chain(path, 4)", [1, 2, 3, 4], id="chain"),
        pytest.param("list int", "chain(path, 77)", [77], id="chain-of-one"),
        pytest.param("list int", "chain(path, 8)", None, id="chain-in-a-circle"),
        pytest.param("rational", "power(2, 10) + power(1/2, 2)", 1024 + HALF / 2, id="power"),
        pytest.param("int", "power(2, -1)", None, id="power-with-a-negative-exponent"),
        pytest.param("int", "power(2, 10001)", None, id="power-too-high"),
        pytest.param("list int", "numbers(2, 4)", [2, 3, 4], id="numbers"),
        pytest.param("list int", "numbers(4, 2)", [], id="numbers-downwards"),
        pytest.param("list (int, bool)", "zip([1, 2, 3], [true, false])", [(1, True), (2, False)], id="zip"),
        pytest.param("list int", "flat([[1, 2], [], [2, 3]])", [1, 2, 2, 3], id="flat-keeps-repetitions"),
        pytest.param("list int", "[10 * size(x) + sum(x) for x in subsets(2, [1, 2])]", [0, 11, 12, 23], id="subsets"),
        pytest.param("list list int", "sequences(2, [1, 2])", [(1, 1), (1, 2), (2, 1), (2, 2)], id="sequences"),
        pytest.param("int", "size(sequences(-1, [1, 2]))", None, id="sequences-of-negative-length"),
        pytest.param("list int", "without(l, 1)", [3, 2, 1], id="without"),
        pytest.param("list int", "without_all(l, [1, 3])", [2, 1], id="without-several"),
        pytest.param("list int", "without_all(l, [1, 1, 1])", None, id="without-more-than-there-are"),
        pytest.param("list int", "flat([[1, 2], [], [2]])", [1, 2, 2], id="flat"),
        pytest.param("rational", "worth(e)", 7, id="worth"),
        pytest.param("rational", "worth(by_zero)", None, id="worth-of-a-division-by-zero"),
        pytest.param("rational", "worth(long)", 61, id="worth-of-a-long-sum"),
        pytest.param("list rational", "leaves(e)", [3, HALF, 4, 2], id="leaves"),
        pytest.param("list rational", "results(e)", [7 * HALF, 2, 7], id="results-from-the-inside"),
        pytest.param("list rational", "leaves(5) + results(5)", [5], id="a-number-is-arithmetic"),
        pytest.param("list int", "replay(1, [1, 2], double)", [1, 2, 8], id="replay"),
        pytest.param("list int", "replay(1, [n for n in s if n > 9], double)", [1], id="replay-of-nothing"),
        pytest.param("list int", "replay(1, [1, 4, 1], double)", None, id="replay-that-leads-nowhere"),
        pytest.param("list int", "without(l, 9)", None, id="without-what-is-not-there"),
        pytest.param("list int", "sorted(l)", [1, 1, 2, 3], id="sorted"),
        pytest.param("text", 'words(["a", "b"])', "a b", id="words"),
        pytest.param("rational", "distance(1, next, at_six, 9)", 3 * HALF, id="distance-within-its-limit"),
        pytest.param("rational", "distance(1, next, at_six, 2)", None, id="distance-beyond-its-limit"),
        pytest.param("set int", "s + {9}", {1, 2, 3, 9}, id="union"),
        pytest.param("set int", "s - {1, 9}", {2, 3}, id="difference"),
        pytest.param("list int", "l + [9, 9]", [3, 1, 2, 1, 9, 9], id="lists-one-after-the-other"),
        pytest.param("list int", "l - [1]", [3, 2], id="a-list-without-some-values"),
        pytest.param("map int -> int", "m + {2: 0, 3: 30}", {1: 10, 2: 0, 3: 30}, id="the-right-map-wins"),
        pytest.param("map int -> int", "m - {2: 0}", {1: 10}, id="a-map-without-some-keys"),
        pytest.param("set int", "{} + {1} + {}", {1}, id="empty-on-both-sides"),
        pytest.param("int", "least n in l by -n", 3, id="least"),
        pytest.param("int", "least n in l if n < 3 by 0", 1, id="the-first-among-equals"),
        pytest.param("int", "least n in l if n > 9 by n", None, id="least-of-nothing"),
        pytest.param("int", "least n in l by m[n]", None, id="a-key-without-value"),
        pytest.param("int", "least k in m by m[k] mod 20", 2, id="least-key-of-a-map"),
        pytest.param("rational", "distance(1, next, at_six)", 3 * HALF, id="distance"),
        pytest.param("rational", "distance(0, roads, at_six)", 3, id="distance-over-the-cheaper-way"),
        pytest.param("rational", "distance(6, next, at_six)", 0, id="distance-to-itself"),
        pytest.param("rational", "distance(1, next, nowhere)", None, id="no-way"),
        pytest.param("rational", "distance(lost, next, at_six)", None, id="from-nowhere"),
        pytest.param("map int -> int", "distances(0, roads)", {0: 0, 2: 1, 1: 2, 6: 3}, id="distances"),
        pytest.param("list int", "keys(distances(1, next))", [1, 2, 3, 4, 6, 5, 8, 7], id="distances-the-nearest-first"),
        pytest.param("rational", "distances(1, next)[7]", 2, id="distances-to-one"),
        pytest.param("map int -> int", "distances(6, roads)", {6: 0}, id="distances-where-nothing-leads-further"),
        pytest.param("map int -> int", "distances(lost, roads)", None, id="distances-from-nowhere"),
    ],
)  # fmt: skip
def test_terms(value: Value, sort: str, expression: str, expected: Any) -> None:
    assert value(sort, expression) == expected


@pytest.mark.parametrize("many", ["Big", "numbers(1, 100002)", "subsets(9, numbers(1, 99))", "sequences(9, numbers(1, 99))"])
def test_what_has_too_many_elements_is_not_gone_through(pack: Pack, many: str) -> None:
    lab = pack.lab(procedure=f"sort Big = (a: 0..9999, b: 0..9999)\ndef it: int = size({many})\n")
    with pytest.raises(TooLarge):
        lab.value("it")
