"""A byte scanner reads what Lark reads, number for number, or leaves it to Lark."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from importlib import import_module
from random import Random
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.texts import add, cells
from tracecourt.documents import joined
from tracecourt.engines.native import INTRINSICS
from tracecourt.engines.values import Unreadable
from tracecourt.formats import Format, open_format
from tracecourt.generate import Generator
from tracecourt.grammar.automaton import NotRegular
from tracecourt.grammar.bytecells import Fields, Layout, Member, Number, Several
from tracecourt.grammar.bytecode import HELPERS, Scan, compiled
from tracecourt.grammar.bytescan import NoByteScanner, scanner_source
from tracecourt.grammar.items import Completeness
from tracecourt.grammar.scanner import Scanner, compile_scanner
from tracecourt.grammar.trace_grammar import TraceGrammar
from tracecourt.resources import Library
from tracecourt.scanning import layout
from tracecourt.spec import sorts as t
from tracecourt.text import Source

FORMATS = Library.shipped().names("format")
STARTS = ("document", "prompt", "trace")
MUTANTS = 12  # of each text


@cache
def opened(name: str) -> Format:
    return open_format(name)


@cache
def source(name: str, start: str) -> str | None:
    try:
        return scanner_source(opened(name).grammar, start, opened(name).layouts)
    except NotRegular:
        return None


@cache
def scanner(name: str, start: str) -> Scan:
    found = source(name, start)
    assert found is not None
    return compiled(found)


@cache
def fast(name: str, start: str) -> Scanner:
    """What tells texts that Lark accepts quickly; tests/test_scanner.py holds it to Lark."""
    return compile_scanner(opened(name).grammar, start)


def scanned(scan: Scan, text: str, around: Random | None = None) -> list[int] | None:
    """The tape of a text that stands in a buffer among other bytes."""
    random = around or Random(len(text))
    before = random.choice([b"", b"7", b"x", b" "])
    behind = random.choice([b"9", b" ", b"\n", b"create 1 ", bytes([255])]) * 64
    words = text.encode()
    room = 2 * (len(words) + 16)
    tape = [-7] * (room + 1)
    count = scan(before + words + b"\n" + behind, len(before), len(before) + len(words), tape)
    assert tape[room] == -7
    return None if count < 0 else tape[:count]


def by_lark(form: Format, start: str, text: str) -> list[int] | None:
    """The tape that Lark and the readers would write; None where they do not read the text as whole numbers."""
    reading = form.grammar.read(Source("", text), start)
    if reading.completeness is not Completeness.COMPLETE:
        return None
    names = sorted(form.grammar.items)
    tape: list[int] = []
    for item in reading.items:
        count = len(item.arguments)
        tape.append(names.index(item.name))
        try:
            readers = form.readers(item.name, count) if count else ()
            values = [read(raw) for read, raw in zip(readers, item.arguments, strict=True)]
        except Unreadable:
            return None
        if any(isinstance(value, Fraction) for value in values):
            return None
        for sort, value in zip(form.sorts(item.name, count), values, strict=True):
            tape += cells(sort, value)
    return tape


@cache
def broken_numbers(grammar: TraceGrammar) -> bool:
    """Whether a grammar has words for numbers that are not whole."""
    return any(re.fullmatch(t.expression, word) for t in grammar.terminals.values() if t.numeric for word in ("1.5", "1/2"))


def excused(grammar: TraceGrammar, text: str) -> bool:
    """Whether a legal text has what a byte scanner may leave to Lark: a long number, a broken one, or a byte beyond ASCII."""
    broken = broken_numbers(grammar) and re.search(r"[0-9][./][0-9]", text)
    return bool(not text.isascii() or re.search(r"[0-9]{10}", text) or broken)


def agrees(name: str, start: str, text: str, random: Random) -> bool:
    """Whether the text was accepted; if it was, Lark must say the same, and if it was not, there must be a reason."""
    tape = scanned(scanner(name, start), text, random)
    if tape is not None:
        assert tape == by_lark(opened(name), start, text), text
    elif fast(name, start).scan(text) is not None:
        assert excused(opened(name).grammar, text) or by_lark(opened(name), start, text) is None, text
    return tape is not None


# ---------------------------------------------------------------- the texts of the shipped formats
@cache
def texts(name: str) -> tuple[tuple[str, str], ...]:
    """Start rules and texts: the examples of a format, and generated rows."""
    found: dict[tuple[str, str], None] = {}
    for line in (ROOT / "specs" / "formats" / f"{name}.examples.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        add(found, joined(row.get("prompt")), joined(row["trace"]))
    generator, random = Generator(opened(name), {}), Random(11)
    for _ in range(2):
        problem = generator.problem(random)
        events = generator.printed(problem, generator.run(problem, random), random)
        add(found, generator.prompt(problem), generator.trace(events[:60]))
    return tuple(found)


PIECES = (
    "",
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    "0",
    "00",
    "1",
    "-",
    "c",
    ",",
    ".",
    "/",
    "[",
    "]",
    "'",
    "|",
    "é",
    "9" * 9,
    "9" * 10,
)


def spoilt(text: str, random: Random) -> str:
    """A text with a stretch lost, added, replaced or doubled, or its end missing."""
    for _ in range(random.choice((1, 1, 2))):
        at, width = random.randrange(len(text) + 1), random.choice((1, 1, 2, 9))
        blanks = [i for i, c in enumerate(text) if c in " \n"]
        match random.randrange(6):
            case 0:
                text = text[:at] + text[at + width :]
            case 1:
                text = text[:at] + random.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + random.choice(PIECES) + text[at + 1 :]
            case 3 if blanks:
                at = random.choice(blanks)
                text = text[:at] + random.choice(PIECES[:6]) + text[at + 1 :]
            case 4:
                text = text[:at]
            case _:
                text = text[:at] + text[at : at + 4 * width] + text[at:]
    return text


@pytest.mark.parametrize("name", FORMATS)
def test_legal_texts_are_read_as_lark_reads_them(name: str) -> None:
    random = Random(name)
    for start, text in texts(name):
        if source(name, start) is not None:
            legal = by_lark(opened(name), start, text) is not None
            assert agrees(name, start, text, random) == (legal and not excused(opened(name).grammar, text)), text


@pytest.mark.parametrize("name", FORMATS)
def test_spoilt_texts_are_read_as_lark_reads_them_or_not_at_all(name: str) -> None:
    random = Random(name)
    accepted = tried = 0
    for start, text in texts(name):
        if source(name, start) is not None:
            for _ in range(MUTANTS):
                tried += 1
                accepted += agrees(name, start, spoilt(text, random), random)
    assert accepted or not tried


def layouts_of(name: str, *, but: tuple[type[t.Sort], ...]) -> bool:
    """Whether a sort of some kinds is among those of a format's items."""

    def inside(sort: t.Sort) -> bool:
        parts: tuple[t.Sort, ...] = ()
        match sort:
            case t.Tuple(fields=fields):
                parts = tuple(inner for _, inner in fields)
            case t.List(element=element):
                parts = (element,)
        return isinstance(sort, but) or any(map(inside, parts))

    form = opened(name)
    return any(
        inside(sort)
        for item in form.grammar.items
        for shapes in form.grammar.shapes(item)
        for sort in form.sorts(item, len(shapes))
    )


