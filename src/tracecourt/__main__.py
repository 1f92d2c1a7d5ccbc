"""`python -m tracecourt`."""

from tracecourt.cli import main

main()
