"""The command line: `serve` and `run`."""
