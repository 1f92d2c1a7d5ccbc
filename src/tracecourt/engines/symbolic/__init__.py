"""The symbolic engine: a system whose problem and run are unknown, as a formula that Z3 decides."""
