"""Sources, spans and the excerpts that show a reader where something stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

EXCERPT_WIDTH = 96
BOM = "\ufeff"  # what some editors put before the first line


@dataclass(frozen=True)
class Span:
    """A half-open range of character offsets in a source."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The least span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


def line(raw: bytes, *, first: bool) -> str:
    """The text of a line of a file, without its end; the first may begin with a mark of the encoding."""
    text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
    return text.removeprefix(BOM) if first else text


@dataclass(frozen=True)
class Source:
    """A named text: a file, a field of a row, a string given by the user."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        position = self.text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a character offset."""
        line = bisect_right(self._line_starts, offset) - 1
        return line + 1, offset - self._line_starts[line] + 1

    def place(self, span: Span) -> str:
        """`name:line:column` of the beginning of a span."""
        line, column = self.position(span.start)
        return f"{self.name}:{line}:{column}"

    def slice(self, span: Span) -> str:
        """The text of a span."""
        return self.text[span.start : span.end]


def excerpt(source: Source, span: Span, gutter: str = "  │ ", width: int = EXCERPT_WIDTH) -> str:
    """Two lines: the part of the source line around the span, and carets under the span.

    Long lines are cut around the span at word boundaries, with an ellipsis on each side that was cut.
    """
    line, _ = source.position(span.start)
    beginning = source._line_starts[line - 1]
    end = source.text.find("\n", beginning)
    end = len(source.text) if end < 0 else end
    start, stop = span.start, max(min(span.end, end), span.start)
    shown = max(min(stop - start, width), 1)
    left = _word_start(source.text, max(beginning, start - (width - shown) * 2 // 3), beginning, start)
    right = _word_end(source.text, min(end, left + width), end, min(stop, start + width))
    before, after = ("… " if left > beginning else ""), (" …" if right < end else "")
    text = "".join(c if c.isprintable() else "·" for c in source.text[left:right])
    carets = " " * (len(before) + start - left) + "^" * max(min(stop, right) - start, 1)
    return f"{gutter}{before}{text}{after}\n{gutter}{carets}"


def _word_start(text: str, offset: int, lowest: int, highest: int) -> int:
    if offset <= lowest:
        return lowest
    space = text.find(" ", offset - 1, highest)
    return offset if space < 0 else space + 1


def _word_end(text: str, offset: int, highest: int, lowest: int) -> int:
    if offset >= highest:
        return highest
    space = text.rfind(" ", lowest, offset + 1)
    return offset if space < 0 else space


@dataclass(frozen=True)
class Note:
    """A further place that helps to understand a diagnostic."""

    message: str
    source: Source | None = None
    span: Span | None = None


@dataclass(frozen=True)
class Diagnostic:
    """One fault in a file that a person wrote: where, what, and what to do about it."""

    message: str
    source: Source
    span: Span
    code: str = "error"
    notes: Sequence[Note] = ()

    def render(self) -> str:
        """The diagnostic as text: place, message, excerpt with carets, notes."""
        lines = [
            f"{self.source.place(self.span)}: error[{self.code}]: {self.message}",
            excerpt(self.source, self.span),
        ]
        for note in self.notes:
            where = f"{note.source.place(note.span)}: " if note.source and note.span else ""
            lines.append(f"  note: {where}{note.message}")
        return "\n".join(lines)
