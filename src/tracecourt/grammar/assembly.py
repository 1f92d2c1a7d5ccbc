"""How items are put together from words: the same as Lark's tree builder, and ours behind it, do with a tree.

It is done once, when a scanner is compiled, with words that are still unknown. What is known then becomes nested tuples of
words; what depends on words that were read before becomes lines of Python, over a stack of what was left for later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracecourt.grammar.automaton import Reduction


@dataclass(frozen=True)
class Code:
    """An expression of Python whose value is a raw argument of which nothing is known, or several."""

    text: str


Expression: TypeAlias = "int | tuple[Expression, ...] | Code"  # an int is a word


@dataclass(frozen=True)
class Bounds:
    """Expressions for the beginning and end of something; where it is not sure to have words, they may be -1."""

    start: str
    end: str
    sure: bool


@dataclass(frozen=True)
class Emission:
    """An item is complete."""

    item: str
    arguments: Expression
    bounds: Bounds | None


@dataclass(frozen=True)
class _Part:
    """A word, or what a rule stands for."""

    raw: Expression
    bounds: Bounds | None


@dataclass(frozen=True)
class _Spread:
    """The raws of a list that was read before, under its name, and the bounds from the first to the last of them."""

    name: str
    bounds: Bounds | None


@dataclass(frozen=True)
class _Several:
    """What belongs to the rule around it; the bounds are those of all words, kept or not."""

    kept: tuple[_Part | _Spread, ...]
    bounds: Bounds | None


class Assembly:
    """What Lark does between two stops of a scanner: the lines that do the same, and the items among them.

    A word is known by its number, its beginning and end are `S` and `E` with the number. The lines pop and append tuples of a
    raw argument and its bounds on `stack`; a list comes with two bounds, those of its words and those of what is kept.
    """

    def __init__(self) -> None:
        self.lines: list[str | Emission] = []
        self._stack: list[_Part | _Several] = []
        self._names = 0

    @property
    def plain(self) -> bool:
        """Whether there is nothing but one item that has words, or none, and all of it is known."""
        if self._stack or len(self.lines) > 1:
            return False
        return all(isinstance(line, Emission) and line.bounds is not None for line in self.lines)

    def word(self, number: int) -> None:
        """A word is read."""
        self._stack.append(_Part(number, Bounds(f"S{number}", f"E{number}", sure=True)))

    def reduce(self, how: Reduction) -> None:
        """A rule is complete."""
        if how.hollow and not how.item:
            self._drop(how.size)
            return
        parts = self._parts(how)
        kept = [one for index, _ in how.kept for one in _kept(parts[index])]
        bounds = self._bounds(parts)
        if how.item:
            self.lines.append(Emission(how.item, _tuple(kept), bounds))
        elif how.inlined:
            self._stack.append(_Several(tuple(self._extended(kept)), bounds))
        else:
            self._stack.append(self._whole(how, kept))

    def leave(self) -> None:
        """Leave what is not complete for later."""
        for one in self._stack:
            if isinstance(one, _Part):
                fields = [_code(one.raw), *_ends(one.bounds)]
            else:
                fields = [f"[{_codes(one.kept)}]", *_ends(one.bounds), *_ends(self._bounds(one.kept))]
                if len(one.kept) == 1 and isinstance(one.kept[0], _Spread):
                    fields[0] = one.kept[0].name  # the list itself, so that a repetition takes linear time
            self.lines.append(f"stack.append(({', '.join(fields)}))")

    # ------------------------------------------------------------ what was read before
    def _drop(self, size: int) -> None:
        left = max(len(self._stack) - size, 0)
        missing = size - (len(self._stack) - left)
        del self._stack[left:]
        if missing:
            self.lines.append(f"del stack[-{missing}:]")

    def _parts(self, how: Reduction) -> list[_Part | _Several]:
        left = max(len(self._stack) - how.size, 0)
        known = self._stack[left:]
        del self._stack[left:]
        inlined = {index for index, inlined in how.kept if inlined}
        popped = [self._popped(index in inlined) for index in reversed(range(how.size - len(known)))]
        return [*reversed(popped), *known]

    def _popped(self, inlined: bool) -> _Part | _Several:
        self._names += 1
        raw, start, end, first, last = (f"{letter}{self._names}" for letter in "rsebf")
        bounds = Bounds(start, end, sure=False)
        if not inlined:
            self.lines.append(f"{raw}, {start}, {end} = stack.pop()")
            return _Part(Code(raw), bounds)
        self.lines.append(f"{raw}, {start}, {end}, {first}, {last} = stack.pop()")
        return _Several((_Spread(raw, Bounds(first, last, sure=False)),), bounds)

    # ------------------------------------------------------------ what becomes of children
    def _extended(self, kept: Sequence[_Part | _Spread]) -> Sequence[_Part | _Spread]:
        """Children of a list; a list that was read before grows in place, as Lark's does."""
        if len(kept) < 2 or not isinstance(first := kept[0], _Spread):
            return kept
        bounds = self._bounds(kept)
        self.lines.append(f"{first.name} += ({_codes(kept[1:])},)")
        return [_Spread(first.name, bounds)]

    def _whole(self, how: Reduction, kept: Sequence[_Part | _Spread]) -> _Part:
        """What a rule stands for: its only child, if that is a word or stands for it, or the tuple of its children."""
        bounds = self._bounds(kept)
        if len(kept) == 1 and isinstance(one := kept[0], _Part) and (how.lone or isinstance(one.raw, int)):
            return one
        unsure = any(isinstance(one, _Spread) for one in kept) or (len(kept) == 1 and isinstance(_raw(kept[0]), Code))
        if unsure:
            return _Part(Code(f"{'lone' if how.lone else 'whole'}([{_codes(kept)}])"), bounds)
        return _Part(_tuple(kept), bounds)

    def _bounds(self, ones: Sequence[_Part | _Several | _Spread]) -> Bounds | None:
        """From the beginning of the first to the end of the last that has words."""
        placed = [one.bounds for one in ones if one.bounds is not None]
        if not placed:
            return None
        start, end = self._first([(b.start, b.sure) for b in placed]), self._first([(b.end, b.sure) for b in placed[::-1]])
        return Bounds(start, end, any(b.sure for b in placed))

    def _first(self, choices: Iterable[tuple[str, bool]]) -> str:
        """An expression for the first of some offsets that is one."""
        unsure: list[str] = []
        for text, sure in choices:
            if sure:
                return self._named([*unsure, text])
            unsure.append(text)
        return self._named(unsure)

    def _named(self, choices: Sequence[str]) -> str:
        if len(choices) == 1:
            return choices[0]
        self._names += 1
        tests = [f"{choice} if {choice} >= 0 else " for choice in choices[:-1]]
        self.lines.append(f"n{self._names} = {''.join(tests)}{choices[-1]}")
        return f"n{self._names}"


