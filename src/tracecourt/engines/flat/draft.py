"""A function that is being written: its lines, the names in it, and what is known where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tracecourt.engines.flat.layout import NotFlat
from tracecourt.engines.flat.stores import Groups
from tracecourt.spec import ir

T = TypeVar("T")
ALWAYS, NEVER = "True", "False"
LEAVE = "return ELSEWHERE"  # another engine decides
SET = re.compile(r"^ *[A-Za-z_][A-Za-z0-9_]* = ")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ASSIGNED = re.compile(
    r" *([a-z]+[0-9]+) = (?!.*(?:made|room|spread|push|pop|divisor)\().*"
)  # a value of no effect that has a fresh name
MOST_SPECULATED = 12
MOST_LINES = 20_000  # of one function; more would take minutes to compile


@dataclass
class Plan:
    """What must be known before the text is written; it is found while writing, and then the text is written again."""

    groups: Groups = field(default_factory=Groups)
    features: set[tuple[str, str]] = field(default_factory=set)  # what a store has to offer, by its name
    dens: dict[str, int] = field(default_factory=dict)  # the denominators of rational variables, by their names
    fields: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)  # of records, by the group that they number

    def state(self) -> tuple[Any, ...]:
        """Something that is equal while nothing new is found."""
        return (
            len(self.groups.found),
            len(self.features),
            tuple(sorted(self.dens.items())),
            tuple((k, len(v)) for k, v in self.fields.items()),
        )


@dataclass
class Frame:
    """A loop that may be left: the name that says so, whether it has to be gone through to its end, and whether it is left."""

    name: str
    late: bool = False
    stops: bool = True


class Draft:
    """Lines at a depth, with what is known inside each block."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.lines: list[str] = []
        self.depth = 1
        self.scope: dict[ir.Symbol, Any] = {}
        self._known: list[dict[Any, Any]] = [{}]
        self._count = 0
        self._written = 0
        self._frames: list[Frame] = []
        self.tables: dict[str, tuple[int, ...]] = {}

    # ------------------------------------------------------------ lines
    def add(self, line: str) -> None:
        """A statement, or the head of one."""
        self._written += 1
        if self._written > MOST_LINES:
            raise NotFlat("its rules are too long to be written out")
        self.lines.append("    " * self.depth + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """What is added inside stands in the block of `head`, and what becomes known there is known there only."""
        self.add(head)
        self.depth += 1
        self._known.append({})
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.add("pass")
        self._known.pop()
        self.depth -= 1

    def detached(self, write: Callable[[], T]) -> tuple[T, list[str]]:
        """What writing returns, and its lines, for a function of their own: nothing is known there."""
        before = self.lines, self.depth, self._known
        self.lines, self.depth, self._known = [], 1, [{}]
        result = write()
        found = self.lines
        self.lines, self.depth, self._known = before
        return result, found

    def apart(self, write: Callable[[], T]) -> tuple[T, list[str]]:
        """What writing returns, and the lines that it would add, a level deeper, to be added where they are needed."""
        before, self.lines = self.lines, []
        self.depth += 1
        self._known.append({})
        result = write()
        self._known.pop()
        self.depth -= 1
        found, self.lines = self.lines, before
        return result, found

    # ------------------------------------------------------------ leaving loops
    def stoppable(self, write: Callable[[], T]) -> T:
        """Write a loop whose body may be left by `stop`.

        Where the collection may turn out to have no value on the way, it has to be gone through to its end: then it is written
        again, and `stop` leaves nothing.
        """
        frame, before = Frame(self.named(NEVER, "over")), (len(self.lines), [dict(known) for known in self._known])
        self._frames.append(frame)
        result = write()
        if frame.late:
            del self.lines[before[0] :]
            self._known = before[1]
            frame.stops = False
            result = write()
        self._frames.pop()
        return result

    @property
    def stops(self) -> bool:
        """Whether `stop` leaves the loop of the nearest `stoppable`."""
        return self._frames[-1].stops

    def stop(self) -> None:
        """Leave the loop of the nearest `stoppable`, however deep; nothing that may happen behind it may matter."""
        if self.stops:
            self.add(f"{self._frames[-1].name} = {ALWAYS}")
            self.add("break")

    def late(self) -> None:
        """That the collection that is gone through may have no value is found on the way."""
        if self._frames:
            self._frames[-1].late = True

    def leave_outer(self) -> None:
        """Behind an inner loop: leave the outer one too."""
        if self._frames:
            self.add(f"if {self._frames[-1].name}: break")

    def unless_left(self) -> str:
        """That the loop around is not left: the head of what comes behind another part of it."""
        return f"if not {self._frames[-1].name}:" if self._frames else "if True:"

    @contextmanager
    def inside_loop(self) -> Iterator[None]:
        """Loops that are written inside belong to an expression of their own: what is late in them does not matter outside."""
        if not self._frames:
            yield
            return
        self._frames.append(Frame(self._frames[-1].name))
        yield
        self._frames.pop()

    @contextmanager
    def unframed(self) -> Iterator[None]:
        """Loops that are written inside are left by nothing outside."""
        frames, self._frames = self._frames, []
        yield
        self._frames = frames

    # ------------------------------------------------------------ names
    def fresh(self, hint: str = "t") -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{hint}{self._count}"

    def held(self, text: str) -> str:
        """A name or numeral for a number that is used more than once."""
        return text if simple(text) else self.named(text)

    def named(self, text: str, hint: str = "t") -> str:
        """A new name for a number or truth value."""
        name = self.fresh(hint)
        self.add(f"{name} = {text}")
        return name

    def constant_row(self, hint: str, values: Sequence[int]) -> str:
        """The name of a row of numbers that are known when the code is written."""
        for name, known in self.tables.items():
            if known == tuple(values):
                return name
        name = f"{hint.upper()}{len(self.tables)}"
        self.tables[name] = tuple(values)
        return name

    # ------------------------------------------------------------ what is known
    def learn(self, fact: Any, value: Any) -> None:
        """Note something for the rest of this block."""
        self._known[-1][fact] = value

    def recall(self, fact: Any) -> Any:
        """What was noted in this block or around it."""
        for known in reversed(self._known):
            if fact in known:
                return known[fact]
        return None

    def forget(self, name: str) -> None:
        """A name stands for something else from here on."""
        for known in self._known:
            for fact in [f for f in known if name in _names(f)]:
                del known[fact]

    @contextmanager
    def bound(self, values: dict[ir.Symbol, Any]) -> Iterator[None]:
        """The values of symbols inside."""
        before = {symbol: self.scope.get(symbol) for symbol in values}
        self.scope |= values
        yield
        for symbol, value in before.items():
            if value is None:
                del self.scope[symbol]
            else:
                self.scope[symbol] = value

    def need(self, store: str, feature: str) -> None:
        """Ask a store for something that it does not offer by itself."""
        self.plan.features.add((store, feature))

    def has(self, store: str, feature: str) -> bool:
        """Whether a store is to offer something."""
        return (store, feature) in self.plan.features

    def offset(self, group: str, store: str, name: str) -> int:
        """The place of a field in the records of a group."""
        fields = self.plan.fields.setdefault(group, {})
        return fields.setdefault((store, name), len(fields))


def _names(fact: Any) -> tuple[Any, ...]:
    return fact if isinstance(fact, tuple) else (fact,)


def as_name(text: str) -> str:
    """A text as a part of a name."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in text)


def numeral(text: str) -> bool:
    """Whether a text is a whole number."""
    return text.removeprefix("-").isdigit()


def simple(text: str) -> bool:
    """Whether a text is a name or a numeral."""
    return text.isidentifier() or numeral(text)


def conj(*conditions: str | None) -> str:
    """All of them, without a branch; None says nothing."""
    told = list(dict.fromkeys(c for c in conditions if c is not None and c != ALWAYS))
    if NEVER in told:
        return NEVER
    if not told:
        return ALWAYS
    return told[0] if len(told) == 1 else "(" + " & ".join(map(_closed, told)) + ")"


def _closed(condition: str) -> str:
    """A condition that may stand beside `&`."""
    closed = condition.isidentifier() or (condition[0] == "(" and condition[-1] == ")" and _whole(condition[1:-1]))
    return condition if closed else f"({condition})"


def both(a: str | None, b: str | None) -> str | None:
    """Where two values both have one."""
    joined = conj(a, b)
    return None if joined == ALWAYS else joined


def negated(condition: str) -> str:
    """That a condition does not hold."""
    if condition == ALWAYS:
        return NEVER
    if condition == NEVER:
        return ALWAYS
    inner = condition.removeprefix("(not ").removesuffix(")") if condition.startswith("(not ") else ""
    return inner if inner and inner.count("(") == inner.count(")") and _whole(inner) else f"(not {condition})"


def _whole(text: str) -> bool:
    """Whether no parenthesis closes before one opens: what stands between those that were taken away is one expression."""
    depth = 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if depth < 0:
            return False
    return True


def straight(lines: list[str]) -> bool:
    """Whether lines only find a few values, without a branch or a call."""
    return len(lines) <= MOST_SPECULATED and all(ASSIGNED.fullmatch(line) for line in lines)


def swept(lines: list[str]) -> list[str]:
    """Lines without the values that nothing uses; to find a value has no effect."""
    while True:
        read = {name for line in lines for name in NAME.findall(SET.sub("", line))}
        kept = [line for line in lines if not ((found := ASSIGNED.fullmatch(line)) and found[1] not in read)]
        if len(kept) == len(lines):
            return _filled(lines)
        lines = kept


def _filled(lines: list[str]) -> list[str]:
    """Lines in which a block that has become empty passes."""
    found: list[str] = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        found.append(line)
        depth = len(line) - len(line.lstrip())
        if line.endswith(":") and len(after) - len(after.lstrip()) <= depth:
            found.append(" " * (depth + 4) + "pass")
    return found
