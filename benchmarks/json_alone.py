"""Decode each line of a file as JSON, and do nothing else."""

import json
import sys

with open(sys.argv[1], "rb") as lines:
    for line in lines:
        json.loads(line)
