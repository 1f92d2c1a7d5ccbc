"""`tracecourt new`: a pack with a format that can be checked at once, to be changed into one's own."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from string import Template

from tracecourt.errors import InputError
from tracecourt.resources import Library, library_root

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PLACEHOLDER = "NAME"


def scaffold(name: str, parent: Path) -> list[Path]:
    """Write a pack into a new folder of that name; its files.

    Raises:
        InputError: when the name is none or is taken, the folder exists, or it cannot be written.
    """
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name of a format: use small letters, digits and single hyphens, like my-format")
    if name in Library.shipped().names("grammar"):
        raise InputError(f"a grammar named {name} is shipped with tracecourt; choose another name")
    target = parent / name
    template = library_root() / "specs" / "template"
    try:
        if os.path.lexists(target):
            raise InputError(f"{target} exists already")
        with tempfile.TemporaryDirectory(dir=parent, prefix=f".{name}-") as draft:
            for source in sorted(p for p in template.rglob("*") if p.is_file()):
                place = Path(draft) / name / str(source.relative_to(template)).replace(PLACEHOLDER, name)
                place.parent.mkdir(parents=True, exist_ok=True)
                text = Template(source.read_text(encoding="utf-8")).safe_substitute(name=name)
                place.write_text(text, encoding="utf-8")
            shutil.move(str(Path(draft) / name), target)
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror or error}") from None
    return sorted(p for p in target.rglob("*") if p.is_file())
