"""`new` and `lint`: a pack that passes at once, every fault with its place, and nothing half-written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.command import Desk, Outcome, jsonl, orderly, row
from tests.conftest import ROOT


# ---------------------------------------------------------------- new
@pytest.mark.parametrize("name", ["my-format", "7", "format"])
def test_a_new_pack_passes_at_once(desk: Desk, name: str) -> None:
    outcome = orderly(desk.run("new", name))
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        f"{name}/grammars/{name}.lark",
        f"{name}/specs/formats/{name}.examples.jsonl",
        f"{name}/specs/formats/{name}.spec",
    ]
    assert f"tracecourt lint {name}" in outcome.err
    assert sorted(str(p) for p in Path().rglob("*") if p.is_file()) == outcome.out.splitlines()
    assert not any("NAME" in path.read_text(encoding="utf-8") for path in map(Path, outcome.out.splitlines()))
    linted = desk.run("lint", name)
    assert (linted.code, linted.out) == (0, "")
    assert re.fullmatch(r"\d+ checked, 0 faults\n", linted.err)
    spec, examples = f"{name}/specs/formats/{name}.spec", f"{name}/specs/formats/{name}.examples.jsonl"
    assert desk.run("check", examples, "--format", spec, "--expect").code == 0
    assert desk.run("generate", "--format", spec, "-n", "1").code == 0


@pytest.mark.parametrize(
    "name", ["", " ", "Mine", "my_format", "a--b", "a-", "../x", "a/b", ".", "..", "a b", "é", "a\n", "٣", "a\x00", "NAME"]
)
def test_a_bad_name_is_refused(desk: Desk, name: str) -> None:
    outcome = orderly(desk.run("new", name))
    assert (outcome.code, outcome.out) == (2, "")
    assert "is no name of a format: use small letters, digits and single hyphens" in outcome.err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("name", ["words", "spec", "searchformer-maze"])
def test_a_name_that_would_hide_a_shipped_grammar_is_refused(desk: Desk, name: str) -> None:
    outcome = orderly(desk.run("new", name))
    assert (outcome.code, outcome.out) == (2, "")
    assert f"a grammar named {name} is shipped" in outcome.err
    assert list(Path().iterdir()) == []


def test_a_name_too_long_for_a_file_is_refused(desk: Desk) -> None:
    outcome = orderly(desk.run("new", "a" * 300))
    assert (outcome.code, outcome.out) == (2, "")
    assert "File name too long" in outcome.err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "full folder", "file", "broken link"])
def test_what_exists_is_left_alone(desk: Desk, kind: str) -> None:
    if kind == "file":
        Path("mine").write_text("kept", encoding="utf-8")
    elif kind == "broken link":
        Path("mine").symlink_to("nowhere")
    else:
        Path("mine").mkdir()
        if kind == "full folder":
            Path("mine", "kept").touch()
    before = sorted(map(str, Path().rglob("*")))
    outcome = orderly(desk.run("new", "mine"))
    assert (outcome.code, outcome.out) == (2, "")
    assert "mine exists already" in outcome.err
    assert sorted(map(str, Path().rglob("*"))) == before


@pytest.mark.parametrize("step", ["pathlib.Path.write_text", "shutil.move"])
def test_nothing_half_written_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, full)
    outcome = orderly(desk.run("new", "mine"))
    assert (outcome.code, outcome.out) == (2, "")
    assert "cannot write mine: No space left on device" in outcome.err
    assert list(Path().iterdir()) == []


# ---------------------------------------------------------------- lint
@pytest.mark.parametrize(
    "name",
    [
        "specs/domains/maze",
        "specs/procedures/astar",
        "specs/formats/searchformer-maze",
        "grammars/searchformer-maze",
        "grammars/words",
    ],
)
def test_a_shipped_file_can_be_checked_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (path,) = ROOT.glob(f"{name}.[sl]*")
    monkeypatch.chdir(path.parent)
    outcome = orderly(desk.run("lint", path.name))
    assert (outcome.code, outcome.out) == (0, "")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere", "there is no file or folder nowhere"),
        ("empty", "empty holds no specs/*/NAME.spec and no grammars/NAME.lark"),
        ("notes.txt", "notes.txt is no .spec and no .lark file; name one, or a folder with specs/ and grammars/"),
    ],
)
def test_where_nothing_can_be_checked_that_is_said(desk: Desk, path: str, said: str) -> None:
    Path("empty").mkdir()
    Path("notes.txt").write_text("domain notes\n", encoding="utf-8")
    outcome = orderly(desk.run("lint", path))
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


def form(name: str, grammar: str = "good", domain: str = "maze", procedure: str = "astar") -> str:
    return f'format {name}\n  "A format."\n  grammar {grammar}\n  domain {domain}\n  procedure {procedure}\n'


EXAMPLES = [
    {"expected": {"verdict": "sound"}},
    {},
    {"expected": {"verdict": "truncated", "rul": None}},
    {"expected": {"verdict": ["truncated"]}},
    {"expected": {"verdict": "truncated"}, "params": {"width": 0}},
    {"expected": {"verdict": "truncated"}, "params": {"width": 5, "height": 5}},
]

FAULTY: dict[str, tuple[str | bytes, list[str]]] = {
    "grammars/bytes.lark": (b"\xff\xfe", [":1:1: error[file]: "]),
    "grammars/syntax.lark": ('document: prompt trace\nprompt: "a"\ntrace: ("b"\n', [":3:12: error[grammar]: "]),
    "grammars/undefined.lark": ('document: prompt trace\nprompt: "a"\ntrace: nope\n', [":1:1: error[grammar]: Rule 'nope'"]),
    "grammars/groups.lark": (
        'document: prompt trace\nprompt: "a"\ntrace: X\nX: /(a)(b)/\n',
        [":1:1: error[grammar]: terminal X has more than one capture group"],
    ),
    "specs/domains/bytes.spec": (b'domain bytes\n  "\xff"\n', [":1:1: error[file]: "]),
    "specs/domains/empty.spec": ("", [":1:1: error[syntax]: the end is not expected here"]),
    "specs/domains/syntax.spec": ("domain syntax\n  fact start Node\n", [":2:14: error[syntax]: Node is not expected here"]),
    "specs/domains/names.spec": (
        'domain names\n  "Two faults."\n  sort Node = 0..9\n  fact start: Nod\n  def h(n: Node): int = hh(n)\n',
        [":4:15: error[name]: there is no sort named Nod", ":5:25: error[name]: there is no function named hh"],
    ),
    "specs/formats/over-names.spec": (form("over-names", domain="names"), []),
    "specs/formats/alias.spec": (form("other"), [":1:8: error[place]: a format other lies in specs/formats/other.spec"]),
    "specs/format/lost.spec": (form("lost"), [":1:8: error[place]: a format lost lies in specs/formats/lost.spec"]),
    "specs/formats/no-grammar.spec": (
        form("no-grammar", grammar="goood"),
        [":3:11: error[name]: there is no grammar named goood"],
    ),
    "specs/formats/no-domain.spec": (form("no-domain", domain="mazze"), [":4:10: error[name]: there is no domain named mazze"]),
    "specs/formats/half.spec": (
        'format half\n  "x"\n  grammar good\n  domain maze\n',
        [":1:8: error[place]: the format does not name its procedure"],
    ),
    "specs/formats/silent.spec": (form("silent"), []),
    "specs/formats/silent.examples.jsonl": (b"", [":1:1: error[examples]: format silent has no example that is sound"]),
    "specs/formats/lonely.spec": (form("lonely"), []),
    "specs/formats/faulty.spec": (form("faulty"), []),
    "specs/formats/faulty.examples.jsonl": (
        jsonl(*(row("create 0 0 c0 c1", f"e{i}", **more) for i, more in enumerate(EXAMPLES))) + b"{\n",
        [
            ":1:1: error[example]: e0: verdict sound, but it is truncated",
            ":2:1: error[example]: e1: the row does not say what is expected",
            ":3:1: error[example]: e2: nothing named rul can be expected (did you mean rule?)",
            ':4:1: error[example]: e3: verdict ["truncated"], but it is truncated',
            ":5:1: error[example]: e4: parameter width: 0 is not a number from 1 to 100000",
            ":7:1: error[example]: this line is no JSON",
        ],
    ),
    "grammars/misfit.lark": (
        """document: prompt trace
