"""The command `counterexample`: where does a procedure break its promise?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracecourt.cli_search import FOUND, NONE, UNKNOWN, conclude, given_option, limit_options, teller
from tracecourt.errors import InputError

if TYPE_CHECKING:
    from tracecourt.counterexample import Counterexample


@click.command()
@click.argument("procedure", metavar="PROCEDURE")
@click.option(
    "--claim",
    default="optimal",
    show_default=True,
    metavar="CLAIM",
    help="A claim or lemma of the procedure, or an expression over the last state of a run.",
)
@given_option
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the procedure; may be repeated.")
@click.option("--domain", metavar="NAME", help="Over which problems; else those of the procedure's own trace blocks.")
@click.option("--nodes", "largest", type=click.IntRange(min=1), default=5, show_default=True, help="The largest size.")
@click.option("--rounds", type=click.IntRange(min=1), help="The longest run; else as long as is usual for a size.")
@limit_options(600)
@click.option("--output", type=click.Choice(["text", "json", "row"]), default="text", show_default=True)
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw the problem, too.")
def counterexample(
    procedure: str,
    claim: str,
    givens: tuple[str, ...],
    params: tuple[str, ...],
    domain: str | None,
    largest: int,
    rounds: int | None,
    timeout: float,
    rlimit: int | None,
    output: str,
    svg: Path | None,
) -> None:
    """Find the smallest problem on which a sound run of PROCEDURE breaks a promise, or prove that there is none.

    PROCEDURE is a name, or the path of its file. Exit code 1: there is one; 3: not known from some size on.
    """
    from tracecourt.counterexample import counterexample as sought
    from tracecourt.engines.symbolic.solving import Limits
    from tracecourt.resources import Library
    from tracecourt.spec.library import located

    if svg is not None and (not svg.name or not svg.parent.is_dir()):
        raise InputError(f"there is no folder {svg.parent} to write {svg.name or 'a drawing without a name'} to")
    library, name = located(procedure, Library.shipped(), "procedure")

    def search() -> Iterator[Counterexample]:
        return sought(
            name,
            library,
            claim=claim,
            givens=givens,
            params=params,
            domain=domain,
            largest=largest,
            rounds=rounds,
            limits=Limits(timeout, rlimit),
            tell=teller(),
        )

    conclude(search, lambda found: _told(found, output, svg), timeout)


def _told(found: Counterexample, output: str, svg: Path | None) -> int:
    """Print what is known; the exit code."""
    if output == "json":
        click.echo(json.dumps(found.to_dict()))
    elif output == "text":
        from tracecourt.report.counterexample import counterexample as words

        click.echo(words(found))
    elif found.row is not None:
        click.echo(json.dumps(dict(found.row)))
    elif found.found:
        said = f"there is no format with {found.procedure} over {found.domain} that prints whole runs, so there is no row"
        click.echo(said, err=True)
    if svg is not None and found.refuted is not None:
        _draw(found, svg)
    return FOUND if found.found else NONE if found.decided and found.complete else UNKNOWN


def _draw(found: Counterexample, path: Path) -> None:
    from tracecourt.report.picture import picture
    from tracecourt.report.picture import svg as drawn

    assert found.refuted is not None
    interpreter, r, path_found = found.last_state()
    text = drawn(picture(found.system, interpreter, r, path_found))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
