"""The files that a job has written: when it begins again after a crash, it finds them and does not write them twice.

Whoever runs nodes says whose files they are with `noting(folder, name)`; outside of it nothing is noted. Free of torch.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from contextlib import AbstractContextManager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comfy_core.scoped import Scoped

log = logging.getLogger(__name__)
ENDING = ".written"


@dataclass
class Note:
    """What is known of one file: under which temporary name it is written, and then under which name it will appear.

    The name is noted before the file gets it, with the file's inode number: there is no moment in which the file
    is there and nobody knows.
    """

    path: Path

    def recall(self) -> Path | None:
        """The file, if an earlier attempt has finished it; what it left unfinished is removed."""
        noted = _read(self.path)
        with suppress(OSError, KeyError):
            if Path(noted["file"]).stat().st_ino == noted["inode"]:
                return Path(noted["file"])
        _remove_unfinished(noted)
        return None

    def begins(self, temporary: Path) -> None:
        self._write(temporary=str(temporary))

    def will_be(self, temporary: Path, file: Path) -> None:
        """The temporary file is complete and gets this name next."""
        self._write(temporary=str(temporary), file=str(file), inode=temporary.stat().st_ino)

    def _write(self, **noted: Any) -> None:
        """A disk that has no room for the note must not cost the picture, which may lie on another."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps(noted))
        except OSError as error:
            log.warning("%s cannot be written (%s): a crash now may have a file written twice", self.path, error)


@dataclass
class _Call:
    folder: str
    name: str
    files: int = 0


_call: ContextVar[_Call | None] = ContextVar("written_call", default=None)


def noting(folder: str, name: str) -> AbstractContextManager[None]:
    """Note the files written inside the `with` block in a folder that lasts as long as the job; "" notes nothing.

    An equal `name` must mean the same call of the same node.
    """
    return Scoped(_call, _Call(folder, name) if folder else None)


def next_note() -> Note | None:
    """The note of the next file of this call; None where nothing is noted."""
    call = _call.get()
    if call is None:
        return None
    call.files += 1
    digest = hashlib.sha256(f"{call.name} {call.files}".encode("utf-8", "surrogatepass")).hexdigest()
    return Note(Path(call.folder, f"{digest[:32]}{ENDING}"))


def forget(folder: Path) -> None:
    """Remove a job's folder, and what the job left unfinished elsewhere."""
    for path in folder.glob(f"*{ENDING}"):
        _remove_unfinished(_read(path))
    shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return {}


def _remove_unfinished(noted: dict[str, Any]) -> None:
    with suppress(OSError, KeyError):
        os.unlink(noted["temporary"])
