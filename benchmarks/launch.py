"""Run a command and print what it took, as JSON: wall seconds, CPU seconds, peak memory in MB, exit code.

A process of its own, and a small one: a child's peak begins with that of the process from which it was started.
"""

import json
import os
import subprocess
import sys
import time

before = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
wall = time.perf_counter() - before
peak = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
print(json.dumps([wall, used.ru_utime + used.ru_stime, peak, os.waitstatus_to_exitcode(status)]))
