"""Prompts in the shape of /api/jobs: where each stands, and which of its outputs stands for it (contract §2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from execution.history import entry, presentable_number
from execution.store import FINISHED, StoredJob

STATUSES = {  # the API's word: the store's
    "pending": "pending",
    "in_progress": "running",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "interrupted",
}
WORDS = {stored: word for word, stored in STATUSES.items()}
MODELS_3D = (".obj", ".fbx", ".gltf", ".glb", ".usdz")
TEXT_FILES = (".txt", ".md", ".json")
VISUAL_KEYS = ("images", "video", "audio", "3d")
LONGEST_TEXT = 1024


class Output(NamedTuple):
    """One file that a node put out. `kind` is the key it came under."""

    node: str
    kind: str
    file: dict[str, Any]

    @property
    def is_visual(self) -> bool:
        """Whether a picture, a film, a sound or a 3D model can be shown for it."""
        form = self.file.get("format")
        of_media = isinstance(form, str) and form.startswith(("video/", "audio/"))
        return self.kind in VISUAL_KEYS or of_media or _ending(self.file) in MODELS_3D

    @property
    def is_text(self) -> bool:
        return self.kind == "text" or _ending(self.file) in TEXT_FILES

    @property
    def is_saved(self) -> bool:
        return self.file.get("type") == "output"


def summary(job: StoredJob) -> dict[str, Any]:
    """A job as the list shows it; what is not known is left out."""
    finished = job.status in FINISHED
    outputs = list(_outputs(job)) if finished else []
    shown = {
        "id": job.id,
        "status": WORDS[job.status],
        "priority": presentable_number(job.number),
        "create_time": job.created_at,
        "execution_start_time": job.started_at if finished else None,
        "execution_end_time": job.finished_at if finished else None,
        "execution_error": job.error if job.status == "failed" else None,
        "outputs_count": len(outputs),
        "previewable_outputs_count": sum(one.is_visual or one.is_text for one in outputs),
        "preview_output": _preview(job, outputs) if finished else None,
        "workflow_id": job.workflow_id,
    }
    return {key: value for key, value in shown.items() if value is not None}


def details(job: StoredJob) -> dict[str, Any]:
    """A job with the workflow that it runs, and all that came of it, once it has ended."""
    shown = summary(job) | {"workflow": {"prompt": job.prompt, "extra_data": job.extra_data}}
    if job.status in FINISHED:
        shown["outputs"] = {
            node: {key: _normalised(values) for key, values in output.items()} for node, output in job.outputs.items()
        }
        shown["execution_status"] = entry(job)["status"]
    return shown


def _outputs(job: StoredJob) -> Iterator[Output]:
    for node, output in job.outputs.items():
        for key, values in output.items():
            if key == "animated" or not isinstance(values, list):
                continue
            for value in _normalised(values):
                if isinstance(value, dict):
                    yield Output(node, value.get("mediaType", key), value)


def _normalised(values: Any) -> Any:
    """The items of one key; the bare name of a 3D model becomes a file like any other."""
    if not isinstance(values, list):
        return values
    return [_as_file(value) if isinstance(value, str) and _is_model(value) else value for value in values]


def _as_file(name: str) -> dict[str, Any]:
    return {"filename": name, "type": "output", "subfolder": "", "mediaType": "3d"}


def _is_model(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in MODELS_3D


def _preview(job: StoredJob, outputs: list[Output]) -> dict[str, Any] | None:
    """What stands for the job: saved pictures before others, then saved texts, then a text itself."""
    visual = [one for one in outputs if one.is_visual]
    texts = [one for one in outputs if one.is_text and one.is_saved and not one.is_visual]
    for one in (*(one for one in visual if one.is_saved), *visual, *texts):
        return {**one.file, "nodeId": one.node, "mediaType": one.kind}
    return _written(job)


def _written(job: StoredJob) -> dict[str, Any] | None:
    for node, output in job.outputs.items():
        for text in _listed(output.get("text")):
            if isinstance(text, str) and not _is_model(text):
                cut = {"truncated": True} if len(text) > LONGEST_TEXT else {}
                return {"content": text[:LONGEST_TEXT], **cut, "nodeId": node, "mediaType": "text"}
    return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _ending(file: dict[str, Any]) -> str:
    name = file.get("filename")
    return PurePosixPath(name).suffix.lower() if isinstance(name, str) else ""
