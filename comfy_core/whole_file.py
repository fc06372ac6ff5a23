"""Files that appear whole or not at all, also where several processes write them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from comfy_core import lock

UNFINISHED = ".part"
PATIENCE = 10.0  # seconds


def unfinished(folder: Path) -> Path:
    """A name in `folder` for what is being written, which no other process has, on whatever machine it runs."""
    return folder / f".{secrets.token_hex(8)}{UNFINISHED}"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The name under which to write a file that takes the place of `path` at the end of the `with` block, if it is
    written by then."""
    temporary = unfinished(path.parent)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Give a file this content. Raises OSError; the file is as it was then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def changing(path: Path) -> AbstractContextManager[None]:
    """Around reading a file, changing what it says and replacing it: other processes do not do so meanwhile.

    Raises TimeoutError when one of them does not come to an end, OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + PATIENCE

    def be_patient() -> None:
        if time.monotonic() > until:
            raise TimeoutError(f"{path} is being changed by another process, which has stopped")

    return lock.alone(path.with_name(f".{path.name}.lock"), be_patient)
