"""From what the editor saves to what the engine runs: UI workflow in, API prompt out; and workflows inside pictures."""

from execution.convert.detect import is_workflow, kind_of
from execution.convert.files import Found, read_workflow_file
from execution.convert.sheet import ConversionError
from execution.convert.to_prompt import to_prompt

__all__ = ["ConversionError", "Found", "is_workflow", "kind_of", "read_workflow_file", "to_prompt"]
