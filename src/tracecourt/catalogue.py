"""What can be checked: the formats of a library, as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from tracecourt.formats import joined
from tracecourt.resources import Library, kept
from tracecourt.spec import ir
from tracecourt.spec.library import Specifications


def catalogue(library: Library | None = None) -> list[dict[str, Any]]:
    """Every format with its parts, events, parameters, source, what its text leaves out, and the engine that `auto` takes.

    `slow` says why, in so many sentences, a format lacks an engine or its grammar a scanner.
    """
    library = library or Library.shipped()
    return kept("catalogue", _digest(library), lambda: _catalogue(library))


def _digest(library: Library) -> str:
    """What the catalogue depends on: the library and this package, in a few letters."""
    package = Path(__file__).parent
    files = [
        *package.rglob("*.py"),
        *(f for root in library.roots for part in ("specs", "grammars") for f in (root / part).rglob("*.*")),
    ]
    made = sha256()
    for file in sorted(files):
        made.update(f"{file}\0".encode() + file.read_bytes())
    return made.hexdigest()


def _catalogue(library: Library) -> list[dict[str, Any]]:
    specifications = Specifications(library)
    found = []
    for name in library.names("format"):
        form = joined(name, specifications)
        system = form.system
        found.append(
            {
                "name": name,
                "doc": system.doc,
                "source": system.source_url,
                "grammar": system.grammar,
                "domain": system.domain,
                "procedure": system.procedure,
                "events": list(system.events),
                "hides": list(hidden(system)),
                "params": [p.symbol.name for p in system.params],
                "engine": "interpreter" if form.without_engine else "compiled",
                "engines": form.engines,
                "slow": list(form.slow),
                "rules": [{"name": rule.name, "level": rule.level} for rule in system.rules],
            }
        )
    return found


def hidden(system: ir.System) -> Iterator[str]:
    """What a format's text does not show of a run: events, some events, arguments, parts of arguments."""
    yield from sorted(system.silent)
    yield from (f"some {name}" for name in sorted(system.dropped))
    for name, event in system.events.items():
        if name not in system.silent:
            shown = {part.index: part for part in system.shown[name]}
            for index, parameter in enumerate(event.parameters):
                if index not in shown:
                    yield f"{name}.{parameter.name}"
                elif shown[index].view is not None:
                    yield f"part of {name}.{parameter.name}"