def whole(raws: list[object]) -> object:
    """What children stand for that were not known before: the only one, if it is a word, or all of them."""
    return raws[0] if len(raws) == 1 and isinstance(raws[0], str) else tuple(raws)


def lone(raws: list[object]) -> object:
    """What the children of a rule stand for that an only child replaces."""
    return raws[0] if len(raws) == 1 else tuple(raws)


def _kept(one: _Part | _Several) -> tuple[_Part | _Spread, ...]:
    return (one,) if isinstance(one, _Part) else one.kept


def _raw(one: _Part | _Spread) -> Expression:
    return one.raw if isinstance(one, _Part) else Code(f"*{one.name}")


def _tuple(kept: Sequence[_Part | _Spread]) -> Expression:
    if any(isinstance(one, _Spread) for one in kept):
        return Code(f"({_codes(kept)},)")
    return tuple(_raw(one) for one in kept)


def _codes(kept: Sequence[_Part | _Spread]) -> str:
    return ", ".join(_code(_raw(one)) for one in kept)


def _code(raw: Expression) -> str:
    """An expression of raws; a word is `V` and its number."""
    match raw:
        case Code(text=text):
            return text
        case int():
            return f"V{raw}"
    return "(" + "".join(f"{_code(part)}, " for part in raw) + ")"


def _ends(bounds: Bounds | None) -> tuple[str, str]:
    return ("-1", "-1") if bounds is None else (bounds.start, bounds.end)