@pytest.mark.parametrize("name", FORMATS)
def test_formats_of_numbers_have_byte_scanners(name: str) -> None:
    missing = {start for start in STARTS if source(name, start) is None}
    if missing:
        assert layouts_of(name, but=(t.Text, t.Optional, t.Set, t.Map, t.Formula))


def test_sets_are_read_as_their_printed_elements_where_that_is_asked_for() -> None:
    read = 0
    for name in FORMATS:
        form = opened(name)

        def layouts(item: str, count: int, form: Format = form) -> tuple[Layout, ...]:
            return tuple(layout(sort, sets=True) for sort in form.sorts(item, count))

        if source(name, "trace") is None:
            try:
                scan = compiled(scanner_source(form.grammar, "trace", layouts))
            except NotRegular:
                continue
            for start, text in texts(name):
                if start == "trace" and (tape := by_lark(form, start, text)) is not None:
                    assert scanned(scan, text) == tape
                    read += 1
    assert read > 3


# ---------------------------------------------------------------- grammars made for the purpose
def lab(trace: str, rest: str = "", ignore: str = "[ ]+") -> TraceGrammar:
    """A grammar for a trace alone."""
    text = f'document: prompt trace\nprompt: "§"\ntrace: {trace}\n{rest}\n%ignore /{ignore}/\n'
    return TraceGrammar("lab", Source("lab.lark", text), [ROOT / "grammars"])


