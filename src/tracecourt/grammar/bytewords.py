"""Lines of Python that match one word of a text of bytes, at `i`, and leave its value in `v`; a mismatch returns -1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracecourt.grammar.bytecells import Member, Number
from tracecourt.grammar.bytecode import ANY_ZEROS, FIRST_ZERO, LONE_ZERO, NO_ZERO, masks
from tracecourt.grammar.bytepattern import (
    END,
    Ahead,
    Behind,
    Bytes,
    Either,
    Never,
    NoByteScanner,
    Node,
    One,
    Pattern,
    Repeat,
    first,
    literal,
    nullable,
    parsed,
    spellings,
    unguarded,
    without,
)
from tracecourt.grammar.terminals import Terminal

DIGITS = frozenset(b"0123456789")
BROKEN = frozenset(b"./")  # the signs of numbers that are not whole
LONGEST = 9  # digits of a number that is read
ZERO, MINUS = ord("0"), ord("-")


@dataclass(frozen=True)
class Word:
    """A word that a scanner matches: what must stand before it, its bytes, what must come behind it, and its value."""

    never: tuple[bytes, ...]
    behind: Behind | None
    core: Pattern
    ahead: Ahead | None
    prefix: int
    suffix: int
    layout: Number | Member | None
    integral: bool  # whether numerals with points and strokes were left out

    @staticmethod
    def of(terminal: Terminal, expression: str, layout: Number | Member | None) -> Word | None:
        """The word of a terminal as Lark takes it where `expression` matches; None if it has no value of its layout.

        Raises:
            NoByteScanner: when it cannot be matched byte by byte.
        """
        pattern = unguarded(parsed(expression))
        never = [word for node in pattern if isinstance(node, Never) for word in spellings(node.pattern) or ()]
        nodes = [node for node in pattern if not isinstance(node, Never)]
        behind = nodes.pop(0) if nodes and isinstance(nodes[0], Behind) else None
        ahead = nodes.pop() if nodes and isinstance(nodes[-1], Ahead) else None
        core: Pattern | None = tuple(nodes)
        if isinstance(layout, Number):
            core = without(tuple(nodes), BROKEN)
        if core is None:
            return None
        if any(isinstance(node, (Behind, Ahead)) for node in core) or nullable(core):
            raise NoByteScanner(f"the terminal {terminal.name} looks around in its middle, or may be empty")
        if isinstance(layout, Member) and spellings(core) is None:
            raise NoByteScanner(f"the terminal {terminal.name} has too many words for an index")
        assert behind is None or isinstance(behind, Behind)
        assert ahead is None or isinstance(ahead, Ahead)
        integral = core != tuple(nodes)
        return Word(tuple(never), behind, core, ahead, len(terminal.prefix), len(terminal.suffix), layout, integral)

    @property
    def literal(self) -> bytes:
        """The fixed bytes with which it begins."""
        return literal(self.core)

    @property
    def first(self) -> Bytes:
        """The bytes with which it may begin."""
        return first(self.core)

    @property
    def shortest(self) -> int:
        """The least number of bytes."""
        return _shortest(self.core)

    @property
    def ends_in_digits(self) -> bool:
        """Whether it is a usual number that blanks may follow directly, but no digit."""
        shape = _Numeral.of(self.core, self.prefix, self.suffix) if isinstance(self.layout, Number) else None
        bounded = self.ahead is not None and not self.ahead.of & DIGITS
        return shape is not None and not shape.suffix and bounded and not self.integral

    def lines(self, known: int = 0, gap: str = "") -> list[str]:
        """Lines that match the word, of which some literal bytes were compared before; neither `behind` nor `ahead`.

        With the arguments of a `gap` they also do what it does; that is for words that end in digits.
        """
        made = [f"if {_equal(word)}:\n  return -1" for word in self.never]
        if isinstance(self.layout, Member):
            made += _member(self.core, self.prefix, self.suffix, self.layout)
        elif self.layout is None:
            made += _matched(self.core, known)
        elif (shape := _Numeral.of(self.core, self.prefix, self.suffix)) is not None:
            made += shape.lines(known, gap, bounded=self.ahead is not None and not self.ahead.of & DIGITS)
        else:
            made += ["k = i", *_matched(self.core, known), *_parsed(self.prefix, self.suffix)]
        if self.integral:
            made += [f"if {among(BROKEN)}:", "  return -1"]
        if _across(self.core):
            made += ["if i > end:", "  return -1"]
        return [line for lines in made for line in lines.split("\n")]

    def looks_behind(self) -> list[str]:
        """Lines that ask for what must stand before it."""
        if self.behind is None:
            return []
        other = refusal(self.behind.of, "i - 1")
        return [f"if {f'i > at and {other}' if self.behind.start else f'i == at or {other}'}:", "  return -1"]


def _shortest(pattern: Sequence[Node]) -> int:
    found = 0
    for node in pattern:
        match node:
            case One():
                found += 1
            case Either(ways=ways):
                found += min(map(_shortest, ways))
            case Repeat(body=body, least=least):
                found += least * _shortest(body)
    return found


def _across(pattern: Sequence[Node]) -> bool:
    """Whether a match may contain the byte that stands behind a text."""
    for node in pattern:
        match node:
            case One(of=of):
                if END in of:
                    return True
            case Either(ways=ways):
                if any(map(_across, ways)):
                    return True
            case Repeat(body=body):
                if _across(body):
                    return True
    return False


# ---------------------------------------------------------------- tests
def among(of: Bytes, at: str = "i") -> str:
    """An expression for whether a byte is one of a set."""
    if len(of) == 1:
        return f"load1(b, {at}) == {min(of)}"
    if len(of) == max(of, default=0) - min(of, default=0) + 1:
        return f"{min(of)} <= load1(b, {at}) <= {max(of)}"
    return f"holds(b, {at}, {masks(of)})"


def refusal(of: Bytes, at: str = "i") -> str:
    """An expression for whether a byte is none of a set."""
    return f"load1(b, {at}) != {min(of)}" if len(of) == 1 else f"not ({among(of, at)})"


def _compared(text: bytes, offset: int = 0) -> list[tuple[str, int]]:
    """Expressions and what they must be equal to where a text stands; each asks only for bytes behind those before it."""
    made: list[tuple[str, int]] = []
    for at in range(0, len(text), 8):
        part = text[at : at + 8]
        spot = "i" if at + offset == 0 else f"i + {at + offset}"
        number = int.from_bytes(part, "little")
        if len(part) == 1:
            made.append((f"load1(b, {spot})", number))
        else:
            made.append((f"load8(b, {spot})" + ("" if len(part) == 8 else f" & {(1 << 8 * len(part)) - 1}"), number))
    return made


def _equal(text: bytes) -> str:
    """An expression for whether a text stands here."""
    return " and ".join(f"{left} == {right}" if "&" not in left else f"({left}) == {right}" for left, right in _compared(text))


def _text(text: bytes, known: int = 0) -> list[str]:
    """Lines that match a text, of which some bytes were compared before."""
    if not text:
        return []
    made: list[str] = []
    for left, right in _compared(text[known:], known):
        made += [f"if ({left}) != {right}:", "  return -1"]
    return [*made, f"i += {len(text)}"]


def entry(text: bytes) -> str:
    """An expression for whether a text begins with up to eight bytes, of which `w` has those that stand there."""
    number = int.from_bytes(text[:8], "little")
    return f"w == {number}" if len(text) >= 8 else f"(w & {(1 << 8 * len(text)) - 1}) == {number}"


def _matched(pattern: Sequence[Node], known: int = 0) -> list[str]:
    """Lines that match a pattern, of which some literal bytes were compared before."""
    made: list[str] = []
    nodes = list(pattern)
    while nodes:
        text = literal(nodes)
        if text:
            made += _text(text, known)
            nodes = nodes[len(text) :]
        else:
            made += _node(nodes.pop(0))
        known = 0
    return made


def _node(node: Node) -> list[str]:
    match node:
        case One(of=of):
            return [f"if {refusal(of)}:", "  return -1", "i += 1"]
        case Repeat(body=body, least=least, once=once):
            bound = "i < end and " if END in first(body) else ""
            condition = f"{bound}{among(first(body))}"
            inner = ["i += 1"] if len(body) == 1 and isinstance(body[0], One) else _matched(body)
            return [*(_matched(body) * least), f"{'if' if once else 'while'} {condition}:", *_in(inner)]
        case Either(ways=ways):
            made: list[str] = []
            for index, way in enumerate(ways):
                if nullable(way):
                    made += ["else:" if index else "if 1:", *_in(_matched(way) or ["pass"])]
                    return made
                made += [f"{'elif' if index else 'if'} {among(first(way))}:", *_in(_matched(way))]
            return [*made, "else:", "  return -1"]
    raise NoByteScanner("a pattern looks around in its middle")


def matched(pattern: Pattern) -> list[str]:
    """Lines that match a pattern that carries no value."""
    return [*_matched(pattern), *(["if i > end:", "  return -1"] if _across(pattern) else [])]


def _in(lines: Sequence[str]) -> list[str]:
    return ["  " + line for line in lines]


# ---------------------------------------------------------------- values
def _member(core: Pattern, prefix: int, suffix: int, layout: Member) -> list[str]:
    words = sorted(spellings(core) or (), key=len, reverse=True)
    made: list[str] = []
    even = len({len(word) for word in words}) == 1
    for word in words:
        value = word[prefix : len(word) - suffix].decode()
        cell = layout.words.index(value) if value in layout.words else layout.other
        if cell is not None:
            made.append(f"{'elif' if made else 'if'} {_equal(word)}:")
            made += [f"  v = {cell}"] if even else [f"  v = {cell}", f"  i += {len(word)}"]
    if not made:
        return ["return -1"]
    return [*made, "else:", "  return -1", *([f"i += {len(words[0])}"] if even else [])]


def _parsed(prefix: int, suffix: int) -> list[str]:
    """Lines that read an integer, or refuse what is none, between `k` and `i`."""
    return [
        f"j = k + {prefix}",
        f"q = i - {suffix}",
        "g = 0",
        f"if load1(b, j) == {MINUS}:",
        "  g = 1",
        "  j += 1",
        f"if j >= q or q - j > {LONGEST}:",
        "  return -1",
        "v = 0",
        "while j < q:",
        f"  d = load1(b, j) ^ {ZERO}",
        "  if d > 9:",
        "    return -1",
        "  v = v * 10 + d",
        "  j += 1",
        "if g == 1:",
        "  v = -v",
    ]


@dataclass(frozen=True)
class _Numeral:
    """The usual numbers: fixed text, perhaps a minus, digits, fixed text."""

    prefix: bytes
    minus: bool
    zeros: int
    suffix: bytes

    @staticmethod
    def of(core: Pattern, prefix: int, suffix: int) -> _Numeral | None:
        """The numeral that a pattern describes, if it does."""
        before, behind = literal(core[:prefix]), literal(core[len(core) - suffix :])
        inner = core[prefix : len(core) - suffix]
        minus = bool(inner) and inner[0] == Repeat((One(frozenset({MINUS})),), 0, once=True)
        zeros = _zeros(inner[minus:])
        if len(before) != prefix or len(behind) != suffix or zeros is None:
            return None
        return _Numeral(before, minus, zeros, behind)

    def lines(self, known: int, gap: str, *, bounded: bool) -> list[str]:
        """Lines that match it; `bounded` if no digit may follow."""
        made = _text(self.prefix, known)
        if self.minus:
            made += ["g = 0", f"if load1(b, i) == {MINUS}:", "  g = 1", "  i += 1"]
        zeros = self.zeros if self.zeros != FIRST_ZERO or not bounded else LONE_ZERO
        if gap:
            made += [f"v, i = number(b, i, {zeros}, {gap})", "if i < 0:", "  return -1"]
        else:
            made += [f"n = numeral(b, i, {zeros})", "if n == 0:", "  return -1", "v = decimal(b, i, n)", "i += n"]
        if self.minus:
            made += ["if g:", "  v = -v"]
        return [*made, *_text(self.suffix)]


def _zeros(digits: Pattern) -> int | None:
    """How digits may begin; None for what is not an ordinary run of digits."""
    any_digit, zero = One(DIGITS), One(frozenset({ZERO}))
    positive: Pattern = (One(DIGITS - {ZERO}), Repeat((any_digit,), 0, once=False))
    match digits:
        case (Either(ways=ways),) if set(ways) == {(zero,), positive}:
            return FIRST_ZERO
        case (Repeat(body=body, least=1, once=False),) if body == (any_digit,):
            return ANY_ZEROS
    return NO_ZERO if digits == positive else None
