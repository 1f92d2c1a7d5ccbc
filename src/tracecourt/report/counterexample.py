"""Counterexamples in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracecourt.counterexample import Counterexample
from tracecourt.documents import whole_event
from tracecourt.engines.symbolic.smallest import Sized
from tracecourt.engines.values import show, written
from tracecourt.report.text import one_line

INDENT = "  "


def question(procedure: str, domain: str, claim: str, givens: tuple[str, ...], params: dict[str, Any]) -> str:
    """What is asked, in one line."""
    settings = f" ({', '.join(f'{name}={show(value)}' for name, value in params.items())})" if params else ""
    return one_line(f"{procedure}{settings} over {domain}: {claim}" + (f", given {', '.join(givens)}" if givens else ""))


def counterexample(found: Counterexample) -> str:
    """The whole outcome."""
    return "\n".join(map(one_line, _lines(found)))


def _lines(found: Counterexample) -> Iterator[str]:
    yield question(found.procedure, found.domain, found.claim, found.givens, dict(found.params))
    yield from (INDENT + _sized(found, sized) for sized in found.sizes)
    if found.refuted is None:
        yield _none(found)
        return
    yield "problem" + (", the smallest there is in whole numbers" if found.minimal else ", not proved to be the smallest")
    yield INDENT + " · ".join(f"{name} {show(value)}" for name, value in found.measures)
    sorts = {fact.name: fact.sort for fact in found.system.facts}
    for name, value in found.refuted.problem.facts.items():
        yield f"{INDENT}{name} = {written(sorts[name], value)}"
    yield ("run, sound" if found.ended else "run, sound so far") + ("" if found.format is None else f" (format {found.format})")
    for number, (action, arguments) in enumerate(found.refuted.events):
        yield f"{INDENT}{number:>3}  {whole_event(action, arguments)}"
    yield "broken"
    yield f"{INDENT}{found.broken}"


def _sized(found: Counterexample, sized: Sized) -> str:
    name = found.measures_of_size
    if sized.outcome == "found":
        return f"{name} {sized.size}: found"
    if sized.outcome == "unknown":
        return f"{name} {sized.size}: not known; the limit was reached" + _looked(sized)
    if sized.outcome == "none":
        return f"{name} {sized.size}: none, however long the run"
    return f"{name} {sized.size}: none" + _looked(sized)


def _looked(sized: Sized) -> str:
    if sized.rounds is None:
        return ""
    return f" (runs of up to {sized.rounds} round{'' if sized.rounds == 1 else 's'} were looked at)"


def _none(found: Counterexample) -> str:
    name, sizes = found.measures_of_size, [s for s in found.sizes if s.outcome != "unknown"]
    if not sizes:
        return "nothing is known"
    last = sizes[-1].size
    if found.decided and not found.complete:
        return f"no counterexample up to {name} {last}; larger ones were not looked at"
    if found.decided:
        return f"no counterexample up to {name} {last}"
    return f"no counterexample up to {name} {last}, unknown from {name} {last + 1} on"
