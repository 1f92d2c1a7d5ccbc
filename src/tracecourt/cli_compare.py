"""The command `compare`: which traces does one procedure accept, and another refuse?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tracecourt.cli_search import FOUND, NONE, UNKNOWN, conclude, given_option, limit_options, teller

if TYPE_CHECKING:
    from tracecourt.compare import Comparison
    from tracecourt.resources import Library


@click.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of both; may be repeated.")
@click.option("--param-a", "params_one", multiple=True, metavar="NAME=VALUE", help="A parameter of A.")
@click.option("--param-b", "params_other", multiple=True, metavar="NAME=VALUE", help="A parameter of B.")
@click.option("--domain", metavar="NAME", help="Over which problems; else those of A's own trace blocks.")
@given_option
@click.option("--nodes", "largest", type=click.IntRange(min=1), default=4, show_default=True, help="The largest size.")
@click.option("--events", type=click.IntRange(min=0), help="The longest trace; else 3 events for each unit of size, and one.")
@limit_options(600)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def compare(
    one: str,
    other: str,
    params: tuple[str, ...],
    params_one: tuple[str, ...],
    params_other: tuple[str, ...],
    domain: str | None,
    givens: tuple[str, ...],
    largest: int,
    events: int | None,
    timeout: float,
    rlimit: int | None,
    output: str,
) -> None:
    """Find the shortest trace, on the smallest problem, that A accepts and B refuses, and the other way round.

    A and B are names of procedures, or paths of their files; they may be the same with other parameters. Exit code 1: a trace
    tells them apart; 3: not known from some size on.
    """
    from tracecourt.compare import compare as compared
    from tracecourt.engines.symbolic.solving import Limits
    from tracecourt.resources import Library
    from tracecourt.spec.library import located

    shipped = Library.shipped()
    (mine, first), (theirs, second) = (located(name, shipped, "procedure") for name in (one, other))

    def search() -> Iterator[Comparison]:
        return compared(
            first,
            second,
            _behind(mine, theirs),
            _behind(theirs, mine),
            params=params,
            params_one=params_one,
            params_other=params_other,
            givens=givens,
            domain=domain,
            largest=largest,
            events=events,
            limits=Limits(timeout, rlimit),
            tell=teller(),
        )

    conclude(search, lambda found: _told(found, output), timeout)


def _behind(library: Library, other: Library) -> Library:
    """A library with the folders of another one behind its own."""
    from tracecourt.resources import Library

    return Library((*library.roots, *(root for root in other.roots if root not in library.roots)))


def _told(found: Comparison, output: str) -> int:
    """Print what is known; the exit code."""
    if output == "json":
        click.echo(json.dumps(found.to_dict()))
    else:
        from tracecourt.report.comparison import comparison

        click.echo(comparison(found))
    return FOUND if found.found else NONE if found.complete else UNKNOWN
