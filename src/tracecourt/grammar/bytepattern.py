"""Patterns of words over ASCII bytes, such that one byte always decides: what a byte scanner can match without going back.

Only what is certain is expressed: where a pattern of this module matches, the regular expression that it comes from matches
the same bytes. It may match less, and it never matches a byte beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from re import _constants as op
from re import _parser as patterns
from typing import Any, TypeAlias

from tracecourt.grammar.automaton import NotRegular

Bytes: TypeAlias = frozenset[int]
ASCII: Bytes = frozenset(range(128))
END = 10  # the byte behind a text
MOST_WORDS = 64  # of a pattern that is taken for a list of words
MOST_PAIRS = 2_000  # states of two patterns side by side


class NoByteScanner(NotRegular):
    """A grammar has no byte scanner; the message says why, in a sentence."""


@dataclass(frozen=True)
class One:
    """One byte of a set."""

    of: Bytes


@dataclass(frozen=True)
class Either:
    """One of several patterns."""

    ways: tuple[Pattern, ...]


@dataclass(frozen=True)
class Repeat:
    """A pattern as often as possible, at least so many times; `once` if at most one time."""

    body: Pattern
    least: int
    once: bool


@dataclass(frozen=True)
class Ahead:
    """The next byte is one of a set; `end` says whether the text may end instead."""

    of: Bytes
    end: bool


@dataclass(frozen=True)
class Behind:
    """The byte before is one of a set; `start` says whether the text may begin here instead."""

    of: Bytes
    start: bool


@dataclass(frozen=True)
class Never:
    """A pattern does not match here."""

    pattern: Pattern


Node: TypeAlias = "One | Either | Repeat | Ahead | Behind | Never"
Pattern: TypeAlias = tuple[Node, ...]


@cache
def parsed(expression: str) -> Pattern:
    """A regular expression as a pattern.

    Raises:
        NoByteScanner: where it has a construct that one byte does not decide.
    """
    tree = patterns.parse(expression)
    if tree.state.flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE):
        raise NoByteScanner(f"the pattern {expression} has flags")
    found = tuple(_nodes(tree, expression))
    _decided(found, frozenset(), expression)
    return found


@dataclass(frozen=True)
class Ignored:
    """What is passed over between words: bytes of a set, and whole patterns."""

    blanks: Bytes
    others: tuple[Pattern, ...]


@cache
def ignored(expression: str) -> Ignored:
    """What a state of an automaton passes over.

    Raises:
        NoByteScanner: as `parsed` does.
    """
    nodes = tuple(_nodes(patterns.parse(expression), expression))
    if not nodes:
        return Ignored(frozenset(), ())
    if len(nodes) > 1 or not isinstance(nodes[0], Repeat) or nodes[0].once:
        raise _unknown(expression)
    body = nodes[0].body
    ways = body[0].ways if len(body) == 1 and isinstance(body[0], Either) else (body,)
    blanks: set[int] = set()
    others: list[Pattern] = []
    for way in ways:
        pattern = unguarded(way)
        match pattern:
            case (One(of=of),) | (Repeat(body=(One(of=of),), least=1, once=False),):
                blanks |= of
            case _:
                _decided(pattern, frozenset(), expression)
                others.append(pattern)
    firsts = [frozenset(blanks), *map(first, others)]
    if any(map(nullable, others)) or sum(map(len, firsts)) > len(frozenset().union(*firsts)):
        raise _unknown(expression)
    return Ignored(frozenset(blanks), tuple(others))


def unguarded(pattern: Pattern) -> Pattern:
    """A pattern without the guards in front of it that change nothing.

    Raises:
        NoByteScanner: when one is left that is not a choice between some words.
    """
    guards = [node for node in pattern if isinstance(node, Never)]
    rest = tuple(node for node in pattern if not isinstance(node, Never))
    if any(isinstance(node, Never) for node in pattern[len(guards) :]):
        raise NoByteScanner("a pattern looks ahead in its middle")
    left = [guard for guard in guards if not apart(guard.pattern, rest)]
    if any(spellings(guard.pattern) is None for guard in left):
        raise NoByteScanner("two words that may stand at one place are not told apart byte by byte")
    return (*left, *rest)


def _nodes(tree: Any, expression: str) -> Iterator[Node]:
    for code, args in tree:
        if code is op.LITERAL:
            yield One(frozenset({args}) & ASCII)
        elif code is op.NOT_LITERAL:
            yield One(ASCII - {args})
        elif code is op.IN:
            yield One(_class(args, expression))
        elif code is op.BRANCH:
            yield Either(tuple(tuple(_nodes(way, expression)) for way in args[1]))
        elif code is op.SUBPATTERN and not args[1] and not args[2]:
            yield from _nodes(args[-1], expression)
        elif code is op.ATOMIC_GROUP:
            yield from _nodes(args, expression)
        elif code in (op.MAX_REPEAT, op.POSSESSIVE_REPEAT):
            yield from _repeated(args[0], args[1], args[2], expression)
        elif code in (op.ASSERT, op.ASSERT_NOT):
            yield _looked(code is op.ASSERT, args[0], tuple(_nodes(args[1], expression)), expression)
        else:
            raise _unknown(expression)


def _repeated(least: int, most: Any, body: Any, expression: str) -> Iterator[Node]:
    inner = tuple(_nodes(body, expression))
    if most is op.MAXREPEAT:
        yield Repeat(inner, least, once=False)
    elif most <= MOST_WORDS:
        for _ in range(least):
            yield from inner
        optional: Pattern = ()
        for _ in range(most - least):
            optional = (Repeat((*inner, *optional), 0, once=True),)
        yield from optional
    else:
        raise _unknown(expression)


def _looked(wanted: bool, direction: int, inner: Pattern, expression: str) -> Node:
    single = inner[0].of if len(inner) == 1 and isinstance(inner[0], One) else None
    if single is not None and direction > 0:
        return Ahead(single, end=False) if wanted else Ahead(ASCII - single, end=True)
    if single is not None:
        return Behind(single, start=False) if wanted else Behind(ASCII - single, start=True)
    if direction > 0 and not wanted:
        _decided(inner, frozenset(), expression)
        return Never(inner)
    raise _unknown(expression)


def _class(args: Any, expression: str) -> Bytes:
    found: set[int] = set()
    negated = False
    for code, value in args:
        if code is op.NEGATE:
            negated = True
        elif code is op.LITERAL:
            found.add(value)
        elif code is op.RANGE:
            found |= set(range(value[0], min(value[1], 127) + 1))
        elif code is op.CATEGORY:
            tried = re.compile(f"[{CATEGORIES[value]}]")
            found |= {byte for byte in ASCII if tried.match(chr(byte))}
        else:
            raise _unknown(expression)
    return (ASCII - found) if negated else frozenset(found) & ASCII


CATEGORIES: dict[Any, str] = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


def _unknown(expression: str) -> NoByteScanner:
    return NoByteScanner(f"the pattern {expression} has a construct that is not matched byte by byte")


# ---------------------------------------------------------------- what a pattern begins with
def first(pattern: Sequence[Node]) -> Bytes:
    """The bytes with which a match may begin, or that must follow it where it is empty."""
    found: Bytes = frozenset()
    for node in pattern:
        match node:
            case One(of=of):
                return found | of
            case Ahead(of=of, end=end):
                return found | of | (frozenset({END}) if end else frozenset())
            case Either(ways=ways):
                found = found.union(*map(first, ways))
            case Repeat(body=body):
                found |= first(body)
        if not _empty(node):
            return found
    return found


def _empty(node: Node) -> bool:
    match node:
        case One():
            return False
        case Either(ways=ways):
            return any(map(nullable, ways))
        case Repeat(body=body, least=least):
            return least == 0 or nullable(body)
    return True


def nullable(pattern: Sequence[Node]) -> bool:
    """Whether a match may be empty."""
    return all(map(_empty, pattern))


def _decided(pattern: Pattern, behind: Bytes, expression: str) -> None:
    """Refuse a pattern where more than one byte is needed to know how to go on."""
    for index, node in enumerate(pattern):
        rest = pattern[index + 1 :]
        follow = first(rest) | (behind if nullable(rest) else frozenset())
        match node:
            case Either(ways=ways):
                begins = [first(way) | (follow if nullable(way) else frozenset()) for way in ways]
                if sum(map(len, begins)) > len(frozenset().union(*begins)) or any(map(nullable, ways[:-1])):
                    raise _unknown(expression)
                for way in ways:
                    _decided(way, follow, expression)
            case Repeat(body=body, once=once):
                if nullable(body) or first(body) & follow:
                    raise _unknown(expression)
                _decided(body, follow if once else follow | first(body), expression)


def literal(pattern: Sequence[Node]) -> bytes:
    """The fixed bytes with which every match begins."""
    found = bytearray()
    for node in pattern:
        if isinstance(node, One) and len(node.of) == 1:
            found += bytes(node.of)
        elif not isinstance(node, (Behind, Never)):
            break
    return bytes(found)


def spellings(pattern: Sequence[Node]) -> tuple[bytes, ...] | None:
    """All that a pattern matches, whatever stands around it; None when that is much."""
    parts: list[list[bytes]] = []
    for node in pattern:
        match node:
            case One(of=of):
                parts.append([bytes((byte,)) for byte in sorted(of)])
            case Either(ways=ways):
                inner = [spellings(way) for way in ways]
                if any(found is None for found in inner):
                    return None
                parts.append([word for found in inner for word in found or ()])
            case Repeat(body=body, least=least, once=True) if least == 0:
                found = spellings(body)
                if found is None:
                    return None
                parts.append([*found, b""])
            case Repeat():
                return None
        size = 1
        for part in parts:
            size *= len(part)
        if size > MOST_WORDS:
            return None
    return tuple(b"".join(word) for word in product(*parts))


def without(pattern: Sequence[Node], banned: Bytes) -> Pattern | None:
    """The part of a pattern that matches none of some bytes; None where nothing is left."""
    made: list[Node] = []
    for node in pattern:
        match node:
            case One(of=of):
                if not of - banned:
                    return None
                made.append(One(of - banned))
            case Either(ways=ways):
                left = [way for way in (without(way, banned) for way in ways) if way is not None]
                if not left:
                    return None
                made.append(Either(tuple(left)))
            case Repeat(body=body, least=least, once=once):
                inner = without(body, banned)
                if inner is None and least:
                    return None
                if inner is not None:
                    made.append(Repeat(inner, least, once))
            case _:
                made.append(node)
    return tuple(made)


# ---------------------------------------------------------------- two patterns at one place
def apart(one: Pattern, other: Pattern) -> bool:
    """Whether two patterns surely never match at the same place."""
    todo: list[tuple[Pattern | None, Pattern | None]] = [(one, other)]
    seen = set(todo)
    while todo:
        mine, theirs = todo.pop()
        if mine is None and theirs is None:
            return False
        for byte in ASCII:
            for left in _after(mine, byte):
                for right in _after(theirs, byte):
                    if (left, right) not in seen:
                        seen.add((left, right))
                        todo.append((left, right))
        if len(seen) > MOST_PAIRS:
            return False
    return True


@cache
def _after(pattern: Pattern | None, byte: int) -> frozenset[Pattern | None]:
    """What may be left to match behind a byte; None when all is matched. Behind the text stands the byte END."""
    return frozenset({None}) if pattern is None else frozenset(_left(pattern, byte))


def _left(pattern: Pattern, byte: int) -> Iterator[Pattern | None]:
    if not pattern:
        yield None
        return
    node, rest = pattern[0], pattern[1:]
    match node:
        case One(of=of):
            if byte in of:
                yield rest or None
        case Either(ways=ways):
            for way in ways:
                yield from _left((*way, *rest), byte)
        case Repeat(body=body, least=least, once=once):
            again = (*rest,) if once else (Repeat(body, max(least - 1, 0), once=False), *rest)
            yield from _left((*body, *again), byte)
            if least == 0:
                yield from _left(rest, byte)
        case Ahead(of=of, end=end):
            if byte in of or (end and byte == END):
                yield from _left(rest, byte)
        case _:
            yield from _left(rest, byte)
