"""Finds, reads and joins specifications: a format's grammar, domain and procedure become one system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from tracecourt.errors import InputError, SpecError, raise_all, suggestion
from tracecourt.resources import KINDS, Library, library_root, read_source
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.declarations import Declarations, Fixed, Module
from tracecourt.spec.expressions import Checker
from tracecourt.spec.parser import parse, parse_shipped
from tracecourt.spec.promises import added
from tracecourt.spec.scope import Scope
from tracecourt.text import Diagnostic, Source, Span

U = TypeVar("U")


@dataclass
class Specifications:
    """The declarations of a library, read once each."""

    library: Library = field(default_factory=Library.shipped)
    _read: dict[tuple[str, str], s.Declaration] = field(default_factory=dict)

    def declaration(self, kind: str, name: str) -> s.Declaration:
        """The declaration of a domain, procedure or format.

        Raises:
            InputError: when there is no such file.
            SpecError: when the file is not in the language or declares something else.
        """
        if (kind, name) not in self._read:
            path = self.library.find(kind, name)
            source = read_source(path)
            found, *others = parse_shipped(source) if path.is_relative_to(library_root()) else parse(source)
            for one in (found, *others):
                if one is not found or (one.kind, one.name) != (kind, name):
                    message = f"this file must declare {kind} {name} only, not {one.kind} {one.name}"
                    raise SpecError([Diagnostic(message, source, one.span, "place")])
            self._read[kind, name] = found
        return self._read[kind, name]

    def alone(self, kind: str, name: str) -> Module:
        """A domain or procedure checked by itself, its needs left abstract.

        Raises:
            SpecError: with every fault in it.
        """
        diagnostics: list[Diagnostic] = []
        module = Declarations(self.declaration(kind, name), diagnostics, None, {}).resolve()
        raise_all(diagnostics)
        return module

    def format(self, name: str, procedure: str | None = None) -> ir.System:
        """A format's system, names, arity and sorts of its parts checked against each other.

        Args:
            name: the format.
            procedure: another one in the place of the format's own; what the format says of parameters, events and arguments
                that this one does not have is left out.

        Raises:
            InputError, SpecError: when a part is missing, faulty, or does not fit the others.
        """
        declaration = self.declaration("format", name)
        if procedure is not None:
            declaration = self._with(declaration, self.declaration("procedure", procedure))
        uses = self._uses(declaration)
        missing = [kind for kind in ("grammar", "domain", "procedure") if kind not in uses]
        if missing:
            message = f"the format does not name its {' and its '.join(missing)}"
            raise SpecError([Diagnostic(message, declaration.source, declaration.span, "place")])
        parts = {kind: self._named(declaration, uses[kind], kind) for kind in ("domain", "procedure")}
        self._named(declaration, uses["grammar"], "grammar")
        url = uses["source"].name if "source" in uses else ""
        return self._join(declaration, parts["domain"], parts["procedure"], uses["grammar"].name, url)

    def _with(self, declaration: s.Declaration, procedure: s.Declaration) -> s.Declaration:
        """A format's declaration with another procedure."""
        uses = self._uses(declaration)
        parts = (procedure, self.declaration("domain", uses["domain"].name)) if "domain" in uses else (procedure,)
        params = {item.name for part in parts for item in part.items if isinstance(item, s.Param)}
        events = {item.name: item.parameters for item in procedure.items if isinstance(item, (s.Event, s.Answer))}
        arguments = {(name, parameter.name) for name, parameters in events.items() for parameter in parameters}
        items: list[s.Item] = []
        for item in declaration.items:
            match item:
                case s.Use(kind="procedure"):
                    items.append(replace(item, name=procedure.name))
                case s.Fix(name=name) if name not in params:
                    continue
                case s.Shows(arguments=shown):
                    if kept := tuple(one for one in shown if one[:2] in arguments):
                        items.append(replace(item, arguments=kept))
                case s.Hides(hidden=hidden):
                    if left := tuple(h for h in hidden if (h[1:3] in arguments if h[0] == "argument" else h[1] in events)):
                        items.append(replace(item, hidden=left))
                case _:
                    items.append(item)
        return replace(declaration, items=tuple(items))

    def over(
        self, procedure: str, domain: str, claims: Mapping[str, str] | None = None, givens: Mapping[str, str] | None = None
    ) -> ir.System:
        """A procedure joined with a domain directly, as for the trace blocks beside it.

        Args:
            procedure: the procedure's name.
            domain: the domain's name.
            claims: more claims, by label: expressions in the scope of the procedure, which may ask what `happened`.
            givens: more assumptions on problems, by label: expressions in the scope of the domain.

        Raises:
            InputError, SpecError: when a part is missing, faulty, or does not fit the others. Faults of the texts that
                are added have their places in sources named `--claim` and `--given`.
        """
        parts = self.declaration("domain", domain), self.declaration("procedure", procedure)
        empty = s.Declaration(parts[1].span, "format", f"{procedure} over {domain}", "", (), parts[1].source)
        more = [
            [(label, Source(name, text)) for label, text in (texts or {}).items()]
            for name, texts in (("--claim", claims), ("--given", givens))
        ]
        return self._join(empty, *parts, "", "", *more)

    def examples(self, procedure: str) -> list[ir.Example]:
        """The trace blocks beside a procedure, typed over their domains."""
        declaration = self.declaration("procedure", procedure)
        diagnostics: list[Diagnostic] = []
        found = []
        for block in declaration.items:
            if isinstance(block, s.TraceBlock):
                try:
                    system = self.over(procedure, block.domain)
                except InputError as error:
                    diagnostics.append(Diagnostic(str(error), declaration.source, block.span, "name"))
                    continue
                found.append(_example(block, system, Checker(declaration.source, diagnostics)))
        raise_all(diagnostics)
        return found

    def _uses(self, declaration: s.Declaration) -> dict[str, s.Use]:
        uses: dict[str, s.Use] = {}
        for item in declaration.items:
            if isinstance(item, s.Use) and uses.setdefault(item.kind, item) is not item:
                raise SpecError([Diagnostic(f"the format names its {item.kind} twice", declaration.source, item.span, "place")])
        return uses

    def _named(self, declaration: s.Declaration, use: s.Use, kind: str) -> s.Declaration:
        try:
            return self.declaration(kind, use.name) if kind != "grammar" else self._grammar(use.name, declaration)
        except InputError as error:
            raise SpecError([Diagnostic(str(error), declaration.source, use.span, "name")]) from None

    def _grammar(self, name: str, declaration: s.Declaration) -> s.Declaration:
        self.library.find("grammar", name)
        return declaration

    def _join(
        self,
        declaration: s.Declaration,
        domain: s.Declaration,
        procedure: s.Declaration,
        grammar: str,
        url: str,
        claims: Sequence[tuple[str, Source]] = (),
        givens: Sequence[tuple[str, Source]] = (),
    ) -> ir.System:
        diagnostics: list[Diagnostic] = []
        fixed = _fixed(declaration, (domain, procedure), diagnostics)
        lower = Declarations(domain, diagnostics, Scope(), fixed).resolve()
        middle = Declarations(declaration, diagnostics, lower.scope, {}).resolve()
        supplied = Scope(middle.scope.names, lower.scope)
        upper = Declarations(procedure, diagnostics, supplied, fixed).resolve()
        raise_all(diagnostics)
        lower.promises += added(s.Given, givens, lower.promises, lower.scope, None, diagnostics)
        upper.promises += added(s.Claim, claims, upper.promises, upper.scope, upper.histories, diagnostics)
        shown, silent, dropped = _shown(declaration, upper.events, supplied, diagnostics)
        raise_all(diagnostics)
        sorts = {n: v for module in (lower, upper) for n, v in module.scope.names.items() if isinstance(v, t.Sort)}
        sources = (declaration.source, domain.source, procedure.source)
        return ir.System(
            name=declaration.name,
            doc=declaration.doc,
            source_url=url,
            grammar=grammar,
            domain=domain.name,
            procedure=procedure.name,
            procedure_doc=procedure.doc,
            params=(*lower.params, *upper.params),
            facts=tuple(lower.facts),
            sorts=sorts,
            demands=tuple(lower.demands),
            state=tuple(upper.state),
            initially=upper.initially,
            events=upper.events,
            answer=upper.answer,
            ending=upper.ending,
            sample=lower.sample,
            shown=shown,
            silent=silent,
            dropped=dropped,
            functions=tuple(_once((*lower.functions, *middle.functions, *upper.functions))),
            sources=sources,
            promises=tuple(upper.promises),
            givens=tuple(lower.promises),
            measures=lower.measures,
            histories=upper.histories.symbols,
            own=tuple(upper.params),
        )


