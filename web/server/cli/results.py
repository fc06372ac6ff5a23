"""How the picture that `--out` asks for gets its name and keeps its workflow."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

REENCODED = {".webp": "webp", ".jpg": "jpeg", ".jpeg": "jpeg"}
EXIF_TAGS = {"prompt": 0x0110, "workflow": 0x010F}
QUALITY = 95


def check_out(out: Path) -> None:
    """Refuse a place for pictures that cannot be used, before anything is computed. Raises ValueError."""
    folder = out if out.is_dir() else out.parent
    if not out.is_dir() and not out.suffix:
        raise ValueError(f"--out {out}: give the file an ending, such as {out}.png")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".easel-probe"
        probe.touch()
        probe.unlink(missing_ok=True)  # another run may have looked, too
    except OSError as error:
        raise ValueError(f"--out {out}: cannot write there: {error.strerror}") from None


def deliver(files: Sequence[Path], out: Path | None) -> Iterator[str]:
    """Move files to where `out` says and yield each one's path. Raises ValueError if there is none to move."""
    if out is not None and not files:
        raise ValueError("the workflow saved nothing that --out could name; end it with a SaveImage node")
    for index, path in enumerate(files):
        yield str(path if out is None else _deliver(path, _target(path, out, index)))


def _target(path: Path, out: Path, index: int) -> Path:
    """`apple.png`, then `apple_1.png`, `apple_2.png` …; in a folder, files keep their names."""
    if out.is_dir():
        return out / path.name
    return out if index == 0 else out.with_name(f"{out.stem}_{index}{out.suffix}")


def _deliver(path: Path, target: Path) -> Path:
    form = REENCODED.get(target.suffix.lower())
    if path.suffix.lower() == ".png" and form is not None:
        _reencode(path, target, form)
        path.unlink()
    elif target.suffix.lower() != path.suffix.lower():
        target = target.with_suffix(path.suffix)
        shutil.move(path, target)
    else:
        shutil.move(path, target)
    return target


def _reencode(path: Path, target: Path, form: str) -> None:
    """A PNG as WebP or JPEG. The workflow goes along in the EXIF strings where ComfyUI puts it; JPEG holds 64 kB."""
    from PIL import Image

    with Image.open(path) as image:
        exif = Image.Exif()
        for key, tag in EXIF_TAGS.items():
            if key in image.info:
                exif[tag] = f"{key}:{image.info[key]}"
        picture = image.convert("RGB") if form == "jpeg" else image
        try:
            picture.save(target, form, quality=QUALITY, exif=exif)
        except ValueError as error:
            raise ValueError(
                f"{target}: its workflow is too large for this kind of file; choose .png or .webp"
            ) from error
