"""What a run made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class File:
    """A file that a node wrote. `data` are its bytes; `type` is `output`, or `temp` for previews."""

    node: str
    kind: str
    filename: str
    subfolder: str
    type: str
    data: bytes

    def save(self, path: str | Path) -> Path:
        """Write it to a file, or into a folder under its own name. Returns where it is."""
        path = Path(path)
        if path.is_dir():
            path = path / Path(self.filename).name
        path.write_bytes(self.data)
        return path


@dataclass(frozen=True)
class Result:
    """`outputs` is what each output node reported, by node id; `files` are the files among it, fetched."""

    prompt_id: str
    outputs: dict[str, dict[str, Any]]
    files: tuple[File, ...]


def places(outputs: dict[str, dict[str, Any]]) -> list[tuple[str, str, dict[str, str]]]:
    """(node, kind, {filename, subfolder, type}) of every file among the outputs."""
    return [
        (node, kind, {key: str(one.get(key, "")) for key in ("filename", "subfolder", "type")})
        for node, output in outputs.items()
        for kind, entries in output.items()
        if isinstance(entries, list)
        for one in entries
        if isinstance(one, dict) and one.get("filename")
    ]