def _shown(
    declaration: s.Declaration, events: dict[str, ir.Event], scope: Scope, diagnostics: list[Diagnostic]
) -> tuple[dict[str, tuple[ir.Shown, ...]], frozenset[str], frozenset[str]]:
    """What the format's text prints of each event, which events it never prints, and which it may leave out."""
    checker = Checker(declaration.source, diagnostics)
    printed = {name: [ir.Shown(i, p.sort) for i, p in enumerate(event.parameters)] for name, event in events.items()}
    hidden: dict[str, set[str]] = {"event": set(), "some": set()}

    def find(name: str, argument: str, span: Span) -> int | None:
        if name not in events:
            checker.fault(f"there is no event {name}{suggestion(name, events)}", span)
            return None
        names = [p.name for p in events[name].parameters]
        if argument not in names:
            checker.fault(f"{name} has no argument {argument}{suggestion(argument, names)}", span)
            return None
        return names.index(argument)

    for item in declaration.items:
        for name, argument, span in item.arguments if isinstance(item, s.Shows) else ():
            index = find(name, argument, span)
            if index is not None and isinstance(item, s.Shows):
                sort = checker.sort(item.sort, scope)
                view = checker.check(item.value, sort, scope.inner([events[name].parameters[index]]))
                printed[name] = [ir.Shown(index, sort, view) if p.index == index else p for p in printed[name]]
        for kind, name, argument, span in item.hidden if isinstance(item, s.Hides) else ():
            if kind != "argument":
                if name not in events:
                    checker.fault(f"there is no event {name}{suggestion(name, events)}", span)
                hidden[kind].add(name)
            elif (index := find(name, argument, span)) is not None:
                printed[name] = [p for p in printed[name] if p.index != index]
    shown = {name: tuple(parts) for name, parts in printed.items()}
    return shown, frozenset(hidden["event"]), frozenset(hidden["some"])


