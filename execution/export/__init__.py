"""Workflows as plain Python: scripts that call the node functions by name."""

from execution.export.script import CannotExport, write_script

__all__ = ["CannotExport", "write_script"]
