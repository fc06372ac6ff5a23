"""Saving pictures: names with a counter, the workflow inside the file, and never half a file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from comfy_core.folders import inside
from comfy_core.media import metadata, numbering, written
from comfy_core.media.errors import ImageError
from comfy_core.whole_file import unfinished

COMPRESSION = 4
Writer = Callable[[IO[bytes]], Any]
TOKENS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}


def save_pngs(
    pictures: Sequence[Image.Image],
    folder: Path,
    prefix: str,
    texts: Mapping[str, str],
    compress_level: int = COMPRESSION,
) -> list[dict[str, str]]:
    """Write pictures as PNG; `texts` become text chunks. See `save_files`."""
    chunks = _chunks(texts)
    writers = [partial(one.save, format="PNG", pnginfo=chunks, compress_level=compress_level) for one in pictures]
    return save_files(writers, folder, prefix, "_.png", pictures[0].size if pictures else (0, 0))


def save_files(
    writers: Sequence[Writer], folder: Path, prefix: str, ending: str, size: tuple[int, int] = (0, 0)
) -> list[dict[str, str]]:
    """Write files as `prefix_00001` + `ending` and on, in `folder` or the subfolder that `prefix` names.

    `%width%`, `%height%` (of `size`), `%year%`, `%month%`, `%day%`, `%hour%`, `%minute%`, `%second%` and `%batch_num%`
    in it are filled in. Returns `{"filename", "subfolder"}` of each file.

    A file that an earlier attempt of the same job has written (`comfy_core.media.written`) is not written again.

    Raises ImageError when the prefix leaves `folder`, or the disk cannot be written.
    """
    if not writers:
        return []
    stem = _fill_in(prefix, size)
    try:
        path = inside(folder, os.path.normpath(stem))
        if path == folder.resolve():  # "", "." or "x/..": a name is still needed, and it must not be the folder's own
            path /= "image"
        path.parent.mkdir(parents=True, exist_ok=True)
        numbers = numbering.free_numbers(path)
        return [_save_numbered(one, path, index, numbers, folder, ending) for index, one in enumerate(writers)]
    except ValueError as error:
        raise ImageError(f"the filename prefix {prefix!r} leaves {folder.name}/; use a name inside it.") from error
    except OSError as error:
        raise ImageError(f"{folder.name}/ cannot be written: {error.strerror or error}.") from error


def png_texts(prompt: Any, extra_pnginfo: Mapping[str, Any] | None) -> dict[str, str]:
    """The text chunks that let a picture be dropped back onto the canvas: `prompt`, `workflow` and what else came.

    None with `--disable-metadata`.
    """
    if not metadata.is_wanted():
        return {}
    texts = {} if prompt is None else {"prompt": json.dumps(prompt)}
    return texts | {name: json.dumps(value) for name, value in (extra_pnginfo or {}).items()}


@contextmanager
def _nameless(write: Writer, folder: Path, note: written.Note | None) -> Iterator[Path]:
    """A file that is whole and on the disk, under a temporary name, which it loses at the end of the `with` block."""
    temporary = unfinished(folder)
    if note is not None:
        note.begins(temporary)
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _rename_new(temporary: Path, path: Path) -> None:
    """Rename without ever replacing a file: a hard link refuses a taken name where renaming would not.

    Raises FileExistsError when the name is taken.
    """
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        temporary.rename(path)


def _save_numbered(
    write: Writer, path: Path, index: int, numbers: Iterator[int], folder: Path, ending: str
) -> dict[str, str]:
    note = written.next_note()
    known = note.recall() if note is not None else None
    if known is not None:
        with numbering.alone(path.parent, path.name):  # whoever was killed in it has left its file, gone at the end
            return _named(known, folder)
    with _nameless(write, path.parent, note) as temporary, numbering.alone(path.parent, path.name):
        for number in numbers:
            target = path.with_name(f"{path.name.replace('%batch_num%', str(index))}_{number:05}{ending}")
            if note is not None:
                note.will_be(temporary, target)
            with suppress(FileExistsError):
                _rename_new(temporary, target)
                return _named(target, folder)
    raise AssertionError("numbers never end")


def _named(file: Path, folder: Path) -> dict[str, str]:
    subfolder = file.parent.relative_to(folder.resolve()).as_posix()
    return {"filename": file.name, "subfolder": "" if subfolder == "." else subfolder}


def _fill_in(prefix: str, size: tuple[int, int]) -> str:
    now = time.localtime()
    prefix = prefix.replace("%width%", str(size[0])).replace("%height%", str(size[1]))
    for token, form in TOKENS.items():
        prefix = prefix.replace(f"%{token}%", time.strftime(form, now))
    return prefix


def _chunks(texts: Mapping[str, str]) -> PngInfo:
    chunks = PngInfo()
    for name, text in texts.items():
        chunks.add_text(name, text)
    return chunks
