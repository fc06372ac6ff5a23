"""`main.py export --python`: a script that makes the same pictures, or a sentence that says why there is none."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import main
from comfy_core import folders
from comfy_core.folders import CHECKOUT
from tests.execution.export.hands import pixels, with_packs

TEXT_TO_IMAGE = CHECKOUT / "user_workflows" / "text_to_image.json"
STEPS = 2
UPLOADS = """
class Uploaded:
    RETURN_TYPES, FUNCTION = ("IMAGE",), "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": (["there.png"], {"image_upload": True})}}

    @classmethod
    def VALIDATE_INPUTS(cls, image):
        return f"{image} is no picture"

    def run(self, image):
        return (None,)

NODE_CLASS_MAPPINGS = {"Uploaded": Uploaded}
"""


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Path]:
    with with_packs(tmp_path):
        yield tmp_path


def two_steps() -> dict[str, Any]:
    """The shipped workflow, as the editor saves it, with two steps."""
    workflow = json.loads(TEXT_TO_IMAGE.read_text())
    (sampler,) = [node for node in workflow["nodes"] if node["type"] == "KSampler"]
    sampler["widgets_values"][2] = STEPS
    return workflow


def test_the_script_of_a_saved_workflow_and_of_its_picture_make_the_picture(base: Path, capsys):
    """With the starter model."""
    there = ["--base-directory", str(base), "--cpu"]
    (base / "two.json").write_text(json.dumps(two_steps()))
    assert main.main(["run", str(base / "two.json"), *there, "--out", str(base / "run.png")]) == 0
    for source in ("two.json", "run.png"):
        script = base / f"{source}.py"
        assert main.main(["export", str(base / source), "--python", "--out", str(script), *there]) == 0
        assert f"steps={STEPS}" in script.read_text()
        runpy.run_path(str(script), run_name="__main__")
        made = max((base / "output").glob("*.png"))
        assert pixels(made) == pixels(base / "run.png")
    assert len(list((base / "output").glob("*.png"))) == 2
    assert main.main(["export", str(base / "two.json"), "--python", *there]) == 0
    assert capsys.readouterr().out.endswith((base / "two.json.py").read_text())


def test_a_script_is_written_where_its_files_are_not_and_asks_for_them_when_it_runs(tmp_path: Path, capsys):
    prompt = {
        "1": {"class_type": "VAELoader", "inputs": {"vae_name": "fine.safetensors"}},
        "2": {"class_type": "LoadImage", "inputs": {"image": "cat.png"}},
        "3": {"class_type": "VAEEncode", "inputs": {"pixels": ["2", 0], "vae": ["1", 0]}},
        "4": {"class_type": "LoadImageOutput", "inputs": {"image": "made.png [output]"}},
        "5": {"class_type": "Uploaded", "inputs": {"image": "hat.png"}},
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["1", 0]}},
        "7": {"class_type": "UNETLoader", "inputs": {"unet_name": "unused.safetensors", "weight_dtype": "default"}},
    }
    prompt |= {f"{id}s": {"class_type": "PreviewImage", "inputs": {"images": [id, 0]}} for id in "456"}
    (tmp_path / "custom_nodes").mkdir()
    (tmp_path / "custom_nodes" / "uploads.py").write_text(UPLOADS)
    (tmp_path / "wf.json").write_text(json.dumps(prompt))
    script = tmp_path / "wf.py"
    words = ["--python", "--cpu", "--base-directory", str(tmp_path), "--out", str(script)]
    assert main.main(["export", str(tmp_path / "wf.json"), *words]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "Node 1 (VAELoader): 'fine.safetensors' is not in models/vae/; the script needs it there",
        "Node 2 (LoadImage): 'cat.png' is not in input/; the script needs it there",
        "Node 4 (LoadImageOutput): 'made.png [output]' is not in output/; the script needs it there",
        "Node 5 (Uploaded): 'hat.png' is not in input/; the script needs it there",
    ]
    with pytest.raises(FileNotFoundError, match=r"'made\.png \[output\]' is not in"):
        runpy.run_path(str(script), run_name="__main__")


def test_a_script_finds_the_files_where_the_command_did(tmp_path: Path):
    for name in ("own", "more"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.safetensors").touch()
    (tmp_path / "extra_model_paths.yaml").write_text("a:\n  vae: own\n")
    (tmp_path / "more.yaml").write_text("a:\n  vae: more\n")
    words = ["--base-directory", str(tmp_path), "--extra-model-paths-config", str(tmp_path / "more.yaml")]
    words += ["--output-directory", str(tmp_path / "elsewhere"), "--out", str(tmp_path / "wf.py")]
    assert main.main(["export", str(TEXT_TO_IMAGE), "--python", *words]) == 0
    runpy.run_path(str(tmp_path / "wf.py"))
    where = folders.current()
    assert {"own.safetensors", "more.safetensors"} <= set(where.files("vae"))
    assert (where.base, where.output) == (tmp_path, tmp_path / "elsewhere")
    assert where.input == tmp_path / "input"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"1": {"class_type": "Nope", "inputs": {}}}, "Nope"),
        ({"1": {"class_type": "ClassicNumber", "inputs": {}}}, "Prompt has no outputs"),
        ([], "a workflow is a JSON object"),
        (
            {
                "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "gone.safetensors", "weight_dtype": "odd"}},
                "2": {"class_type": "ClassicShowAll", "inputs": {"value": ["1", 0]}},
            },
            "weight_dtype: 'odd' not in",
        ),
        (
            {
                "1": {"class_type": "ClassicNumber", "inputs": {"value": 1}},
                "2": {"class_type": "ClassicDouble", "inputs": {"value": ["1", 0]}},
                "3": {"class_type": "ClassicShow", "inputs": {"value": ["2", 0]}},
            },
            "node 2 (ClassicDouble) reads or extends the graph",
        ),
    ],
)
def test_at_the_terminal_refusals_are_sentences(base: Path, capsys, content, sentence):
    (base / "wf.json").write_text(json.dumps(content))
    assert main.main(["export", str(base / "wf.json"), "--python", "--base-directory", str(base)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert "Traceback" not in err


def test_a_place_that_cannot_be_written_is_named(base: Path, capsys):
    words = ["--python", "--base-directory", str(base), "--out", str(base / "no" / "x.py")]
    assert main.main(["export", str(TEXT_TO_IMAGE), *words]) == 1
    assert f"cannot write {base}/no/x.py" in capsys.readouterr().err
