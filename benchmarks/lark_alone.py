"""Parse each line of a file with Lark, by the format's own grammar, and do nothing else."""

import sys
from pathlib import Path

from lark import Lark

grammar = Path(__file__).parent.parent / "grammars" / "searchformer-maze.lark"
parser = Lark.open(str(grammar), parser="lalr", start="document")
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        parser.parse(line)
