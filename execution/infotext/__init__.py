"""Pictures and texts of AUTOMATIC1111's web UI and its kin become graphs that make the same picture here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comfy_core.folders import Folders
from comfy_core.infotext import parse
from execution.convert.files import Found
from execution.convert.to_prompt import to_prompt
from execution.convert.to_workflow import to_workflow
from execution.infotext.graph import build
from execution.infotext.models import Models
from execution.infotext.pictures import Carried, read_picture
from nodes.schema import NodeSchema

__all__ = ["Imported", "import_picture", "import_text"]
Schemas = dict[str, NodeSchema]


@dataclass(frozen=True)
class Imported:
    """A graph in both formats, and sentences about what it leaves out or could not find."""

    workflow: dict[str, Any]
    prompt: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def import_text(text: str, schemas: Schemas, folders: Folders) -> Imported:
    """The graph of an infotext. Raises ValueError with one sentence if it is none."""
    return _imported(Carried(text.strip(), parse(text)), schemas, folders)


def import_picture(path: Path, schemas: Schemas, folders: Folders) -> Imported:
    """The graph of a picture. Raises ValueError with one sentence if it does not say how it was made; OSError."""
    carried = read_picture(path)
    if isinstance(carried, Carried):
        return _imported(carried, schemas, folders)
    return _with_both(carried, schemas, folders)


def _imported(carried: Carried, schemas: Schemas, folders: Folders) -> Imported:
    models = Models(folders)
    prompt = build(carried.infotext, models, schemas, carried.a1111)
    return Imported(to_workflow(prompt, schemas, note=carried.text), prompt, models.warnings)


def _with_both(found: Found, schemas: Schemas, folders: Folders) -> Imported:
    """What ComfyUI wrote has the graph itself; of its two forms one may be missing."""
    prompt = found.prompt if found.prompt is not None else to_prompt(found.workflow or {}, schemas, folders.files)
    return Imported(found.workflow if found.workflow is not None else to_workflow(prompt, schemas), prompt)
