"""`main.py import`: a picture of another program in, a workflow out."""

import json

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import main
from comfy_core import folders

TEXT = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model: gone"


@pytest.fixture
def run(tmp_path, capsys):
    before = folders.current()

    def run(*words):
        code = main.main(["import", *map(str, words), "--base-directory", str(tmp_path)])
        return (code, *capsys.readouterr())

    yield run
    folders.use(before)


@pytest.fixture
def picture(tmp_path):
    info = PngInfo()
    info.add_text("parameters", TEXT)
    path = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def test_the_workflow_goes_to_the_terminal_and_warnings_beside_it(run, picture):
    code, out, err = run(picture)
    assert (code, err) == (0, "warning: the checkpoint 'gone' is not in models/checkpoints/\n")
    assert "KSampler" in {node["type"] for node in json.loads(out)["nodes"]}


def test_a_text_file_becomes_a_prompt_in_a_file(run, tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    out = tmp_path / "wf.json"
    assert run(tmp_path / "a.txt", "--api", "-o", out)[:2] == (0, f"{out}\n")
    assert "KSampler" in {node["class_type"] for node in json.loads(out.read_text()).values()}


def test_what_cannot_be_imported_is_told(run, tmp_path, picture):
    assert run(tmp_path / "gone.png")[0::2] == (1, f"cannot read {tmp_path / 'gone.png'}: No such file or directory\n")
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00")
    assert "is no text" in run(tmp_path / "b.txt")[2]
    (tmp_path / "c.png").write_bytes(b"no picture")
    assert "does not say how it was made" in run(tmp_path / "c.png")[2]
    assert "cannot write" in run(picture, "-o", tmp_path / "no" / "wf.json")[2]


def test_what_was_imported_is_exported_as_the_same_text_and_into_a_picture(run, picture, tmp_path, capsys):
    run(picture, "-o", tmp_path / "wf.json")

    def export(workflow, *words):
        code = main.main(["export", str(workflow), "--infotext", *map(str, words), "--base-directory", str(tmp_path)])
        return (code, *capsys.readouterr())

    code, out, _ = export(tmp_path / "wf.json")
    said = TEXT.replace("Euler a,", "Euler a, Schedule type: Uniform,")
    assert (code, out) == (0, f"{said}, Version: Easel\n")
    assert "is no picture" in export(tmp_path / "wf.json", "--out", tmp_path / "b.png")[2]
    info = PngInfo()
    info.add_text("workflow", (tmp_path / "wf.json").read_text())
    Image.new("RGB", (8, 8), "red").save(tmp_path / "c.png", pnginfo=info)
    assert export(tmp_path / "c.png", "--out", tmp_path / "d.png")[0] == 0
    with Image.open(tmp_path / "d.png") as copy:
        assert (copy.text["parameters"], copy.getpixel((0, 0))) == (f"{said}, Version: Easel", (255, 0, 0))
        assert "workflow" in copy.text
