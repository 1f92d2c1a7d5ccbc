"""Write variants of A*, each one edit away from specs/procedures/astar.spec, into a folder of their own.

    python examples/variants.py FOLDER

FOLDER/specs/procedures has the variants, FOLDER/specs/formats a format for each, so that their runs can be checked.
"""

from __future__ import annotations

import sys
from pathlib import Path

SPECS = Path(__file__).resolve().parents[1] / "specs"

# By name: what the variant does, and its edits of the specification, as pairs of old and new text.
VARIANTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "early": (
        "stops as soon as a goal is created",
        [
            (
                "    when current != none\n      parent[n] := current\n",
                "    when current != none\n      parent[n] := current\n"
                "    when is_goal(n)\n      found := n\n      done := true\n",
            ),
            ("    done:    bool = false ", "    found:   Node?\n    done:    bool = false "),
            ("if done then chain(parent, current) else []", "if done then chain(parent, found) else []"),
        ],
    ),
    "worst-first": (
        "expands an entry of greatest f",
        [
            ("by g + weight * h(node)", "by -(g + weight * h(node))"),
        ],
    ),
    "forgetful": (
        "never opens a closed node again",
        [
            ("(m in closed => reopen and g < closed[m])", "m not in closed"),
            (
                "require disciplined no-better-closed: n in closed => reopen and g < closed[n]",
                "require disciplined no-better-closed: n not in closed",
            ),
        ],
    ),
}

FORMAT = """format {name}
  "A* that {does}, in a weighted graph."
  grammar weighted-graph
  domain graph
  procedure {name}
"""


def write(folder: Path) -> list[Path]:
    """Write all variants; the files of the procedures."""
    text = (SPECS / "procedures" / "astar.spec").read_text(encoding="utf-8")
    text = text[: text.index("  trace sound over")] + "  trace truncated over graph\n    start = 0\n"
    written = []
    for name, (does, edits) in VARIANTS.items():
        variant = text.replace("procedure astar", f"procedure {name}", 1)
        for old, new in edits:
            assert variant.count(old) == 1, f"{name}: {old!r} stands {variant.count(old)} times in astar.spec"
            variant = variant.replace(old, new)
        for kind, content in (("procedures", variant), ("formats", FORMAT.format(name=name, does=does))):
            path = folder / "specs" / kind / f"{name}.spec"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        written.append(folder / "specs" / "procedures" / f"{name}.spec")
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for path in write(Path(sys.argv[1])):
        print(path)
