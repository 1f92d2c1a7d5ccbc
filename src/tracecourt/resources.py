"""Where grammars and specifications are found: beside the user's own format, in the wheel, or in a checkout."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from tracecourt.errors import InputError, suggestion
from tracecourt.text import Source

GRAMMARS = "grammars"
KINDS = {"domain": "domains", "procedure": "procedures", "format": "formats"}

T = TypeVar("T")


@cache
def library_root() -> Path:
    """The folder that holds `grammars/` and `specs/`: the package in a wheel, the checkout in an editable install."""
    package = Path(__file__).resolve().parent
    for root in (package, package.parents[1]):
        if (root / GRAMMARS).is_dir() and (root / "specs").is_dir():
            return root
    raise InputError("the installation is incomplete: grammars/ and specs/ were not found; reinstall tracecourt")


def cache_file(name: str) -> Path | None:
    """A file in the user's own cache folder, for what is slow to make again; None where the folder cannot be used."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "tracecourt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    mine = not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
    return folder / name if mine and os.access(folder, os.W_OK) else None


def kept(name: str, key: str, make: Callable[[], T]) -> T:
    """What was made under this key before, from the user's cache folder; else what `make` makes, kept under this name."""
    file = cache_file(name)
    if file is None:
        return make()
    with suppress(Exception):  # a file that is absent, cut or of another version is made anew
        found: tuple[str, T] = pickle.loads(file.read_bytes())
        if found[0] == key:
            return found[1]
    made = make()
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as new:
        new.write(pickle.dumps((key, made)))
        new.close()
        os.replace(new.name, file)
    return made


def read_source(path: Path) -> Source:
    """The text of a file, named by the path as the user may know it.

    Raises:
        InputError: when the file cannot be read or is not UTF-8.
    """
    try:
        return Source(_shown(path), path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: byte {error.start} cannot be decoded") from None


def _shown(path: Path) -> str:
    for base in (library_root(), Path.cwd()):
        try:
            return str(path.resolve().relative_to(base.resolve()))
        except ValueError:
            continue
    return str(path)


@dataclass(frozen=True)
class Library:
    """Folders searched in order for `NAME.spec` and `NAME.lark`; a pack's own folders come before the shipped ones."""

    roots: tuple[Path, ...]

    @staticmethod
    def shipped() -> Library:
        """The library that comes with the package."""
        return Library((library_root(),))

    def extended(self, folder: Path) -> Library:
        """The same library with a pack's folder searched first."""
        return Library((folder, *self.roots)) if folder not in self.roots else self

    def names(self, kind: str) -> list[str]:
        """All names of a kind (`domain`, `procedure`, `format`, `grammar`), sorted."""
        return sorted({path.stem for folder, suffix in self._folders(kind) for path in folder.glob(f"*{suffix}")})

    def find(self, kind: str, name: str) -> Path:
        """The file that declares a name.

        Raises:
            InputError: when there is none, with the nearest name.
        """
        for folder, suffix in self._folders(kind):
            path = folder / f"{name}{suffix}"
            if path.is_file():
                return path
        raise InputError(f"there is no {kind} named {name}{suggestion(name, self.names(kind))}")

    def _folders(self, kind: str) -> list[tuple[Path, str]]:
        inner, suffix = (GRAMMARS, ".lark") if kind == "grammar" else (f"specs/{KINDS[kind]}", ".spec")
        return [(folder, suffix) for root in self.roots if (folder := root / inner).is_dir()]
