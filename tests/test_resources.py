"""What is kept in the user's cache folder: used while it is true, made anew when it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tracecourt.resources import cache_file, kept


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "tracecourt"


def counted(values: list[str]) -> Callable[[], str]:
    return lambda: values.pop(0)


def test_what_is_kept_is_made_once_for_each_key() -> None:
    values = ["first", "second"]
    assert [kept("thing", key, counted(values)) for key in ("a", "a", "b", "b")] == ["first", "first", "second", "second"]


@pytest.mark.parametrize("damage", [b"", b"\x80\x04", b"cos\nno_such_name\n.", b"\x80\x04N."])
def test_a_damaged_file_is_replaced(damage: bytes, folder: Path) -> None:
    kept("thing", "a", lambda: "first")
    (folder / "thing").write_bytes(damage)
    values = ["again"]
    assert [kept("thing", "a", counted(values)) for _ in range(2)] == ["again", "again"]
    assert [file.name for file in folder.iterdir()] == ["thing"]


def test_nothing_is_kept_where_the_folder_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_file("thing") is None
    assert kept("thing", "a", lambda: "made") == "made"
