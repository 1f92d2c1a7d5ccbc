"""Which word Lark's lexer takes where: for each terminal a pattern that matches exactly where that terminal is taken.

Lark tries the terminals that its parser allows in a fixed order, takes the first that matches, and then turns the word of a
pattern into a keyword where it is one. Patterns here say the same by themselves, so that they can stand inside larger ones.
Where that cannot be said, a pattern matches less; what it matches, Lark reads the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property
from re import _constants as op
from re import _parser as patterns
from typing import Any

from lark.lexer import Pattern

from tracecourt.grammar.terminals import class_characters, union

Letters = frozenset[str] | None


class Choices:
    """The words of one of Lark's lexers."""

    def __init__(self, lexer: Any) -> None:
        self._order: list[tuple[str, str]] = [(str(t.name), t.pattern.to_regexp()) for t in lexer.scanner.terminals]
        self._fixed = {str(t.name) for t in lexer.scanner.terminals if t.pattern.type == "str"}
        self._keywords = {
            name: [(str(t.name), t.pattern) for t in unless.scanner.terminals] for name, unless in lexer.callback.items()
        }
        self._skipped = frozenset(map(str, lexer.ignore_types))

    @cached_property
    def patterns(self) -> dict[str, str]:
        """The terminals that are not ignored; one whose words cannot be told from others' is missing."""
        found: dict[str, str] = {}
        for index, (name, expression) in enumerate(self._order):
            guard = self._guard(index)
            keywords = self._keywords.get(name, [])
            for keyword, pattern in keywords:
                alone = _alone(pattern, expression)
                if alone is not None and keyword not in found:
                    found[keyword] = guard + alone
            word = expression if name in self._fixed else f"(?>{expression})"  # a word of a pattern is not changed afterwards
            found[name] = guard + "".join(_other(pattern, expression) for _, pattern in keywords) + word
        return {name: pattern for name, pattern in found.items() if name not in self._skipped}

    @cached_property
    def ignored(self) -> str:
        """What Lark passes over before a word, as much as there is; it never gives any back."""
        parts = [(self._guard(i), expression) for i, (name, expression) in enumerate(self._order) if name in self._skipped]
        if not parts:
            return ""
        if len(parts) == 1 and not parts[0][0] and _is_run(run := parts[0][1]):
            return run[:-1] + "*+"
        return "(?:" + "|".join(f"{guard}(?>{expression})" for guard, expression in parts) + ")*+"

    def _guard(self, index: int) -> str:
        """That no terminal which Lark tries before matches here."""
        mine = self._order[index][1]
        return "".join(f"(?!{other})" for _, other in self._order[:index] if not _apart(mine, other))


def _alone(keyword: Pattern, expression: str) -> str | None:
    """A keyword that is the whole word of a pattern; None where that cannot be told."""
    tree = patterns.parse(expression)
    letters = _letters(tree)
    if keyword.flags or letters is None:
        return None
    longer = "".join(f"\\U{ord(c):08x}" for c in sorted(letters))
    return re.escape(keyword.value) + f"(?![{longer}])"


def _other(keyword: Pattern, expression: str) -> str:
    """That a word of a pattern is not a keyword, nor begins and ends with it."""
    text = re.escape(keyword.value)
    return f"(?!(?={text})(?>{expression})(?<={text}))" if not keyword.flags else f"(?!{keyword.to_regexp()})"


def _is_run(expression: str) -> bool:
    """Whether a pattern is one class of characters, once or more."""
    tree = list(patterns.parse(expression))
    if len(tree) != 1 or tree[0][0] is not op.MAX_REPEAT or not expression.endswith("]+"):
        return False
    least, most, inner = tree[0][1]
    return least == 1 and most is op.MAXREPEAT and len(inner) == 1 and inner[0][0] is op.IN


def _apart(one: str, other: str) -> bool:
    """Whether two patterns surely never match at the same place."""
    return any(a is not None and b is not None and not a & b for a, b in zip(_beginning(one), _beginning(other), strict=False))


@cache
def _beginning(expression: str) -> tuple[Letters, ...]:
    """What the first characters of a word may be, as far as that is easily seen; None for anything."""
    tree = patterns.parse(expression)
    return () if tree.state.flags & re.IGNORECASE else tuple(_leading(tree))


def _leading(tree: Any) -> Iterator[Letters]:
    for code, args in tree:
        if code in (op.ASSERT, op.ASSERT_NOT, op.AT):  # they only take words away
            continue
        if code is op.LITERAL or code is op.IN:
            yield _one(code, args)
            continue
        yield _first(code, args)
        return


def _first(code: Any, args: Any) -> Letters:
    """What a construct may begin with, if it is never empty."""
    if code is op.LITERAL or code is op.IN:
        return _one(code, args)
    if code is op.BRANCH:
        return union(next(_leading(branch), None) for branch in args[1])
    if code is op.SUBPATTERN and not args[1] & re.IGNORECASE:
        return next(_leading(args[-1]), None)
    if code in (op.MAX_REPEAT, op.MIN_REPEAT) and args[0] > 0:
        return next(_leading(args[-1]), None)
    return None


def _letters(tree: Any) -> Letters:
    """The characters of all words of a pattern; None for a pattern that looks around, or has other constructs."""

    def each() -> Iterator[Letters]:
        for code, args in tree:
            if code is op.LITERAL or code is op.IN:
                yield _one(code, args)
            elif code is op.BRANCH:
                yield from map(_letters, args[1])
            elif code in (op.MAX_REPEAT, op.MIN_REPEAT) or (code is op.SUBPATTERN and not args[1]):
                yield _letters(args[-1])
            else:
                yield None

    return union(each())


def _one(code: Any, args: Any) -> Letters:
    return frozenset(chr(args)) if code is op.LITERAL else class_characters(args)
