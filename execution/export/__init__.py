"""Workflows as plain Python: scripts that call the node functions by name."""

from execution.export.absent import validate_without_files
from execution.export.refusal import CannotExport
from execution.export.script import write_script

__all__ = ["CannotExport", "validate_without_files", "write_script"]
