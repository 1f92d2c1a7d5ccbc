"""What commands share that look for a smallest problem: its domain, its measures, what is assumed, the row that shows it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.symbolic.run import Event
from tracecourt.errors import InputError, SpecError, suggestion
from tracecourt.formats import Format, joined
from tracecourt.generate import Generator, Problem, start
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.library import Specifications
from tracecourt.verdict import plain

LABEL = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


# ---------------------------------------------------------------- problems
def own_domain(specifications: Specifications, procedure: str) -> str:
    """The domain of the procedure's own trace blocks.

    Raises:
        InputError: when it has none.
    """
    blocks = [item for item in specifications.declaration("procedure", procedure).items if isinstance(item, s.TraceBlock)]
    if not blocks:
        raise InputError(f"{procedure} has no trace block that tells over which domain it is meant: name one with --domain")
    return blocks[0].domain


def size_parameter(system: ir.System) -> ir.Symbol:
    """The parameter that says how large a problem is.

    Raises:
        InputError: when the domain does not measure its problems.
    """
    if not system.measures:
        raise InputError(f"the domain {system.domain} does not say how its problems grow: it has no `small` block")
    measure = system.measures[0]
    assert isinstance(measure, ir.Ref)
    return measure.symbol


def sizes(system: ir.System, largest: int) -> range:
    """The sizes that are looked at: the values that it may have, up to a largest one."""
    sort = size_parameter(system).sort
    low, high = (_constant(sort.low), _constant(sort.high)) if isinstance(sort, t.Range) else (None, None)
    return range(1 if low is None else low, min(largest, largest if high is None else high) + 1)


def _constant(e: ir.Expr) -> int | None:
    return e.value if isinstance(e, ir.Const) and isinstance(e.value, int) else None


def settled(system: ir.System, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that are set, and the defaults of those that measure a problem too but do not grow.

    Raises:
        InputError: when the one that grows is set.
    """
    grows = size_parameter(system).name
    if grows in given:
        raise InputError(f"{grows} is the size of a problem, which grows from the least on: say how far with --nodes")
    measuring = {m.symbol for m in system.measures[1:] if isinstance(m, ir.Ref) and m.symbol.kind == "param"}
    interpreter = Interpreter(system)
    r = interpreter.evaluator.registers()
    fixed = {
        p.symbol.name: interpreter.value(p.default, r)
        for p in system.params
        if p.symbol in measuring and p.default is not None and p.symbol.name not in given
    }
    return {**fixed, **given}


def measures(system: ir.System, problem: Problem) -> tuple[tuple[str, Any], ...]:
    """The measures of a problem, as the domain writes them, and their values."""
    interpreter = Interpreter(system)
    r = start(interpreter, problem)
    found = []
    for measure in system.measures:
        interpreter.evaluator.code(measure)
        interpreter.evaluator.widen(r)
        value = interpreter.value(measure, r)
        found.append((system.sources[1].text[measure.span.start : measure.span.end], plain(value)))
    return tuple(found)


# ---------------------------------------------------------------- assumptions
def demand_known(text: str, known: Collection[str], what: str) -> None:
    """Refuse what looks like a name, not like an expression, and is none of those that are known.

    Raises:
        InputError: when it is so.
    """
    if "-" in text and text not in known and LABEL.fullmatch(text):
        raise InputError(f"there is no {what} {text}{suggestion(text, known)}")


def added_givens(givens: Sequence[str], known: Collection[str]) -> dict[str, str]:
    """The assumptions that are expressions and not names, by the labels that they get."""
    extra = dict.fromkeys(one for one in givens if one not in known)
    return {f"given-{number}": text for number, text in enumerate(extra)}


def assumptions(system: ir.System, givens: Sequence[str], added: dict[str, str]) -> list[ir.Rule]:
    """The rules of assumptions, those that were added found by their text."""
    rules = {p.rule.name: p.rule for p in system.givens}
    labels = {text: label for label, text in added.items()}
    return [rules[labels.get(one, one)] for one in dict.fromkeys(givens)]


def worded(assumed: Sequence[ir.Rule]) -> tuple[str, ...]:
    """Assumptions by their names, or as they were written."""
    return tuple(rule.source.text.strip() if rule.source.name == "--given" else rule.name for rule in assumed)


# ---------------------------------------------------------------- rows
def printing(specifications: Specifications, domain: str, procedure: str) -> Iterator[tuple[Format, str | None]]:
    """Formats joined with the procedure that print its runs in whole, its own first; each with the first of its own."""
    own, others = list[str](), list[str]()
    for name in formats_of(specifications, domain):
        with suppress(InputError, SpecError):
            system = specifications.format(name)
            if not system.partial:
                (own if system.procedure == procedure else others).append(name)
    for name in (*own, *others):
        with suppress(InputError, SpecError):
            yield joined(name, specifications, procedure), own[0] if own else None


def formats_of(specifications: Specifications, domain: str, procedure: str | None = None) -> Iterator[str]:
    """The names of the formats over a domain, or of those with that procedure, too; they are read, not joined."""
    wanted = {"domain": domain} if procedure is None else {"domain": domain, "procedure": procedure}
    for name in specifications.library.names("format"):
        with suppress(InputError, SpecError):
            items = specifications.declaration("format", name).items
            uses = {item.kind: item.name for item in items if isinstance(item, s.Use)}
            if wanted.items() <= uses.items():
                yield name


def row(form: Format, id: str, problem: Problem, events: Sequence[Event], *, ended: bool) -> dict[str, Any]:
    """The row that `check` reads: a run, and where it has ended the answer that the search found."""
    generator = Generator(form, {})
    r, shown = generator.start(problem), []
    for name, arguments in events:
        action = form.interpreter.actions[name]
        form.interpreter.apply(action, r, arguments)
        shown.append((action, arguments))
    expected = {"verdict": "sound" if ended else "truncated", "rule": None, "event": None}
    answer = list(generator.answer(r)) if ended else []
    made = generator.row(id, problem, [*shown, *answer], expected)
    return made if ended else {**made, "trace": generator.trace(shown, ended=False)}
