"""Many documents at once: the native engine tries them, and `check` those that it leaves to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeVar

from tracecourt.check import DECLARED, check, too_short
from tracecourt.documents import Words, joined
from tracecourt.engines.flat.outcomes import ELSEWHERE, OUT, SOUND, TRUNCATED, UNSOUND
from tracecourt.errors import placed
from tracecourt.formats import Format
from tracecourt.parameters import from_row
from tracecourt.text import Source, Span, line
from tracecourt.verdict import PlanStatus, Report, Verdict

if TYPE_CHECKING:
    from tracecourt.engines.native import Native

TOGETHER = 256  # rows that are tried at once
LARGE = 1 << 25  # bytes of traces that are worth the time that machine code takes to be made
VERDICTS = {SOUND: Verdict.SOUND, UNSOUND: Verdict.UNSOUND, TRUNCATED: Verdict.TRUNCATED}
PLANS = (PlanStatus.NONE, PlanStatus.INVALID, PlanStatus.SUBOPTIMAL, PlanStatus.OPTIMAL, PlanStatus.VALID)
FOLLOWS = {-1: None, 0: False, 1: True}


class Try(Protocol):
    """What is to be tried: a row of a file."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def place(self) -> str: ...  # noqa: D102
    @property
    def prompt(self) -> Words: ...  # noqa: D102
    @property
    def trace(self) -> Words: ...  # noqa: D102
    @property
    def params(self) -> Mapping[str, Any]: ...  # noqa: D102


T = TypeVar("T", bound=Try)


# ---------------------------------------------------------------- rows
def check_rows(form: Format, rows: Iterable[T], *, worded: bool = True) -> Iterator[tuple[T, Report]]:
    """Try rows in order with the native engine, and give each with its report; some are read before the first is answered.

    With `worded` false, a report of an unsound trace has neither message nor span, unless another engine had to try it.

    Raises:
        InputError: when a parameter has a value that it cannot have.
    """
    waiting = iter(rows)
    while batch := list(islice(waiting, TOGETHER)):
        yield from _batch(form, batch, worded=worded)


def _batch(form: Format, rows: Sequence[T], *, worded: bool) -> Iterator[tuple[T, Report]]:
    params = []
    for row in rows:
        with placed(row.place):
            params.append(from_row(form.system, row.params) if row.params else {})
    reports: dict[int, Report] = {}
    groups: dict[str, list[int]] = {}
    for index, known in enumerate(params):
        given = _set(form, known)
        groups.setdefault(repr(sorted(given.items())) if given else "", []).append(index)
    for indices in groups.values():
        native = form.native(_set(form, params[indices[0]]), declared=worded)
        if native is not None:
            reports |= _tried(form, native, rows, params, indices, worded=worded)
    for index, row in enumerate(rows):
        if index not in reports:
            with placed(row.place):
                reports[index] = check(form, row.prompt, row.trace, row.params, row.id)
        yield row, reports[index]


def _set(form: Format, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that no text decides."""
    return {name: value for name, value in params.items() if name in form.settled}


def _tried(
    form: Format,
    native: Native,
    rows: Sequence[Try],
    params: Sequence[Mapping[str, Any]],
    indices: Sequence[int],
    *,
    worded: bool,
) -> dict[int, Report]:
    """The reports of the rows that the native engine decides."""
    texts: list[tuple[bytes, bytes]] = []
    asked = []
    for index in indices:
        prompt, trace = joined(rows[index].prompt), joined(rows[index].trace)
        if prompt.isascii() and trace.isascii():
            texts.append((b"" if not prompt.strip() else prompt.encode(), trace.encode()))
            asked.append(index)
    given = [{name: value for name, value in params[index].items() if name not in form.settled} for index in asked]
    results = native.rows(texts, given).results.tolist()
    found = {}
    for index, (_, text), known, result in zip(asked, texts, given, results, strict=True):
        if result[0] != ELSEWHERE and (result[0] != UNSOUND or not worded):
            found[index] = _report(form, native, rows[index], text, known, result)
    return found


def _report(
    form: Format,
    native: Native,
    row: Try,
    trace: bytes,
    given: Mapping[str, Any],
    result: Sequence[int],
) -> Report:
    outcome, number, event, plan, follows, declared, _, events = result[: 1 + len(OUT)]
    verdict = VERDICTS[outcome]
    rule = native.machine.rules[number] if outcome == UNSOUND else None
    message, span = "", None
    if verdict is Verdict.TRUNCATED:
        message, span = too_short(events), Span(len(trace), len(trace))
    settings = native.settings
    params = {**dict(zip(native.machine.params, result[1 + len(OUT) :], strict=True)), **settings}
    return Report(
        id=row.id,
        format=form.name,
        verdict=verdict,
        level=rule.level if rule else DECLARED if verdict is Verdict.SOUND and declared >= 0 else None,
        rule=rule.name if rule else None,
        event=event if rule else None,
        span=span,
        message=message,
        plan=PLANS[plan],
        plan_follows_trace=FOLLOWS[follows],
        events=events,
        params=params,
        inferred=tuple(name for name in params if name not in settings and name not in given),
        departure=_departure(form, row) if declared >= 0 else None,
        source=Source("trace", trace.decode()),
    )


def _departure(form: Format, row: Try) -> Callable[[], Any]:
    return lambda: check(form, row.prompt, row.trace, row.params, row.id).declared


# ---------------------------------------------------------------- lines
@dataclass(frozen=True)
class Tally:
    """So many documents with the same verdict, rule, level and plan."""

    verdict: Verdict
    plan: PlanStatus
    rule: str | None
    level: str | None
    follows: bool | None
    count: int


def tally_lines(form: Format, stream: BinaryIO, params: Mapping[str, Any], name: str) -> Iterator[Tally]:
    """Try the lines of a file of that name, each a whole document, and count."""
    typed = from_row(form.system, params)
    native = form.native(_set(form, typed), declared=False)
    assert native is not None
    known = {name: value for name, value in typed.items() if name not in form.settled}
    for number, spans, results, b in native.blocks(stream, known):
        for (outcome, rule, plan, follows), count in results.counted():
            if outcome != ELSEWHERE:
                broken = native.machine.rules[rule] if outcome == UNSOUND else None
                name_of, level = (broken.name, broken.level) if broken else (None, None)
                yield Tally(VERDICTS[outcome], PLANS[plan], name_of, level, FOLLOWS[follows], count)
        for index in results.left():
            at, end = spans[index]
            text = line(bytes(b[at:end]), first=number + index == 1)
            with placed(f"{name}:{number + index}"):
                report = check(form, "", text, params)
            level = report.level if report.verdict is Verdict.UNSOUND else None
            yield Tally(report.verdict, report.plan, report.rule, level, report.plan_follows_trace, 1)


def worth_compiling(form: Format, files: Iterable[str]) -> bool:
    """Whether files are so large that the native engine, if the format has it, is soonest done."""
    from tracecourt.engines.native import available

    size = 0
    for file in files:
        with suppress(OSError, ValueError):  # whoever reads it tells what is wrong
            size += Path(file).stat().st_size
    return size >= LARGE and available() and not form.without_native
