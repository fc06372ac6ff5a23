"""Saving pictures: names, text chunks, and never half a file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from comfy_core.folders import CHECKOUT
from comfy_core.media import numbering
from comfy_core.media.errors import ImageError
from comfy_core.media.save import png_texts, save_pngs

RED = Image.new("RGB", (6, 4), "red")


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_pictures_are_counted(tmp_path: Path):
    first = save_pngs([RED, RED], tmp_path, "Easel", {})
    assert first == [{"filename": f"Easel_0000{n}_.png", "subfolder": ""} for n in (1, 2)]
    assert save_pngs([RED], tmp_path, "Easel", {})[0]["filename"] == "Easel_00003_.png"
    assert save_pngs([RED], tmp_path, "Easel_two", {})[0]["filename"] == "Easel_two_00001_.png"
    assert save_pngs([RED], tmp_path, "Easel", {})[0]["filename"] == "Easel_00004_.png"


def test_counting_goes_on_from_the_highest_number(tmp_path: Path):
    for name in ("a_00007_.png", "a_00012_.webp", "a_x_.png", "ab_00099_.png", "a_3.flac"):
        (tmp_path / name).touch()
    assert save_pngs([RED], tmp_path, "a", {})[0]["filename"] == "a_00013_.png"


def test_a_prefix_may_name_a_subfolder(tmp_path: Path):
    (one,) = save_pngs([RED], tmp_path, "cats/red/tom", {})
    assert one == {"filename": "tom_00001_.png", "subfolder": "cats/red"}
    assert names(tmp_path) == ["cats/red/tom_00001_.png"]


@pytest.mark.parametrize("prefix", ["", ".", "cats/..", "\u202e/.."])
def test_a_prefix_without_a_name_stays_in_the_folder_too(tmp_path: Path, prefix: str):
    folder = tmp_path / "output"
    assert save_pngs([RED], folder, prefix, {}) == [{"filename": "image_00001_.png", "subfolder": ""}]
    assert names(folder) == ["image_00001_.png"]


def test_tokens_in_the_prefix_are_filled_in(tmp_path: Path):
    (one,) = save_pngs([RED], tmp_path, "%year%-%month%-%day%/%hour%%minute%%second%_%width%x%height%", {})
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", one["subfolder"])
    assert re.fullmatch(r"[0-2]\d[0-5]\d[0-6]\d_6x4_00001_\.png", one["filename"])


def test_the_place_in_the_batch_can_be_part_of_the_name(tmp_path: Path):
    found = save_pngs([RED, RED], tmp_path, "a_%batch_num%", {})
    assert [one["filename"] for one in found] == ["a_0_00001_.png", "a_1_00002_.png"]


@pytest.mark.parametrize("prefix", ["../out", "/etc/out", "a/../../out", "..", "a\0b"])
def test_a_prefix_cannot_leave_the_folder(tmp_path: Path, prefix: str):
    folder = tmp_path / "output"
    folder.mkdir()
    with pytest.raises(ImageError, match="leaves output/; use a name inside it"):
        save_pngs([RED], folder, prefix, {})
    assert names(tmp_path) == []


def test_a_link_out_of_the_folder_is_no_way_out(tmp_path: Path):
    folder = tmp_path / "output"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(ImageError, match="leaves output/"):
        save_pngs([RED], folder, "link/a", {})


def test_the_workflow_is_in_the_file(tmp_path: Path):
    prompt, workflow = {"1": {"class_type": "SaveImage", "inputs": {"text": "naïve 猫"}}}, {"nodes": []}
    save_pngs([RED], tmp_path, "a", png_texts(prompt, {"workflow": workflow, "extra": [1]}))
    image = Image.open(tmp_path / "a_00001_.png")
    assert json.loads(image.text["prompt"]) == prompt  # type: ignore[attr-defined]
    assert json.loads(image.text["workflow"]) == workflow  # type: ignore[attr-defined]
    assert json.loads(image.text["extra"]) == [1]  # type: ignore[attr-defined]
    raw = (tmp_path / "a_00001_.png").read_bytes()
    assert raw.index(b"tEXt") < raw.index(b"IDAT")


def test_a_crash_while_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def crash(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(ImageError, match=r"cannot be written: No space left on device\.$"):
        save_pngs([RED], tmp_path, "a", {})
    assert names(tmp_path) == []


def test_a_name_taken_meanwhile_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Another worker saved picture 1 after this one had looked for the next free number."""
    (tmp_path / "a_00001_.png").write_text("theirs")
    monkeypatch.setattr(numbering, "free_numbers", lambda path: iter(range(1, 9)))
    assert save_pngs([RED], tmp_path, "a", {})[0]["filename"] == "a_00002_.png"
    assert (tmp_path / "a_00001_.png").read_text() == "theirs"


def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    save_pngs([RED], tmp_path, "a", {})
    save_pngs([RED], tmp_path, "a", {})
    assert names(tmp_path) == ["a_00001_.png", "a_00002_.png"]


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path):
    (tmp_path / "output").touch()
    with pytest.raises(ImageError, match=r"^output/ cannot be written: [^\n]*\.$"):
        save_pngs([RED], tmp_path / "output", "a", {})


def test_saving_needs_no_torch():
    code = "import sys, comfy_core.media.save; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, check=True)
    assert done.stdout.strip() == "False"
