"""`python main.py verify picture.png`: does a picture come out again, and if not, what is different?"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comfy_core.folders import INPUTS, Folders
from execution import headless
from execution.convert.files import Found, read_workflow_file
from execution.headless import Failed
from web.server.cli.arguments import folders_of, worker_of
from web.server.cli.run import exit_code, run_with_report

if TYPE_CHECKING:
    from PIL.Image import Image

DIFFERENT, TROUBLE = 1, 2  # as cmp and diff


def verify(options: argparse.Namespace) -> int:
    """Make a picture again and compare. Returns 0 where it is identical, 1 where not, 2 where that cannot be told."""
    return exit_code(_verify(options), options.verbose, TROUBLE)


async def _verify(options: argparse.Namespace) -> int:
    picture = open_picture(options.picture)
    found = headless.read_file(options.picture)
    _check_files(found.recipe or {}, folders_of(options))
    with tempfile.TemporaryDirectory(prefix="easel-verify-") as scratch:
        options.output_directory, options.temp_directory = Path(scratch, "output"), Path(scratch)
        options.cache_disk = None  # what was computed earlier proves nothing
        folders = folders_of(options)
        made = await _make_again(options, folders, found)
        difference, path = _closest(picture, made)
        now = read_workflow_file(path).recipe
    changes = list(differences(found.recipe, now))
    for line in report(options.picture.name, picture.size, difference, changes, has_recipe=found.recipe is not None):
        print(line)
    return 0 if difference.pixels == 0 else DIFFERENT


def open_picture(path: Path) -> Image:
    """A decoded picture. Raises Failed for a file that is none."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            image.load()
            return image
    except FileNotFoundError:
        raise Failed(f"there is no file {path}") from None
    except UnidentifiedImageError:
        raise Failed(f"{path.name} is not a picture") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Failed(f"{path.name} cannot be read as a picture: {reason}") from None


def _check_files(recipe: dict[str, Any], folders: Folders) -> None:
    """Name all files of a recipe that are missing, before anything is computed. Raises Failed."""
    problems = []
    for name, hash in _section(recipe, "files").items():
        kind, _, file = name.partition("/")
        place = "input/" if kind in INPUTS else f"models/{kind}/"
        try:
            is_there = (folders.find("input", file) if kind in INPUTS else folders.find_model(kind, file)).is_file()
        except (FileNotFoundError, ValueError, KeyError):
            is_there = False
        if not is_there:
            problems.append(f"{file!r} is not in {place}; put the file there that has the hash {hash}")
    if problems:
        raise Failed(*problems)


async def _make_again(options: argparse.Namespace, folders: Folders, found: Found) -> list[Path]:
    """Run the prompt of a picture; the pictures that come out."""
    async with headless.own_engine(folders, worker_of(options, in_process=True)) as engine:
        schemas = await headless.schemas_of(engine)
        prompt = headless.prompt_of(found, schemas, folders)
        outputs = await run_with_report(engine, headless.request_of(found, prompt, [], schemas, folders))
    pictures = [path for path in headless.reported_files(folders, outputs) if _is_picture(path)]
    if not pictures:
        raise Failed("the workflow of this picture makes no pictures")
    return pictures


def _is_picture(path: Path) -> bool:
    try:
        open_picture(path)
    except Failed:
        return False
    return True


# --- comparing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Difference:
    """How far two pictures are apart: the mean and the largest difference of a colour's value, of 255, and how many
    pixels differ at all. Pictures of different sizes have nothing in common; `size` is that of the second."""

    mean: float
    largest: int
    pixels: int
    size: tuple[int, int]


def compare(first: Image, second: Image) -> Difference:
    """The difference of two pictures; one without transparency is opaque."""
    import numpy as np

    if first.size != second.size:
        return Difference(255.0, 255, max(first.width * first.height, 1), second.size)
    has_alpha = any("A" in image.getbands() for image in (first, second))
    one, other = (
        np.asarray(image.convert("RGBA" if has_alpha else "RGB"), dtype=np.int16) for image in (first, second)
    )
    apart = np.abs(one - other)
    return Difference(float(apart.mean()), int(apart.max()), int(apart.any(axis=-1).sum()), second.size)


def _closest(picture: Image, made: list[Path]) -> tuple[Difference, Path]:
    """The one of several pictures that is most like it: a batch, or a workflow that saves more than one."""
    return min((compare(picture, open_picture(path)), path) for path in made)


def differences(then: dict[str, Any] | None, now: dict[str, Any] | None) -> Iterator[str]:
    """What differs between two recipes, a line for each."""
    if then is None or now is None:
        return
    nodes = _section(then, "nodes")
    for name, made in _section(now, "nodes").items() if nodes else ():
        if nodes.get(name) != made:
            yield f"node {name} ({made.rpartition(' ')[0]}) was edited in the file since"
    for section in ("files", "seeds", "machine"):
        before, after = _section(then, section), _section(now, section)
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                yield f"{name}: {before.get(name, 'not there')} then, {after.get(name, 'not there')} now"


def report(
    name: str, size: tuple[int, int], difference: Difference, changes: list[str], has_recipe: bool
) -> Iterator[str]:
    """What a person wants to know of a comparison."""
    if difference.pixels == 0:
        yield f"identical: every pixel of {name} came out again"
    elif difference.size != size:
        yield "different: it is {} × {} and came out {} × {}".format(*size, *difference.size)
    else:
        yield (
            f"different: {difference.pixels} of {size[0] * size[1]} pixels, by at most {difference.largest} of 255 "
            f"and by {difference.mean:.3g} on average"
        )
    yield from (f"  {change}" for change in changes)
    if not has_recipe:
        yield f"  {name} carries no recipe, so nothing is known of the models and the machine it was made with"
    elif not changes and difference.pixels:
        yield "  graph, files, seeds, versions and device are the same: some node gives another result in every run"


def _section(recipe: dict[str, Any], name: str) -> dict[str, Any]:
    section = recipe.get(name)
    return section if isinstance(section, dict) else {}
