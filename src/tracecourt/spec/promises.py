"""What is promised of runs and assumed of problems: claims, lemmas, givens, and the measures of a problem."""

from __future__ import annotations

from collections.abc import Sequence

from tracecourt.errors import SpecError
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.expressions import Checker
from tracecourt.spec.forms import Histories
from tracecourt.spec.parser import parse_expression
from tracecourt.spec.scope import Scope
from tracecourt.text import Diagnostic, Note, Source, Span


def promise(written: s.Promise, checker: Checker, scope: Scope, histories: Histories | None) -> ir.Promise:
    """A claim or lemma, which may ask what `histories` tell, or a given, which may not."""
    kind: dict[type[s.Promise], ir.PromiseKind] = {s.Claim: "claim", s.Lemma: "lemma", s.Given: "given"}
    checker.histories = histories
    condition = checker.check(written.condition, t.BOOL, scope)
    message = checker.template(written.message, scope) if written.message.parts else ir.Template(())
    checker.histories = None
    rule = ir.Rule(written.label, "", condition, message, written.span, checker.source)
    return ir.Promise(kind[type(written)], rule, written.under)


def measures(written: s.Small, checker: Checker, scope: Scope) -> tuple[ir.Expr, ...]:
    """The measures of a problem: numbers, the first of them a parameter."""
    typed = tuple(checker.plain(e, scope) for e in written.measures)
    for e in typed:
        if not isinstance(e.sort, t.Anything) and not t.numeric(e.sort):
            checker.fault(f"a measure is a number, and this is of the sort {e.sort}", e.span, "sort")
    first = typed[0]
    param = isinstance(first, ir.Ref) and first.symbol.kind == "param" and isinstance(first.sort, t.Int)
    if not param and not isinstance(first.sort, t.Anything):
        checker.fault("the first measure must be a parameter that is an integer: it is what grows", first.span, "sort")
    return typed


def added(
    item: type[s.Promise],
    texts: Sequence[tuple[str, Source]],
    known: Sequence[ir.Promise],
    scope: Scope,
    histories: Histories | None,
    diagnostics: list[Diagnostic],
) -> list[ir.Promise]:
    """Promises by label and text that are made beside a specification, in the scope of its own."""
    labels, found = {p.rule.name: p.rule for p in known}, list[ir.Promise]()
    for label, source in texts:
        checker, whole = Checker(source, diagnostics), Span(0, len(source.text))
        try:
            condition = parse_expression(source, whole)
        except SpecError as error:
            diagnostics += error.diagnostics
            continue
        found.append(promise(item(whole, label, (), condition, s.Message(whole, ())), checker, scope, histories))
        if label in labels:
            note = Note("first used here", labels[label].source, labels[label].span)
            checker.fault(f"the label {label} is used twice", whole, "name", (note,))
        labels[label] = found[-1].rule
    return found
