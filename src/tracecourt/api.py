"""The Python interface: load a format once, try many traces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from tracecourt.batches import check_rows
from tracecourt.check import check
from tracecourt.documents import Words
from tracecourt.explain import Explanation, explain
from tracecourt.formats import Format, open_format
from tracecourt.generate import Generator
from tracecourt.identify import Identification, Identifier
from tracecourt.mutate import Mutator
from tracecourt.parameters import from_row
from tracecourt.repair import MOST, Repair, repair
from tracecourt.resources import Library
from tracecourt.rows import Fields, Row, rows_of
from tracecourt.shrink import Shrunk, shrink
from tracecourt.verdict import Report


class Court:
    """A loaded format. Safe to keep for the life of a program; holds no state of any trace."""

    def __init__(self, form: Format) -> None:
        self._form = form

    @property
    def name(self) -> str:
        """The format's name."""
        return self._form.name

    @property
    def rules(self) -> list[str]:
        """Every rule that a trace may break, as `event/label`."""
        return [rule.name for rule in self._form.system.rules]

    def check(
        self, prompt: Words, trace: Words, params: Mapping[str, Any] | None = None, id: str = "", *, engine: str = "auto"
    ) -> Report:
        """Try one trace.

        Args:
            prompt: the problem's text or tokens; empty when `trace` holds the whole document.
            trace: text or tokens; whatever a model wrote gets a verdict, never an exception.
            params: parameters of the problem, such as its size; those not given are inferred.
            id: a name for the report.
            engine: what tries the events, the report being the same: `auto` for the fastest that the format has, `interpreter`
                for the reference, `compiled`, or `native` for machine code (extra `fast`; compiled at the first call).

        Raises:
            InputError: when a parameter has a value that it cannot have, or the format does not have the engine.
        """
        if engine == "native":
            self._form.demand(engine)
            ((_, report),) = check_rows(self._form, [Row(id, "", prompt, trace, params or {})])
            return report
        return check(self._form, prompt, trace, params, id, engine)

    def check_many(self, rows: Iterable[Mapping[str, Any]], *, engine: str = "auto") -> Iterator[Report]:
        """Try rows like those of a file, in order: one report for each trace, or for each of a row's rollouts.

        Raises:
            InputError: when a row lacks a field, or holds something else in it, the message names the row by its index; or when
                the format does not have the engine.
        """
        self._form.demand(engine)
        read = (row for number, given in enumerate(rows) for row in rows_of(given, f"row {number}", number, Fields()))
        if engine == "native":
            yield from (report for _, report in check_rows(self._form, read))
            return
        for row in read:
            yield check(self._form, row.prompt, row.trace, row.params, row.id, engine)

    def explain(self, prompt: Words, trace: Words, params: Mapping[str, Any] | None = None, id: str = "") -> Explanation:
        """Try one trace and explain the outcome."""
        return explain(self._form, prompt, trace, params, id)

    def shrink(self, prompt: Words, trace: Words, params: Mapping[str, Any] | None = None, id: str = "") -> Shrunk:
        """A minimal problem and trace that break the same rule as this one, by the last event; of a malformed text, few words.

        Raises:
            InputError: when a parameter has a value that it cannot have, or there is nothing to shrink: the trace is sound,
                truncated or unknown.
        """
        return shrink(self._form, prompt, trace, params, id)

    def identify(
        self,
        prompt: Words,
        trace: Words,
        params: Mapping[str, Any] | None = None,
        id: str = "",
        *,
        timeout: float | None = 60.0,
        rlimit: int | None = None,
    ) -> Identification:
        """Which procedures explain one trace: all those of the library that fit the format's text.

        Args:
            prompt, trace, params, id: as for `check`.
            timeout: seconds for what Z3 is asked; what it has not decided by then is `unknown`.
            rlimit: Z3's own count of steps for each question; unlike seconds, it gives the same answer on every machine.

        Raises:
            InputError: when a parameter has a value that it cannot have.
        """
        from tracecourt.hypotheses import Solving

        return self._identifier.identify(prompt, trace, params, id, Solving(timeout, rlimit))

    def repair(
        self,
        prompt: Words,
        trace: Words,
        params: Mapping[str, Any] | None = None,
        id: str = "",
        *,
        most: int = MOST,
        plan: bool = False,
    ) -> Repair:
        """Find the fewest edits, at most so many, that make one trace sound; with `plan`, those of the answer, too.

        Raises:
            InputError: for a format that hides a part of the run.
        """
        return repair(self._form, prompt, trace, params, id, most=most, plan=plan)

    @cached_property
    def _identifier(self) -> Identifier:
        return Identifier(self._form)

    def generate(
        self, number: int, seed: int = 0, params: Mapping[str, Any] | None = None, *, mutate: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Rows with sound traces of random problems, or labelled mutants of such traces.

        Raises:
            InputError: when the format's domain does not say how random problems are drawn.
        """
        generator = Generator(self._form, from_row(self._form.system, params or {}))
        return Mutator(generator).rows(number, seed) if mutate else generator.rows(number, seed)


def load_format(name: str, library: Library | None = None) -> Court:
    """The format of that name, or at that path (`PACK/specs/formats/NAME.spec`).

    Raises:
        InputError: when there is none; the message names the nearest.
        SpecError: when a part of it is faulty; the message lists every fault with its place.
    """
    return Court(open_format(name, library))