prompt: "start" node -> start
trace: (step | plan)* end?
?step: "create" node cost -> create
     | "clsoe" node cost cost -> clsoe
plan: "plan" node -> plan
end: "eos" -> end
node: INT INT
cost: INT
%import .words (INT, BLANK)
%ignore BLANK
""",
        [
            ":4:30: error[join]: create is printed with 2 arguments, but is declared with 3",
            ":5:34: error[join]: clsoe is no fact of maze and no event of astar (did you mean close?)",
        ],
    ),
    "specs/formats/misfit.spec": (form("misfit", grammar="misfit"), []),
    "specs/procedures/blocks.spec": (
        """procedure blocks
  "Visits nodes once."
  needs sort Node
  state
    seen: set Node
  event visit(n: Node)
    require disciplined once: n not in seen
      else "{n} was seen"
    seen += n
  end
    require complete any: seen != {}
      else "nothing was seen"
  trace sound over names-enough
    "It is not."
    visit(0)
    visit(0)
  trace unsound visit/once at 0 over names-enough
    "It is the second."
    visit(0)
    visit(0)
""",
        [
            ":13:9: error[trace]: this trace is expected to have verdict sound, but it is unsound",
            ":17:9: error[trace]: this trace is expected to have event 0, but it is 1",
        ],
    ),
    "specs/domains/names-enough.spec": ('domain names-enough\n  "Ten nodes."\n  sort Node = 0..9\n', []),
    "specs/procedures/names.spec": (
        """procedure names
  "Its trace blocks name what there is not."
  needs sort Node
  event visit(n: Node)
    require disciplined never: n != n
      else "{n}"
  end
    require complete any: true
      else ""
  trace sound over nowhere
    "No domain."
  trace unsound visit/nver over names-enough
    "No rule."
    visit(0)
  trace perfect over names-enough
    "No verdict, and no events."
    visti(0)
    visit(0, 1)
