"""`python main.py verify picture.png`: does a picture, film or sound come out again, and if not, what is different?"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comfy_core.folders import INPUTS, SAVED_TO, Folders, shown
from comfy_core.media.recording import Recording, open_recording
from execution import headless
from execution.convert.files import Found, read_workflow_file
from execution.graph import parse
from execution.headless import Failed
from nodes.recipe import FORMAT, literals
from web.server.cli.arguments import folders_of, worker_of
from web.server.cli.comparison import Difference, compare, verdict
from web.server.cli.run import exit_code, run_with_report

if TYPE_CHECKING:
    from execution.engine import Engine

RESULTS = (" [output]", " [temp]")
DIFFERENT, TROUBLE = 1, 2  # as cmp and diff


def verify(options: argparse.Namespace) -> int:
    """Make a file again and compare. Returns 0 where it is identical, 1 where not, 2 where that cannot be told."""
    return exit_code(_verify(options), options.verbose, TROUBLE)


async def _verify(options: argparse.Namespace) -> int:
    name = options.file.name
    original = open_original(options.file)
    found = headless.read_file(options.file)
    recipe, remark = readable(found.recipe)
    there = folders_of(options)
    _check_files(recipe or {}, there)
    with tempfile.TemporaryDirectory(prefix="easel-verify-") as scratch:
        _divert(options, there, Path(scratch))
        made, left_out = await _make_again(options, there, found, original.kind)
        difference, path = _closest(original, made)
        now = read_workflow_file(path).recipe
    changes = list(differences(recipe, now))
    print(verdict(name, original.kind, difference))
    for line in (*changes, *left_out, *_remarks(name, remark, difference, [*changes, *left_out])):
        print(f"  {line}")
    return 0 if difference.is_none else DIFFERENT


def open_original(path: Path) -> Recording:
    """A file that was read to its end. Raises Failed where it is not there, ImageError where there is no such end."""
    try:
        found = open_recording(path)
        deque(found.frames(), maxlen=0)
        return found
    except FileNotFoundError:
        raise Failed(f"there is no file {path}") from None
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}") from None


def readable(recipe: dict[str, Any] | None) -> tuple[dict[str, Any] | None, str]:
    """A recipe, if it is of the format that is known here, and else why there is none."""
    if recipe is None:
        return None, "carries no recipe"
    format = recipe.get("format", FORMAT)
    return (recipe, "") if format == FORMAT else (None, f"carries a recipe of format {format!r}, not of {FORMAT}")


def _check_files(recipe: dict[str, Any], folders: Folders) -> None:
    """Name all files of a recipe that are missing, before anything is computed. Raises Failed."""
    problems = []
    for name, hash in _section(recipe, "files").items():
        kind, _, file = name.partition("/")
        try:
            is_there = (folders.find("input", file) if kind in INPUTS else folders.find_model(kind, file)).is_file()
        except (FileNotFoundError, ValueError, KeyError):
            is_there = False
        if not is_there:
            problems.append(f"{file!r} is not in {shown(kind)}; put the file there that has the hash {hash}")
    if problems:
        raise Failed(*problems)


def _divert(options: argparse.Namespace, there: Folders, scratch: Path) -> None:
    """Have results go to another place than `there`, where the models that were saved are found all the same."""
    saved = {kind: str(there.output / folder) for kind, folder in SAVED_TO.items()}
    models = scratch / "models.yaml"
    models.write_text(json.dumps({"saved": saved}))  # which is YAML
    options.extra_model_paths_config = [*options.extra_model_paths_config, models]
    options.output_directory, options.temp_directory = scratch / "output", scratch
    here = folders_of(options)
    for folder in (here.output, here.temp):  # as packs expect
        folder.mkdir()
    options.cache_disk = None  # what was computed earlier proves nothing
    options.disable_metadata = False  # by its recipe it is told what is different now


async def _make_again(
    options: argparse.Namespace, there: Folders, found: Found, kind: str
) -> tuple[list[Path], list[str]]:
    """Run what can run of the prompt that a file carries, as the server did: the files of its kind that come out, and
    what is wrong with the rest."""
    folders = folders_of(options)
    async with headless.own_engine(folders, worker_of(options, in_process=True)) as engine:
        schemas = await headless.schemas_of(engine)
        prompt = headless.prompt_of(found, schemas, folders)
        _copy_results(prompt, there, folders)
        prompt, left_out = await _runnable(engine, prompt, schemas)
        outputs = await run_with_report(engine, headless.request_of(found, prompt, [], schemas, folders))
    made = [path for path in headless.reported_files(folders, outputs) if _may_be_it(path, kind)]
    if not made:
        raise Failed(f"the workflow of this {kind} makes no {kind}", *left_out)
    return made, left_out


async def _runnable(
    engine: Engine, prompt: dict[str, Any], schemas: headless.Schemas
) -> tuple[dict[str, Any], list[str]]:
    """The part of a prompt that can run, and what is wrong with the rest. Raises Failed where all is wrong."""
    validation = await engine.validate(prompt)
    if validation.error is not None:
        headless.refuse_invalid(validation)
    needed = parse(prompt, schemas.__getitem__).order(validation.outputs)
    return {id: prompt[id] for id in needed}, headless.problems_of({}, validation.node_errors)


def _copy_results(prompt: dict[str, Any], there: Folders, here: Folders) -> None:
    """Earlier results that a prompt opens, as `cat.png [output]`."""
    for _, _, value in literals(prompt):
        if isinstance(value, str) and value.endswith(RESULTS):
            with suppress(OSError, ValueError):  # of what is missing the check of the prompt tells
                target = here.find("output", value)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(there.find("output", value), target)


def _may_be_it(path: Path, kind: str) -> bool:
    """Is it of the kind, and carries a workflow as the original does? What others show besides need not."""
    try:
        return open_recording(path).kind == kind and bool(read_workflow_file(path))
    except ValueError:
        return False


def _closest(original: Recording, made: list[Path]) -> tuple[Difference, Path]:
    """The one of several files that is most like it: a batch, or a workflow that saves more than one."""
    found = ((compare(original, open_recording(path)), path) for path in made)
    return min(found, key=lambda one: one[0].distance)


# --- what is different -----------------------------------------------------------------------------------------------


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
        names = before.keys() if section == "machine" else before.keys() | after.keys()  # older recipes tell less of it
        for name in sorted(names):
            if before.get(name) != after.get(name):
                yield f"{name}: {before.get(name, 'not there')} then, {after.get(name, 'not there')} now"


def _remarks(name: str, remark: str, difference: Difference, changes: list[str]) -> Iterator[str]:
    """What is to be known of why it is different, where no change says it."""
    if remark:
        yield f"{name} {remark}, so nothing is known of the models and the machine it was made with"
    elif not changes and not difference.is_none:
        yield (
            "graph, files, seeds, versions and device are the same: the file was changed, or some node never gives the "
            "same result twice"
        )


def _section(recipe: dict[str, Any], name: str) -> dict[str, Any]:
    section = recipe.get(name)
    return section if isinstance(section, dict) else {}
