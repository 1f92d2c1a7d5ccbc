"""`make bench`: all measurements, written to `benchmarks/RESULTS.md`; `--quick` is for trying it, some 60 seconds."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import corpora
import hidden
import measure
import parts
import peers
import results
import scaling
import starts
import whole
from corpora import MB

from tracecourt.engines.native import available

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    number: int  # different traces of each size of maze
    repeats: int
    files: dict[str, int]  # bytes of the corpora
    huge: int  # bytes of a corpus that `check`, native, and `wc` alone go through; 0 for none
    growing: dict[str, tuple[int, ...]]  # bytes of growing corpora, by what goes through them
    lengths: tuple[int, ...]  # events of growing traces
    hidden: tuple[tuple[int, ...], int]  # sizes of mazes, and how many of each


FULL = Scale(
    number=200,
    repeats=3,
    files={"large": 100 * MB, "small": 10 * MB, "tiny": MB // 3, "json": 10 * MB},
    huge=1000 * MB,
    growing={
        "native": (MB, 10 * MB, 100 * MB, 1000 * MB),
        "compiled": (MB, 3 * MB, 10 * MB),
        "expert": (MB, 3 * MB, 10 * MB, 30 * MB),
    },
    lengths=(1_000, 10_000, 100_000, 1_000_000),
    hidden=((5, 10), 10),
)
QUICK = Scale(
    number=10,
    repeats=2,
    files={"large": 20 * MB, "small": MB, "tiny": MB // 50, "json": MB},
    huge=0,
    growing={"native": (MB, 20 * MB), "compiled": (MB // 4, MB), "expert": (MB, 4 * MB)},
    lengths=(500, 2_000),
    hidden=((5,), 3),
)


class Benchmark:
    """One run over one set of corpora."""

    def __init__(self, scale: Scale, folder: Path, shared: Path) -> None:
        self.scale, self.folder, self.shared = scale, folder, shared
        self.rows = corpora.rows(scale.number, folder=folder)
        self.lines = corpora.as_lines(self.rows)
        self.files = {name: self.file(size) for name, size in scale.files.items() if name != "json"}
        self.json = corpora.corpus(corpora.as_json(self.rows), f"json-{scale.number}", scale.files["json"], folder)
        self.expert = 0.0
        for engine in whole.ENGINES:  # what is compiled once, is compiled now
            measure.run(measure.Case("first", whole.check(engine, self.file(MB // 50))))

    def file(self, size: int) -> Path:
        """Text lines of about so many bytes."""
        return corpora.corpus(self.lines, f"lines-{self.scale.number}", size, self.folder)

    def sections(self, figures: Path) -> Iterator[tuple[str, str]]:
        """The tables by their titles, each as soon as it is measured."""
        steps: dict[str, Callable[[], str]] = {
            "Text lines, whole processes": self.text,
            "JSONL, whole processes": self.rows_of_json,
            "Starting": lambda: starts.starts(self.rows, self.scale.repeats, native=bool(self.scale.huge)),
            "One call, 10×10": self.calls,
            "Where the native engine's time goes": lambda: parts.parts(self.files["small"], 2 * self.scale.repeats + 1),
            "Length of a trace": lambda: self.lengths(figures),
            "Size of a corpus": lambda: self.sizes(figures),
            "Checkers of others": lambda: peers.peers(self.rows, self.scale.repeats, self.shared),
            "Runs behind texts that hide a part": lambda: hidden.hidden_runs(*self.scale.hidden),
        }
        for title, step in steps.items():
            yield title, step()

    def text(self) -> str:
        found = whole.measured(whole.text_cases(self.files), self.scale.repeats)
        self.expert = whole.expert_rate(found)
        page = whole.markdown(found, self.expert)
        if self.scale.huge:
            huge = self.file(self.scale.huge)
            cases = [case for case in whole.text_cases(self.files | {"large": huge}) if case.size > self.scale.files["large"]]
            page += "\nThe same with more of it:\n\n" + whole.markdown(whole.measured(cases, 2), self.expert)
        return page

    def rows_of_json(self) -> str:
        page = whole.markdown(whole.measured(whole.json_cases(self.json), self.scale.repeats), self.expert)
        return page + "\nThe expert read text lines, see above: decoding JSON is not in its time. Subtract it to compare.\n"

    def calls(self) -> str:
        small = [row for row in self.rows if row["params"]["width"] == 10]
        return starts.latencies(small[:100], 2 * self.scale.repeats + 1)

    def lengths(self, figures: Path) -> str:
        curves = scaling.trace_lengths(self.scale.lengths, self.scale.repeats)
        drawn = scaling.plot(curves, "events", "s of CPU time an event", figures / "trace-length.svg", each=True)
        page = "One sound trace, from corner to corner of a maze that grows, through the API. The slope is the exponent k of\n"
        page += "time ~ events^k, by least squares of the logarithms; 1 is linear.\n\n" + scaling.lengths_markdown(curves)
        return page + _figure(figures / "trace-length.svg", drawn=drawn)

    def sizes(self, figures: Path) -> str:
        files = {name: [self.file(size) for size in sizes] for name, sizes in self.scale.growing.items()}
        curves = scaling.corpus_sizes(files, min(2, self.scale.repeats))
        drawn = scaling.plot(curves, "bytes", "s of CPU time", figures / "corpus-size.svg", each=False)
        return scaling.sizes_markdown(curves) + _figure(figures / "corpus-size.svg", drawn=drawn)


def _figure(file: Path, *, drawn: bool) -> str:
    return f"\n![{file.stem}]({file.parent.name}/{file.name})\n" if drawn else "\nNo figure: matplotlib is not installed.\n"


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small corpora, few repetitions, nothing is written")
    parser.add_argument("--shared", type=Path, default=peers.SHARED, help="a folder with prototypes to run beside the expert")
    options = parser.parse_args()
    if not available():
        parser.exit(2, "the benchmark compares with the native engine, which needs numba\n")
    scale, known, begun = QUICK if options.quick else FULL, results.about(), time.perf_counter()
    benchmark, sections = Benchmark(scale, corpora.CACHE, options.shared), {}
    figures = corpora.CACHE / "figures" if options.quick else HERE / "figures"
    for title, text in benchmark.sections(figures):
        sections[title] = text
        print(f"\n## {title} ({time.perf_counter() - begun:.0f} s)\n\n{text}", flush=True)
    known["took"] = f"{time.perf_counter() - begun:.0f} s"
    page = results.markdown(scale.number, sections, known, quick=options.quick)
    if not options.quick:
        (HERE / "RESULTS.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
