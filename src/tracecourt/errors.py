"""Faults of the tool's input. A refuted trace is a value, never one of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

from tracecourt.text import Diagnostic

LISTED = 12  # names that a message lists


class TracecourtError(Exception):
    """Base of all errors that tracecourt raises on purpose."""


class InputError(TracecourtError):
    """Something that the user named or wrote cannot be used; one helpful sentence says what and what to do."""


class SpecError(TracecourtError):
    """A grammar or specification is faulty; `diagnostics` holds every fault that was found."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.render() for d in self.diagnostics))


def raise_all(diagnostics: Iterable[Diagnostic]) -> None:
    """Raise one `SpecError` with every fault, in the order of the text, if there is any."""
    if found := sorted(dict.fromkeys(diagnostics), key=lambda d: (d.source.name, d.span.start)):
        raise SpecError(found)


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """` (did you mean …?)` with the nearest known name, or the known names when none is near."""
    names = sorted(known)
    near = get_close_matches(wrong, names, n=1, cutoff=0.55)
    if near:
        return f" (did you mean {near[0]}?)"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f" (known: {', '.join(names[:LISTED])}{more})" if names else ""


@contextmanager
def placed(place: str) -> Iterator[None]:
    """Add a row's place to an input error about it."""
    try:
        yield
    except InputError as error:
        raise (error if str(error).startswith(place) else InputError(f"{place}: {error}")) from None
