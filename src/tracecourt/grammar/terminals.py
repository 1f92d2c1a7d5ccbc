"""What a terminal of a trace grammar spells: the value is its capture group, or the whole word when it has none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from re import _constants as op
from re import _parser as patterns
from typing import Any

NUMERAL = frozenset("0123456789+-/.")


@dataclass(frozen=True)
class Terminal:
    """One terminal: its pattern, the literal text around the value, and the characters the value may use.

    `literal` is the whole text of a keyword, or None. `alphabet` is None where any character may occur.
    """

    name: str
    pattern: str
    literal: str | None
    prefix: str
    suffix: str
    alphabet: frozenset[str] | None

    @property
    def shortest(self) -> str | None:
        """The plainest word of the pattern; None where it has a construct for which none is known."""
        word = _plainest(_inner(patterns.parse(self.pattern)))
        return word if word and re.fullmatch(self.pattern, word) else None

    @property
    def expression(self) -> str:
        """The pattern as a regular expression; that of a keyword is its text."""
        return re.escape(self.pattern) if self.literal == self.pattern else self.pattern

    @property
    def valued(self) -> bool:
        """Whether the value is what a capture group matches, and not the whole word."""
        return self.literal is None and re.compile(self.pattern).groups > 0

    @property
    def numeric(self) -> bool:
        """Whether every value is a numeral."""
        return self.alphabet is not None and bool(self.alphabet) and self.alphabet <= NUMERAL

    def value(self, word: str) -> str:
        """The value part of a word."""
        return word[len(self.prefix) : len(word) - len(self.suffix)]

    def spell(self, value: str) -> str | None:
        """The word that carries a value, or None when the terminal cannot spell it."""
        word = self.prefix + value + self.suffix
        return word if re.fullmatch(self.pattern, word) else None


def terminal(name: str, pattern: str, is_text: bool) -> Terminal:
    """Analyse a terminal of a Lark grammar.

    Raises:
        ValueError: when the pattern has more than one capture group, or text around it that is not literal.
    """
    if is_text:
        text = re.sub(r"\\(.)", r"\1", pattern)
        return Terminal(name, pattern, text, "", "", frozenset(text))
    tree = _inner(patterns.parse(pattern))
    groups = [i for i, (code, args) in enumerate(tree) if code is op.SUBPATTERN and args[0] is not None]
    if re.compile(pattern).groups > 1 or (re.compile(pattern).groups == 1 and not groups):
        raise ValueError(f"terminal {name} has more than one capture group, or one inside another construct")
    if not groups:
        literals = [code is op.LITERAL for code, _ in tree]
        text = "".join(chr(args) for code, args in tree if code is op.LITERAL)
        keyword = text if all(literals) and literals else None
        return Terminal(name, pattern, keyword, "", "", _alphabet(tree))
    at = groups[0]
    around = [*tree[:at], *tree[at + 1 :]]
    if any(code is not op.LITERAL for code, _ in around):
        raise ValueError(f"terminal {name} has text around its capture group that is not literal")
    prefix, suffix = ("".join(chr(args) for _, args in part) for part in (tree[:at], tree[at + 1 :]))
    return Terminal(name, pattern, None, prefix, suffix, _alphabet(list(tree[at][1][-1])))


def _inner(tree: Any) -> list[Any]:
    """The parts of a pattern that consume text."""
    return [part for part in tree if part[0] not in (op.ASSERT, op.ASSERT_NOT, op.AT)]


def _plainest(tree: Any) -> str | None:
    """The word that takes the first of every choice and the fewest of every repetition."""
    word = ""
    for code, args in _inner(tree):
        if code is op.LITERAL:
            part: str | None = chr(args)
        elif code is op.IN:
            part = " " if (op.LITERAL, ord(" ")) in args else _first_of(args)
        elif code is op.BRANCH:
            part = _plainest(args[1][0])
        elif code in (op.MAX_REPEAT, op.MIN_REPEAT):
            once = _plainest(args[-1])
            part = None if once is None else once * args[0]
        elif code is op.SUBPATTERN:
            part = _plainest(args[-1])
        else:
            part = None
        if part is None:
            return None
        word += part
    return word


def _first_of(choices: Any) -> str | None:
    code, value = choices[0]
    if code is op.LITERAL:
        return chr(value)
    return chr(value[0]) if code is op.RANGE else None


def _alphabet(tree: Any) -> frozenset[str] | None:
    characters: set[str] = set()
    for code, args in _inner(tree):
        inner: frozenset[str] | None
        if code is op.LITERAL:
            inner = frozenset(chr(args))
        elif code is op.IN:
            inner = class_characters(args)
        elif code is op.BRANCH:
            inner = union(_alphabet(branch) for branch in args[1])
        elif code in (op.MAX_REPEAT, op.MIN_REPEAT, op.SUBPATTERN):
            inner = _alphabet(args[-1])
        else:
            inner = None
        if inner is None:
            return None
        characters |= inner
    return frozenset(characters)


def class_characters(args: Any) -> frozenset[str] | None:
    """The characters of a class in brackets; None where they are too many to be listed, or all but some."""
    characters: set[str] = set()
    for code, value in args:
        if code is op.LITERAL:
            characters.add(chr(value))
        elif code is op.RANGE and value[1] - value[0] < 256:
            characters |= {chr(c) for c in range(value[0], value[1] + 1)}
        else:
            return None
    return frozenset(characters)


def union(parts: Any) -> frozenset[str] | None:
    """What is in one of some sets; None where one of them is not known."""
    characters: set[str] = set()
    for part in parts:
        if part is None:
            return None
        characters |= part
    return frozenset(characters)
