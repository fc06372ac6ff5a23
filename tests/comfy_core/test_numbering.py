"""Processes that save under the same name at the same time: each file has a number of its own, and is whole."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from comfy_core import lock
from comfy_core.lock import FileLock
from comfy_core.media.numbering import Claims, alone, claim, free_numbers
from comfy_core.progress import Interrupted, listen
from tests.processes import at_once

SAVER = """
import os
from pathlib import Path
from PIL import Image
from comfy_core.media.save import save_files, save_pngs

folder = Path(sys.argv[1])
os.getpid = lambda: 1  # as in containers that share a folder
"""
COUNT = 150


def saves(statement: str, count: int = COUNT) -> str:
    """A program that does this `count` times, for `n` from 0, and tells the names of the files."""
    return f"{SAVER}\nbegin()\nnames = []\nfor n in range({count}):\n    names += {statement}\ntell(names)"


def pictures(colour: str) -> str:
    return f"[one['filename'] for one in save_pngs([Image.new('RGB', (9, 9), '{colour}')], folder, 'a', {{}})]"


def numbers(names: list[str]) -> list[int]:
    return [int(re.fullmatch(r"a_(\d+)\D.*", name)[1]) for name in names]  # type: ignore[index]


def check_pictures(folder: Path, told: dict[str, list[str]]) -> None:
    """Every name was told once, every file is there, whole and by who told of it, and nothing else is there."""
    assert sorted(path.name for path in folder.iterdir()) == sorted(name for names in told.values() for name in names)
    for colour, names in told.items():
        for name in names:
            with Image.open(folder / name) as image:
                assert image.convert("RGB").getcolors() == Image.new("RGB", (9, 9), colour).getcolors()


def test_two_processes_never_take_the_same_number(tmp_path: Path):
    found = at_once(saves(pictures("red")), saves(pictures("blue")), arguments=[tmp_path])
    check_pictures(tmp_path, dict(zip(("red", "blue"), found, strict=True)))
    assert sorted(numbers([*found[0], *found[1]])) == list(range(1, 2 * COUNT + 1))


def test_nor_do_they_where_there_are_no_hard_links(tmp_path: Path):
    """There a name that is free is looked for first, and then taken."""
    refuse = """
def refuse(*_):
    raise PermissionError(1, "Operation not permitted")
os.link = refuse
exists = Path.exists
def slowly(path):
    found = exists(path)
    time.sleep(0.001)
    return found
Path.exists = slowly
import time
begin()"""
    programs = [saves(pictures(colour), 60).replace("begin()", refuse) for colour in ("red", "blue")]
    found = at_once(*programs, arguments=[tmp_path])
    check_pictures(tmp_path, dict(zip(("red", "blue"), found, strict=True)))


def test_files_of_different_kinds_have_different_numbers(tmp_path: Path):
    def kind(ending: str) -> str:
        return saves(f"[save_files([lambda file: file.write(b'x')], folder, 'a', '{ending}')[0]['filename']]")

    first, second = at_once(kind("_.latent"), kind(".txt"), arguments=[tmp_path])
    assert sorted(numbers([*first, *second])) == list(range(1, 2 * COUNT + 1))


def test_batches_of_both_are_whole(tmp_path: Path):
    def batch(colour: str) -> str:
        picture = f"Image.new('RGB', (9, 9), '{colour}')"
        return saves(f"[one['filename'] for one in save_pngs([{picture}] * 3, folder, 'a', {{}})]", 50)

    found = at_once(batch("red"), batch("blue"), arguments=[tmp_path])
    check_pictures(tmp_path, dict(zip(("red", "blue"), found, strict=True)))


def test_packs_that_choose_names_themselves_overwrite_nothing(tmp_path: Path):
    """They ask for a number, and take as many as they like from there on."""
    pack = f"""
from compat import folder_paths
from comfy_core.media.numbering import Claims
{SAVER}
def save_batch():
    with Claims():
        place, name, number, _, _ = folder_paths.get_save_image_path("a", str(folder))
        names = [f"{{name}}_{{one:05}}_.png" for one in range(number, number + 3)]
        for one in names:
            with open(os.path.join(place, one), "xb") as file:
                Image.new("RGB", (9, 9), COLOUR).save(file, "PNG")
        return names

begin()
names = []
for n in range(40):
    names += save_batch()
tell(names)
"""
    programs = [pack.replace("COLOUR", "'red'"), pack.replace("COLOUR", "'green'"), saves(pictures("blue"), 100)]
    found = at_once(*programs, arguments=[tmp_path])
    check_pictures(tmp_path, dict(zip(("red", "green", "blue"), found, strict=True)))
    assert max(Counter(numbers([name for names in found for name in names])).values()) == 1


# --- one process -----------------------------------------------------------------------------------------------------


class Impatient:
    """A run that is to stop when it has asked so often whether it is to."""

    def __init__(self, questions: int = 3) -> None:
        self.questions = questions

    def interrupted(self) -> bool:
        self.questions -= 1
        return self.questions < 0


@pytest.fixture
def theirs(tmp_path: Path) -> FileLock:
    """Another process is choosing numbers for "a"."""
    with alone(tmp_path, "a"):
        (file,) = tmp_path.iterdir()
    return FileLock(file)


def test_who_waits_for_another_process_can_be_interrupted(tmp_path: Path, theirs: FileLock):
    with listen(Impatient()), pytest.raises(Interrupted), alone(tmp_path, "A"):  # type: ignore[arg-type]
        pass
    with alone(tmp_path, "b"):
        pass
    theirs.release()
    with alone(tmp_path, "a"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_claim_lasts_for_the_call_of_the_node(tmp_path: Path):
    claim(tmp_path, "a")
    assert list(tmp_path.iterdir()) == []
    with Claims():
        claim(tmp_path, "a")
        claim(tmp_path, "a")
        with alone(tmp_path, "a"):
            (file,) = tmp_path.iterdir()
        with pytest.raises(BlockingIOError):
            FileLock(file)
    assert list(tmp_path.iterdir()) == []


def test_a_claim_of_an_async_node_lasts_until_that_is_done(tmp_path: Path):
    async def node() -> int:
        await asyncio.sleep(0)
        claim(tmp_path, "a")
        return len(list(tmp_path.iterdir()))

    async def run() -> int:
        with Claims() as claims:
            task = asyncio.create_task(node())
            claims.last_for(task)
        return await task

    assert asyncio.run(run()) == 1
    assert list(tmp_path.iterdir()) == []


def test_two_that_may_wait_for_each_other_go_on(
    tmp_path: Path, theirs: FileLock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    with listen(Impatient()), Claims():  # type: ignore[arg-type]
        with pytest.raises(Interrupted):  # it has nothing that the other could wait for
            claim(tmp_path, "a")
        claim(tmp_path, "b")
        claim(tmp_path, "a")
    assert "may wait for this one" in caplog.text
    theirs.release()


def test_where_nothing_can_be_locked_files_are_numbered_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(file: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(lock, "_lock", refuse)
    with Claims(), alone(tmp_path, "a"):
        claim(tmp_path, "b")
        assert next(free_numbers(tmp_path / "a")) == 1


def test_only_whole_names_count(tmp_path: Path):
    for name in ("a_00007_.png", "A_12_3.webp", "ba_00099_.png", "a_x_00098_.png", "a_3"):
        (tmp_path / name).touch()
    assert next(free_numbers(tmp_path / "a")) == 13