""",
        [
            ":10:9: error[name]: there is no domain named nowhere",
            ":12:9: error[name]: there is no rule visit/nver (did you mean visit/never?)",
            ":15:9: error[name]: perfect is not a verdict of a trace block",
            ":17:5: error[name]: visti does not fit the procedure",
            ":18:5: error[name]: visit does not fit the procedure",
        ],
    ),
}
ELSEWHERE = [
    "bad/specs/formats/lonely.examples.jsonl:1:1: error[examples]: there is no such file",
    "bad/specs/formats/silent.examples.jsonl:1:1: error[examples]: format silent has no example that is unsound",
    "bad/specs/formats/misfit.spec:1:1: error[join]: the grammar misfit never states the fact goal of maze",
    "specs/procedures/astar.spec",  # what a procedure needs and the domain of over-names lacks
]


@pytest.fixture
def faulty(desk: Desk) -> Outcome:
    assert desk.run("new", "good").code == 0
    Path("good").rename("bad")
    for name, (text, _) in FAULTY.items():
        path = Path("bad", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return desk.run("lint", "bad")


def test_every_fault_of_a_pack_is_told_once_with_its_place(faulty: Outcome) -> None:
    assert orderly(faulty).code == 1
    told = [line for line in faulty.out.splitlines() if re.match(r"\S+:\d+:\d+: error\[\w+\]: ", line)]
    for name, (_, wanted) in FAULTY.items():
        for start in wanted:
            assert len([line for line in told if line.startswith(f"bad/{name}{start}")]) == 1, (name, start)
    expected = [f"bad/{name}{start}" for name, (_, wanted) in FAULTY.items() for start in wanted] + ELSEWHERE
    assert [line for line in told if not line.startswith(tuple(expected))] == []
    assert faulty.err == f"{faulty.err.split()[0]} checked, {len(told)} faults\n"
    assert len(set(told)) == len(told)


def test_a_faulty_file_alone_is_told_the_same(desk: Desk, faulty: Outcome) -> None:
    alone = [name for name, (_, wanted) in FAULTY.items() if wanted and not name.endswith((".jsonl", "misfit.lark"))]
    for name in [*alone, "specs/formats/misfit.spec"]:  # a grammar does not know what it is joined with
        outcome = orderly(desk.run("lint", f"bad/{name}"))
        assert (name, outcome.code) == (name, 1)
        assert outcome.out.splitlines()
        assert set(outcome.out.splitlines()) <= set(faulty.out.splitlines()), name


def test_one_fault_is_not_many(desk: Desk) -> None:
    Path("one/specs/domains").mkdir(parents=True)
    Path("one/specs/domains/one.spec").touch()
    assert desk.run("lint", "one").err == "1 checked, 1 fault\n"


def test_a_terminal_that_is_no_pattern_is_a_fault_of_the_grammar(desk: Desk) -> None:
    Path("one/grammars").mkdir(parents=True)
    Path("one/grammars/one.lark").write_text("document: prompt trace\nprompt: X\ntrace: X\nX: /[/\n", encoding="utf-8")
    outcome = orderly(desk.run("lint", "one"))
    assert outcome.code == 1
    assert outcome.out.startswith("one/grammars/one.lark:")


@pytest.mark.parametrize("suffix", [".spec", ".lark"])
def test_a_file_outside_of_any_pack_can_be_named(desk: Desk, suffix: str) -> None:
    Path(f"alone{suffix}").write_text(
        "domain alone\n" if suffix == ".spec" else "prompt: nope\ntrace: nope\n", encoding="utf-8"
    )
    outcome = orderly(desk.run("lint", f"alone{suffix}"))
    assert outcome.code in (0, 1)
    assert re.fullmatch(r"1 checked, (0 faults|1 fault)\n", outcome.err)


def test_a_file_near_the_root_of_the_file_system_can_be_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("alone.spec").write_text("domain alone\n", encoding="utf-8")
    monkeypatch.setattr("pathlib.Path.resolve", lambda self, strict=False: Path("/", self.name))
    assert orderly(desk.run("lint", "alone.spec")).code in (0, 1)
