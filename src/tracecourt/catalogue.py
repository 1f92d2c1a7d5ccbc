"""What can be checked: the formats of a library, as plain values."""

from __future__ import annotations

from typing import Any

from tracecourt.resources import Library
from tracecourt.spec.library import Specifications


def catalogue(library: Library | None = None) -> list[dict[str, Any]]:
    """Every format with its parts, events, parameters and source."""
    library = library or Library.shipped()
    specifications = Specifications(library)
    found = []
    for name in library.names("format"):
        system = specifications.format(name)
        found.append(
            {
                "name": name,
                "doc": system.doc,
                "source": system.source_url,
                "grammar": system.grammar,
                "domain": system.domain,
                "procedure": system.procedure,
                "events": list(system.events),
                "params": [p.symbol.name for p in system.params],
                "rules": [{"name": rule.name, "level": rule.level} for rule in system.rules],
            }
        )
    return found
