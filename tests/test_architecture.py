"""The order of the stages, the fence around third-party packages, and no format's words in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tracecourt.catalogue import catalogue
from tracecourt.resources import KINDS

SOURCE = ROOT / "src" / "tracecourt"

# Each stage may import the stages above it and itself; engines are siblings but for the reference they share.
STAGES = (
    ("text", "errors", "resources"),
    ("grammar",),
    ("spec",),
    ("engines",),
    ("verdict", "parameters", "scanning", "formats", "documents", "check", "batches"),
    (
        "causes",
        "explain",
        "generate",
        "lemmas",
        "mutate",
        "ties",
        "candidates",
        "identify",
        "hypotheses",
        "witness",
        "counterexample",
        "compare",
        "repair",
        "cases",
        "reruns",
        "reductions",
        "shrink",
    ),
    ("rows",),
    ("report",),
    (
        "lint",
        "scaffold",
        "catalogue",
        "api",
        "cli_search",
        "cli_rows",
        "cli_claims",
        "cli_compare",
        "cli_repair",
        "cli_shrink",
        "cli",
        "__main__",
        "__init__",
    ),
)
RANK = {name: rank for rank, stage in enumerate(STAGES) for name in stage}
# Within a stage, a module may import the ones named before it.
ORDER = {name: index for stage in STAGES for index, name in enumerate(stage)}

FENCE = {
    "lark": {"grammar", "spec"},
    "regex": {"grammar"},
    "click": {"cli", "cli_search", "cli_rows", "cli_claims", "cli_compare", "cli_repair", "cli_shrink"},
    "numba": {"engines"},
    "llvmlite": {"engines"},
    "numpy": {"engines"},
    "rich": {"report", "cli"},
    "z3": {"engines"},
    "networkx": {"engines", "report"},
}
BROUGHT = {"llvmlite", "numpy"}  # by numba

CONTRACT = {"plan", "end"}  # words of the contract that are also names of events


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def stage_of(path: Path) -> str:
    part = path.relative_to(SOURCE).parts[0]
    return part.removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_module_imports_only_what_stands_above_it(path: Path) -> None:
    here = stage_of(path)
    assert here in RANK, f"{here} has no place in STAGES"
    for name in imports(path):
        if name.startswith("tracecourt.") and here != "__init__":
            there = name.split(".")[1]
            same = there == here or (RANK[there] == RANK[here] and ORDER[there] < ORDER[here])
            assert RANK[there] < RANK[here] or same, f"{here} must not import {there}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_third_party_packages_stay_behind_their_fence(path: Path) -> None:
    for name in imports(path):
        package = name.split(".")[0]
        allowed = FENCE.get(package)
        assert allowed is None or stage_of(path) in allowed, f"{stage_of(path)} must not import {package}"


def test_the_fence_names_every_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    named = {"z3-solver": "z3"}
    packages = {re.match(r"[a-z0-9-]+", d)[0] for d in declared}  # type: ignore[index]
    assert {named.get(p, p) for p in packages} == set(FENCE) - BROUGHT  # type: ignore[index]


@cache
def particular_names() -> frozenset[str]:
    """Every name of a format, domain, procedure or event that the specifications declare."""
    names = {path.stem for folder in KINDS.values() for path in (ROOT / "specs" / folder).glob("*.spec")}
    for entry in catalogue():
        names |= {*entry["events"]}
    return frozenset(names - CONTRACT)


def words(path: Path) -> Iterator[tuple[int, str]]:
    """Identifiers and the words of texts, documentation excepted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.Constant(value=str() as text) if id(node) not in documentation:
                yield from ((node.lineno, word) for word in re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", text))


def test_there_are_names_to_look_for() -> None:
    assert {"create", "close", "maze", "astar", "searchformer-maze"} <= particular_names()


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_module_names_a_format_a_domain_a_procedure_or_an_event(path: Path) -> None:
    forbidden = particular_names()
    found = [(line, word) for line, word in words(path) if word in forbidden]
    assert not found


def test_every_module_is_short_enough_to_read() -> None:
    long = {str(p.relative_to(SOURCE)): n for p in modules() if (n := len(p.read_text(encoding="utf-8").splitlines())) > 520}
    assert not long
