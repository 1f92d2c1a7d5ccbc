from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import Desk
from tracecourt import check
from tracecourt.formats import Format, open_format

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write golden texts anew; understand a change before you commit it")


@pytest.fixture(scope="session", autouse=True)
def strict() -> None:
    """Engines that differ are a fault of one of them, and tests want to know."""
    check.STRICT = True


@pytest.fixture(scope="session")
def rewrite(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--rewrite"))


@pytest.fixture(scope="session")
def maze() -> Format:
    return open_format("searchformer-maze")


@pytest.fixture
def desk(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    """The command line, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Desk(capsys, monkeypatch)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Data that the project may not carry; the tests that use it are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the corpora that may not be distributed are not here")
    return folder


def rows_of(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def golden(page: Path, mark: str, wanted: str, *, rewrite: bool) -> None:
    """The part of a page between `<!-- mark -->` and `<!-- /mark -->` is this text; with `rewrite`, it becomes so."""
    before, rest = page.read_text(encoding="utf-8").split(f"<!-- {mark} -->\n")
    shown, after = rest.split(f"<!-- /{mark} -->")
    if rewrite:
        page.write_text(f"{before}<!-- {mark} -->\n{wanted}<!-- /{mark} -->{after}", encoding="utf-8")
    else:
        assert shown == wanted
