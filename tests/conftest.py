from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tracecourt.formats import Format, open_format

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write golden texts anew; commit a change only if you understand it")


@pytest.fixture(scope="session")
def rewrite(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--rewrite"))


@pytest.fixture(scope="session")
def maze() -> Format:
    return open_format("searchformer-maze")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Data that the project may not carry; the tests that use it are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the corpora that may not be distributed are not here")
    return folder


def rows_of(path: Path) -> list[dict[str, Any]]:
    import gzip

    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    with opened as lines:
        return [json.loads(line) for line in lines]