DIGIT = "N: /[0-9]/"
LABS: dict[str, tuple[TraceGrammar, dict[str, tuple[Layout, ...]], str]] = {
    "lists of lists": (
        lab("x*", f'x: rows -> one\nrows: "[" (row ("," row)*)? "]"\nrow: "(" (N ("," N)*)? ")"\n{DIGIT}'),
        {"one": (Several(Several(Number())),)},
        "[ ( 1 , 2 ) ] () (3) [] [(1),(2,3)] [(),(4)]",
    ),
    "lists of pairs of lists": (
        lab("x*", f'x: rows -> one\nrows: "[" pair* "]"\npair: list ":" list\nlist: "(" N* ")"\n{DIGIT}'),
        {"one": (Several(Fields((Several(Number()), Several(Number())))),)},
        "[ (1):(2) ():() (3):() ] [(12):(3)]",
    ),
    "one or two words": (
        lab("x*", f'x: row "." -> one\nrow: N | "<" N N ">"\n{DIGIT}'),
        {"one": (Several(Number()),)},
        "1 . <1 2> 3. <",
    ),
    "numbers with signs and fractions": (
        lab("x*", "x: V -> one\nV: /-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+|\\/[1-9][0-9]*)?/"),
        {"one": (Number(),)},
        "-1 0 12 007 1.5 -0 3/4 - . 1234567890",
    ),
    "numbers without leading zeros, glued": (
        lab("x*", 'x: V ";"? -> one\nV: /0|[1-9][0-9]*/'),
        {"one": (Number(),)},
        "0 10 ; 00 5",
    ),
    "numbers in quotation marks": (
        lab("x*", "x: V -> one\nV: /'(\\d+)!'/"),
        {"one": (Number(),)},
        "'12!' '' '0!' '1' '999999999!'",
    ),
    "comments": (
        lab("x*", f"x: N N -> one\n{DIGIT}\n%ignore /#[a-z\\n]*;/"),
        {"one": (Number(), Number())},
        "1 2 #ab; #\n; # ;",
    ),
    "keywords and longer words": (
        lab("(x|y)*", 'x: "do" N -> one\ny: "done" -> two\nN: /[0-9]+(?![a-z0-9])/'),
        {"one": (Number(),), "two": ()},
        "do 1 done do1done 12",
    ),
    "names": (
        lab("x*", "x: W -> one\nW: /is (?:in)?valid|no(?:ne)?/"),
        {"one": (Member(("is valid", "is invalid", "none")),)},
        "is valid is  invalid no none nonee",
    ),
    "truth": (lab("x*", "x: W -> one\nW: /true|yes/"), {"one": (Member(("false", "true"), 0),)}, "true yes tru"),
    "what ends a text": (
        lab("x*", f'x: N ";"? -> one | "(" N -> two\n{DIGIT}', ignore="[ \\n]+"),
        {"one": (Number(),), "two": (Number(),)},
        "1 ; ( 2 \n",
    ),
    "lines": (lab("(x? _L)*", f"x: N -> one\n_L: /\\n/\n{DIGIT}"), {"one": (Number(),)}, "1 \n 2"),
    "words of the first state again": (
        lab('"<"? (x | y)* ">"?', f'x: "a" N -> one\ny: "b" -> two\n{DIGIT}'),
        {"one": (Number(),), "two": ()},
        "< a 1 b > a2",
    ),
}


def lab_layouts(layouts: dict[str, tuple[Layout, ...]]) -> Callable[[str, int], tuple[Layout, ...]]:
    return lambda item, count: layouts[item]


def lab_cells(layout: Layout, raw: Any) -> Iterator[int]:
    match layout:
        case Number():
            yield int(raw)
        case Member(words=words, other=other):
            yield words.index(raw) if raw in words or other is None else other
        case Fields(parts=parts):
            for part, inner in zip(parts, raw, strict=True):
                yield from lab_cells(part, inner)
        case Several(of=of):
            several = (raw,) if isinstance(raw, str) else raw
            yield len(several)
            for inner in several:
                yield from lab_cells(of, inner)


def lab_tape(grammar: TraceGrammar, layouts: dict[str, tuple[Layout, ...]], text: str) -> list[int] | None:
    reading = grammar.read(Source("", text), "trace")
    if reading.completeness is not Completeness.COMPLETE:
        return None
    tape: list[int] = []
    for item in reading.items:
        tape.append(sorted(grammar.items).index(item.name))
        for how, raw in zip(layouts[item.name], item.arguments, strict=True):
            try:
                tape += lab_cells(how, raw)
            except ValueError:
                return None
    return tape