def _fixed(declaration: s.Declaration, parts: tuple[s.Declaration, ...], diagnostics: list[Diagnostic]) -> dict[str, Fixed]:
    """The parameters that a format sets, each checked to exist once."""
    checker = Checker(declaration.source, diagnostics)
    params = [item.name for part in parts for item in part.items if isinstance(item, s.Param)]
    for name in sorted({n for n in params if params.count(n) > 1}):
        checker.fault(f"{parts[0].name} and {parts[1].name} both have a parameter {name}", declaration.span, "join")
    fixed: dict[str, Fixed] = {}
    for item in declaration.items:
        if isinstance(item, s.Fix):
            if item.name not in params:
                checker.fault(f"there is no parameter {item.name}{suggestion(item.name, params)}", item.span)
            if item.name in fixed:
                checker.fault(f"{item.name} is set twice", item.span)
            fixed[item.name] = (item.value, checker)
    return fixed


def _example(block: s.TraceBlock, system: ir.System, checker: Checker) -> ir.Example:
    facts = {f.name: f.sort for f in system.facts} | {p.symbol.name: p.symbol.sort for p in system.params}
    settings: dict[str, ir.Value] = {}
    for name, span, value in block.settings:
        if name not in facts:
            checker.fault(f"the domain {block.domain} has no fact or parameter {name}", span)
        else:
            settings[name] = constant(checker.check(value, facts[name], Scope()), checker)
    events: list[tuple[str, tuple[ir.Value, ...]]] = []
    for name, span, arguments in block.events:
        event = system.events.get(name)
        if event is None or len(event.parameters) != len(arguments):
            wanted = "no such event" if event is None else f"it takes {len(event.parameters)} arguments"
            checker.fault(f"{name} does not fit the procedure: {wanted}", span)
            continue
        typed = [checker.check(a, p.sort, Scope()) for a, p in zip(arguments, event.parameters, strict=True)]
        events.append((name, tuple(constant(e, checker) for e in typed)))
    verdicts = ("sound", "unsound", "truncated")
    if block.verdict not in verdicts:
        checker.fault(f"{block.verdict} is not a verdict of a trace block (known: {', '.join(verdicts)})", block.span)
    known = {r.name for r in system.rules}
    if block.rule is not None and block.rule not in known:
        checker.fault(f"there is no rule {block.rule}{suggestion(block.rule, known)}", block.span)
    return ir.Example(
        block.verdict, block.rule, block.at, block.domain, block.doc, settings, tuple(events), block.span, checker.source
    )


def constant(expression: ir.Expr, checker: Checker) -> ir.Value:
    """The value of an expression that is written out; anything else is a fault."""
    match expression:
        case ir.Const(value=value):
            return value
        case ir.Prim(op="negate", args=(inner,)):
            value = constant(inner, checker)
            return -value if isinstance(value, (int, Fraction)) else None
        case ir.Prim(op="/", args=(ir.Expr() as over, ir.Const(value=int() as under))) if under:
            value = constant(over, checker)
            return Fraction(value) / under if isinstance(value, (int, Fraction)) else None
        case ir.Display(kind=kind, items=items):
            values = [constant(item, checker) for item in items]
            if kind == "map":
                return dict(zip(values[::2], values[1::2], strict=True))
            return frozenset(values) if kind == "set" else tuple(values)
    checker.fault("only constants can stand here", expression.span)
    return None


def _once(items: tuple[U, ...]) -> list[U]:
    return list(dict.fromkeys(items))


def formats(library: Library) -> list[str]:
    """The names of all formats of a library."""
    return library.names("format")


def from_path(path: Path, library: Library, kind: str = "format") -> tuple[Library, str]:
    """The library and name for a specification given by the path of its file, `…/specs/KINDs/NAME.spec`.

    Raises:
        InputError: when the path does not lie in such a folder.
    """
    resolved = path.resolve()
    if resolved.parent.name != KINDS[kind] or resolved.parents[1].name != "specs":
        raise InputError(f"{path}: a {kind} file lies in PACK/specs/{KINDS[kind]}/, beside PACK/grammars/")
    return library.extended(resolved.parents[2]), resolved.stem


def located(name: str, library: Library, kind: str) -> tuple[Library, str]:
    """The library and the name of what is given by its name, or by the path of its file.

    Raises:
        InputError: when there is no such file, or it does not lie where it must.
    """
    if not name.endswith(".spec"):
        return library, name
    path = Path(name)
    if not path.is_file():
        raise InputError(f"there is no file {name}")
    return from_path(path, library, kind)
