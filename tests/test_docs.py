"""Every command in README and docs/ runs, and prints what stands below it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, golden
from tracecourt.formats import open_format
from tracecourt.resources import Library
from tracecourt.verdict import LEVEL_MEANINGS

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((*ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")))]
FINDERS = ("check", "explain", "identify", "repair", "compare")  # commands that end with 1 where they find something
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass
class Block:
    """A fenced block: its language, the file that it is to be written to, its text, and where the text stands."""

    language: str
    file: str | None
    text: str
    start: int
    end: int


def blocks(page: Path) -> list[Block]:
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(m[1], m[2], m[3], m.start(3), m.end(3)) for m in found]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the pages speak of, so that commands may write files."""
    copy = tmp_path_factory.mktemp("docs") / "tracecourt"
    copy.mkdir()
    for name in ("grammars", "specs", "examples", "docs"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    return copy


SOLVED = {
    "counterexample.md",
    "compare.md",
    "identify.md",
    "z3.md",
}  # pages whose commands prove something, which takes its time


def run_in_turn(page: Path) -> Any:
    """A page as a parameter of a test that runs its commands."""
    return pytest.param(page, marks=pytest.mark.slow) if page.name in SOLVED else page


def pages_with(language: str) -> list[Path]:
    return [page for page in PAGES if any(block.language == language for block in blocks(page))]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "COLUMNS": "110", "NO_COLOR": "1"}
    script = re.sub(r"^make (\w+)", r"make --dry-run --silent \1 > /dev/null", command, flags=re.MULTILINE)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("page", [*map(run_in_turn, pages_with("sh"))], ids=name_of)
def test_every_command_runs_and_prints_what_the_page_shows(page: Path, checkout: Path, rewrite: bool) -> None:
    written = text = page.read_text(encoding="utf-8")
    printed, after, shift = "", 0, 0
    for block in blocks(page):
        if "\n#" in written[after : block.start]:
            printed = ""  # under another heading, a text is no output of the command
        after = block.end
        if block.file is not None:
            target = checkout / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            done = run(block.text, checkout)
            finds = block.text.splitlines()[-1].startswith(
                (
                    "tracecourt check",
                    "tracecourt explain",
                    "tracecourt identify",
                    "tracecourt repair",
                    "tracecourt compare",
                    "tracecourt counterexample",
                )
            )
            assert done.returncode in ((0, 1) if finds else (0,)), f"{block.text}\n{done.stdout}{done.stderr}"
            printed = done.stdout
        elif block.language == "text" and printed:
            if rewrite:
                text = text[: block.start + shift] + printed + text[block.end + shift :]
                shift += len(printed) - (block.end - block.start)
            else:
                assert block.text == printed
            printed = ""
    if rewrite:
        page.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("page", pages_with("python"), ids=name_of)
def test_every_python_block_runs(page: Path, checkout: Path) -> None:
    code = "\n".join(block.text for block in blocks(page) if block.language == "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_place_of_some_machine(page: Path) -> None:
    assert not re.search(r"/(home|root|work|tmp|Users)/", page.read_text(encoding="utf-8"))


def rules() -> Iterator[str]:
    """The table of all rules, with the sentence that the specification has for each."""
    seen = set()
    for name in Library.shipped().names("format"):
        system = open_format(name).system
        if system.procedure in seen:
            continue
        seen.add(system.procedure)
        yield f"\n### {system.procedure}\n\n{system.procedure_doc}\n\n"
        yield "| rule | level | what it says when it is broken |\n|---|---|---|\n"
        for rule in system.rules:
            yield f"| `{rule.name}` | {rule.level} | {rule.message.text} |\n"
    yield "\n"


def test_the_page_of_verdicts_has_every_rule(rewrite: bool) -> None:
    golden(ROOT / "docs" / "verdicts.md", "rules", "".join(rules()), rewrite=rewrite)


def test_the_page_of_verdicts_has_every_level() -> None:
    text = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")
    assert all(f"| `{level}` |" in text for level in LEVEL_MEANINGS)


def test_a_format_over_a_known_search_takes_less_than_thirty_lines() -> None:
    written = [b for b in blocks(ROOT / "docs" / "adding-a-format.md") if b.file and not b.file.endswith(".jsonl")]
    assert sum(len(block.text.splitlines()) for block in written) < 30