@pytest.mark.parametrize("name", LABS)
def test_whatever_a_grammar_asks_for_is_read_as_lark_reads_it(name: str) -> None:
    grammar, layouts, pieces = LABS[name]
    scan = compiled(scanner_source(grammar, "trace", lab_layouts(layouts)))
    random = Random(name)
    accepted = 0
    words = [*re.split(" ", pieces), " "]
    for _ in range(600):
        text = "".join(random.choices(words, k=random.randrange(9)))
        tape, expected = scanned(scan, text, random), lab_tape(grammar, layouts, text)
        if tape is None:
            assert expected is None or excused(grammar, text), text
        else:
            assert tape == expected, text
            accepted += bool(tape)
    assert accepted > 5


NUMBERS: dict[str, tuple[Layout, ...]] = {"one": (Number(),), "two": (Several(Number()),)}
NAMES: dict[str, tuple[Layout, ...]] = {"one": (Member(("ab",)),)}


@pytest.mark.parametrize(
    ("grammar", "layouts", "why"),
    [
        (lab("x*", f'x: "a" N* -> one\n{DIGIT}'), NUMBERS, "the item one has any number of arguments"),
        (
            lab("x*", f'x: N "." -> one | list ";" -> two\nlist: N | N "," N\n{DIGIT}'),
            NUMBERS,
            "what a word of two is read into depends on what follows it",
        ),
        (
            lab("x*", f"x: N y -> one\ny: N N\n{DIGIT}"),
            {"one": (Number(), Number())},
            "several words of one are read as one value",
        ),
        (lab("N x | x", f"x: N -> one\n{DIGIT}"), NUMBERS, "whether a word belongs to an item depends on what follows it"),
        (lab("x*", "x: N -> one\nN: /[a-z]+/"), NAMES, "the terminal N has too many words for an index"),
        (
            lab("x*", "x: N -> one\nN: /a*ab/"),
            NAMES,
            "the pattern (?:(?!a*ab)(?>[ ]+))*+ has a construct that is not matched byte by byte",
        ),
    ],
)
def test_a_grammar_without_byte_scanner_has_a_reason(
    grammar: TraceGrammar, layouts: dict[str, tuple[Layout, ...]], why: str
) -> None:
    with pytest.raises(NoByteScanner) as raised:
        scanner_source(grammar, "trace", lab_layouts(layouts))
    assert str(raised.value) == why


# ---------------------------------------------------------------- machine code
def short_sources() -> list[tuple[str, str]]:
    """The formats and start rules with the shortest sources, one of them with lists: those that are compiled in a moment."""
    known = {(name, start): text for name in FORMATS for start in STARTS if (text := source(name, start)) is not None}
    once = {text: pair for pair, text in sorted(known.items(), reverse=True)}
    ordered = sorted(once, key=len)
    chosen = [*ordered[:2], next(text for text in ordered if "l0" in text), next(text for text in ordered if "number(" in text)]
    return [once[text] for text in dict.fromkeys(chosen)]


def native(source: str) -> Scan:
    """The scanner as machine code."""
    numba, intrinsics = import_module("numba"), import_module("tracecourt.engines.intrinsics")
    scope: dict[str, Any] = {name: getattr(intrinsics, name) for name in INTRINSICS}
    exec(HELPERS, scope)
    for name in re.findall(r"^def (\w+)", HELPERS, re.MULTILINE):
        scope[name] = numba.njit(scope[name])
    exec(source, scope)
    found: Scan = numba.njit(scope["scan"])
    return found


def test_machine_code_does_the_same() -> None:
    pytest.importorskip("numba")
    numpy = pytest.importorskip("numpy")
    for name, start in short_sources():
        text = source(name, start)
        assert text is not None
        machine = native(text)

        def scan(words: bytes, at: int, end: int, tape: Any, machine: Scan = machine) -> int:
            array = numpy.array(tape, dtype=numpy.int64)
            count = machine(numpy.frombuffer(words, dtype=numpy.uint8), at, end, array)
            tape[:] = array.tolist()
            return count

        seed = Random(name)
        for kind, words in texts(name):
            for _ in range(40 if kind == start else 0):
                tried, place = spoilt(words, seed), seed.random()
                assert scanned(scan, tried, Random(place)) == scanned(scanner(name, start), tried, Random(place)), tried
