"""A job that begins again finds the pictures it has written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from comfy_core.media import numbering, save
from comfy_core.media.save import save_pngs
from comfy_core.media.written import forget, next_note, noting

RED, BLUE = (Image.new("RGB", (6, 4), color) for color in ("red", "blue"))


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def job(tmp_path: Path) -> str:
    return str(tmp_path / "job")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "output").mkdir()
    return tmp_path / "output"


def save_as(job: str, node: str, output: Path, *pictures: Image.Image) -> list[str]:
    with noting(job, node):
        return [one["filename"] for one in save_pngs(pictures, output, "a/b", {})]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def kill_at(monkeypatch: pytest.MonkeyPatch, module: object, function: str, *, before: bool) -> None:
    """End the process before or after a function does its work; nothing it would do on the way out is done."""
    real = getattr(module, function)

    def killed(*arguments: object) -> None:
        if not before:
            real(*arguments)
        monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
        raise Killed

    monkeypatch.setattr(module, function, killed)


def test_where_nothing_can_be_noted_the_picture_is_written_all_the_same(job: str, output: Path):
    Path(job).write_text("a file where the folder should be")
    assert save_as(job, "9", output, RED) == ["b_00001_.png"]
    assert names(output) == ["b_00001_.png"]


def test_another_attempt_gets_the_same_files_and_writes_none(job: str, output: Path):
    first = save_as(job, "9", output, RED, RED)
    assert save_as(job, "9", output, RED, RED) == first == ["b_00001_.png", "b_00002_.png"]
    assert names(output) == first


def test_other_nodes_calls_and_jobs_write_files_of_their_own(job: str, output: Path):
    found = [save_as(*one, output, RED)[0] for one in ((job, "1 0"), (job, "1 1"), (job, "2 0"), (job + "2", "1 0"))]
    assert len(set(found)) == 4
    with noting("", "1 0"):
        assert next_note() is None


def test_a_file_that_is_gone_or_another_one_is_written_anew(job: str, output: Path):
    (first,) = save_as(job, "9", output, RED)
    (output / "a" / first).unlink()
    assert save_as(job, "9", output, RED) == [first]
    os.replace(output / "a" / first, output / "kept.png")
    BLUE.save(output / "a" / first)
    assert save_as(job, "9", output, RED) == ["b_00002_.png"]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("module", "function"), [(os, "fsync"), (save, "_rename_new")], ids=["flush", "rename"])
def test_killed_at_any_moment_there_is_one_whole_file_in_the_end(
    job: str, output: Path, monkeypatch: pytest.MonkeyPatch, module: object, function: str, before: bool
):
    with monkeypatch.context() as patch:
        kill_at(patch, module, function, before=before)
        with pytest.raises(Killed):
            save_as(job, "9", output, RED)
    assert save_as(job, "9", output, RED) == ["b_00001_.png"]
    monkeypatch.undo()
    forget(Path(job))
    assert names(output) == ["b_00001_.png"]
    assert Image.open(output / "a" / "b_00001_.png").getpixel((0, 0)) == (255, 0, 0)


def test_what_a_given_up_job_left_unfinished_goes_with_it(job: str, output: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        kill_at(patch, os, "fsync", before=True)
        with pytest.raises(Killed):
            save_as(job, "9", output, RED)
    assert len(names(output)) == 1
    forget(Path(job))
    assert names(output) == []
    assert not Path(job).exists()


def test_what_a_killed_process_locked_is_not_left_behind(job: str, output: Path):
    (name,) = save_as(job, "9", output, RED)
    numbering._lock_of(output / "a", "b").touch()  # killed when the file had its name, before it unlocked
    assert save_as(job, "9", output, RED) == [name]
    assert names(output) == [name]


def test_a_note_that_is_damaged_is_as_good_as_none(job: str, output: Path):
    save_as(job, "9", output, RED)
    for path in Path(job).iterdir():
        path.write_text("{]")
    assert save_as(job, "9", output, RED) == ["b_00002_.png"]
