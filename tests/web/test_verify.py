"""`main.py verify picture.png`: a picture is made again, and what differs is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import main
from comfy_core import folders
from comfy_core.media import metadata
from comfy_core.memory import residency
from tests.tiny_sd1 import write_checkpoint
from web.server.cli.verify import differences

PROMPT = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a cat"}},
    "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 2}},
    "4": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["1", 0],
            "positive": ["2", 0],
            "negative": ["2", 0],
            "latent_image": ["3", 0],
            "seed": 3,
            "steps": 2,
            "cfg": 1.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
        },
    },
    "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
    "6": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": "cat"}},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A base directory with a tiny model, and in output/ two pictures that it made."""
    base = tmp_path_factory.mktemp("base")
    before = folders.current()
    (base / "models" / "checkpoints").mkdir(parents=True)
    write_checkpoint(base / "models" / "checkpoints" / "tiny.safetensors")
    (base / "prompt.json").write_text(json.dumps(PROMPT))
    assert main.main(["run", str(base / "prompt.json"), "--base-directory", str(base), "--cpu"]) == 0
    yield base
    residency.free_all()
    folders.use(before)
    metadata.configure(wanted=True)


def copy(made: Path, target: Path, dot: bool = False, **texts: str | None) -> Path:
    """The first picture with some of its texts changed or left out, and with one pixel painted red where asked."""
    with Image.open(made / "output" / "cat_00001_.png") as picture:
        chunks = PngInfo()
        for name, text in ({**picture.info, **texts}).items():
            if text is not None:
                chunks.add_text(name, text)
        if dot:
            picture.putpixel((5, 5), (255, 0, 0))
        picture.save(target, pnginfo=chunks)
    return target


def test_every_picture_of_a_batch_comes_out_again_and_nothing_is_left_behind(made: Path, verify):
    before = sorted(made.rglob("*"))
    for name in ("cat_00001_.png", "cat_00002_.png"):
        assert verify(made / "output" / name) == (0, f"identical: every pixel of {name} came out again\n")
    assert sorted(made.rglob("*")) == before


def test_results_that_a_cache_keeps_prove_nothing(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ["--base-directory", str(made), "--cpu", "--cache-disk", str(tmp_path / "cache")]
    assert main.main(["run", str(made / "prompt.json"), *words, "--out", str(tmp_path / "cat.png")]) == 0
    capsys.readouterr()
    assert main.main(["verify", str(tmp_path / "cat.png"), *words]) == 0
    assert "cached" not in capsys.readouterr().err


def test_a_retouched_picture_differs_by_its_pixels(made: Path, verify, tmp_path: Path):
    code, said = verify(copy(made, tmp_path / "dot.png", dot=True))
    assert code == 1
    assert said.startswith("different: 1 of 4096 pixels, by at most ")
    assert "graph, files, seeds, versions and device are the same" in said


def test_an_edited_graph_is_told_by_its_nodes(made: Path, verify, tmp_path: Path):
    edited = json.loads(json.dumps(PROMPT))
    edited["4"]["inputs"]["cfg"] = 2.0
    code, said = verify(copy(made, tmp_path / "edited.png", prompt=json.dumps(edited)))
    assert code == 1
    assert said.count("\n") == 2
    assert "\n  node 4 (KSampler) was edited in the file since\n" in said


def test_another_model_of_the_same_name_is_found_out(made: Path, verify, tmp_path: Path):
    there = tmp_path / "models" / "checkpoints"
    there.mkdir(parents=True)
    write_checkpoint(there / "tiny.safetensors", seed=1)
    code, said = verify(made / "output" / "cat_00001_.png", base=tmp_path)
    assert code == 1
    assert "different: 4096 of 4096 pixels" in said
    assert "\n  checkpoints/tiny.safetensors: sha256:" in said
    assert "threads" not in said


def test_another_version_is_said_even_where_the_picture_is_the_same(made: Path, verify, tmp_path: Path):
    recipe = json.loads(Image.open(made / "output" / "cat_00001_.png").info["easel_recipe"])
    recipe["machine"]["torch"] = "1.0"
    code, said = verify(copy(made, tmp_path / "old.png", easel_recipe=json.dumps(recipe)))
    assert code == 0
    assert "identical" in said
    assert "\n  torch: 1.0 then, 2." in said


@pytest.mark.parametrize("recipe", [None, "[]", "{broken"])
def test_without_a_recipe_the_pixels_alone_are_compared(made: Path, verify, tmp_path: Path, recipe: str | None):
    code, said = verify(copy(made, tmp_path / "bare.png", easel_recipe=recipe))
    assert code == 0
    assert "bare.png carries no recipe, so nothing is known of the models" in said


def test_a_recipe_of_another_shape_is_no_error(made: Path, verify, tmp_path: Path):
    code, said = verify(copy(made, tmp_path / "odd.png", easel_recipe='{"files": 3, "machine": {"torch": null}}'))
    assert code == 0
    assert "torch: None then" in said


@pytest.mark.parametrize("format", [2, "new", None])
def test_a_recipe_of_another_format_is_not_read(made: Path, verify, tmp_path: Path, format: int | str | None):
    path = copy(made, tmp_path / "new.png", easel_recipe=json.dumps({"format": format, "files": {"loras/x": 1}}))
    code, said = verify(path)
    assert code == 0
    assert f"\n  new.png carries a recipe of format {format!r}, not of 1, so nothing is known" in said


def test_what_is_made_of_earlier_results_is_made_of_them_again(made: Path, verify, capsys):
    prompt = {
        "1": {"class_type": "LoadImageOutput", "inputs": {"image": "sub/first.png [output]"}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "second"}},
    }
    (made / "output" / "sub").mkdir()
    Image.effect_noise((16, 16), 50).save(made / "output" / "sub" / "first.png")
    (made / "again.json").write_text(json.dumps(prompt))
    assert main.main(["run", str(made / "again.json"), "--base-directory", str(made), "--cpu"]) == 0
    capsys.readouterr()
    assert verify(made / "output" / "second_00001_.png")[0] == 0


def test_a_model_that_was_saved_by_a_workflow_is_found(made: Path, verify, tmp_path: Path):
    (tmp_path / "output" / "checkpoints").mkdir(parents=True)
    write_checkpoint(tmp_path / "output" / "checkpoints" / "tiny.safetensors")
    assert verify(made / "output" / "cat_00001_.png", base=tmp_path)[0] == 0


@pytest.mark.parametrize(
    "prompt", [{"1": 5}, {"1": {"class_type": "KSampler", "inputs": [1]}}, {"1": {"class_type": 3}}]
)
def test_a_prompt_of_another_shape_is_refused_in_words(made: Path, verify, tmp_path: Path, prompt):
    code, said = verify(copy(made, tmp_path / "odd.png", prompt=json.dumps(prompt), easel_recipe=None))
    assert code == 2
    assert "Error" not in said


def test_what_cannot_run_does_not_stand_in_the_way_of_the_rest(made: Path, verify, tmp_path: Path):
    gone = {
        "7": {"class_type": "LoadImage", "inputs": {"image": "gone.png"}},
        "8": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "gone"}},
    }
    code, said = verify(copy(made, tmp_path / "part.png", prompt=json.dumps(PROMPT | gone)))
    assert code == 0
    assert "\n  Node 7 (LoadImage): Value not in list: image: 'gone.png' not in" in said
    code, said = verify(copy(made, tmp_path / "none.png", prompt=json.dumps(gone)))
    assert code == 2
    assert said.startswith("Node 7 (LoadImage)")


def test_missing_models_are_named_with_their_hashes(made: Path, verify, tmp_path: Path):
    code, said = verify(made / "output" / "cat_00001_.png", base=tmp_path)
    assert code == 2
    assert "'tiny.safetensors' is not in models/checkpoints/; put the file there that has the hash sha256:" in said


def test_missing_nodes_are_named(made: Path, verify, tmp_path: Path):
    prompt = PROMPT | {"6": {**PROMPT["6"], "class_type": "FancySave"}}
    code, said = verify(copy(made, tmp_path / "fancy.png", prompt=json.dumps(prompt)))
    assert code == 2
    assert "FancySave" in said


def test_what_is_no_picture_of_ours_is_refused_in_a_sentence(made: Path, verify, tmp_path: Path):
    (tmp_path / "text.png").write_text("no picture")
    cut = made / "output" / "cat_00001_.png"
    (tmp_path / "cut.png").write_bytes(cut.read_bytes()[:3000])
    plain = copy(made, tmp_path / "plain.png", prompt=None, workflow=None, easel_recipe=None)
    for path, sentence in (
        (tmp_path / "none.png", "there is no file"),
        (tmp_path / "text.png", "text.png is neither a picture, a film nor sound"),
        (made / "prompt.json", "prompt.json is neither a picture, a film nor sound"),
        (tmp_path / "cut.png", "cut.png cannot be read as a picture"),
        (plain, "plain.png carries no workflow"),
        (tmp_path, ": Is a directory"),
    ):
        code, said = verify(path)
        assert code == 2, path
        assert sentence in said
        assert said.count("\n") == 1


def test_disable_metadata_does_not_stand_in_the_way(made: Path, capsys: pytest.CaptureFixture[str]):
    picture = made / "output" / "cat_00001_.png"
    assert main.main(["verify", str(picture), "--base-directory", str(made), "--cpu", "--disable-metadata"]) == 0
    assert "carries no" not in capsys.readouterr().out


def test_with_disable_metadata_a_picture_tells_nothing(made: Path, verify, tmp_path: Path):
    words = ["--base-directory", str(made), "--cpu", "--output-directory", str(tmp_path), "--disable-metadata"]
    assert main.main(["run", str(made / "prompt.json"), *words]) == 0
    assert Image.open(tmp_path / "cat_00001_.png").info == {}
    assert verify(tmp_path / "cat_00001_.png")[0] == 2


def test_seeds_that_were_changed_are_told():
    then, now = {"seeds": {"3.seed": 1}}, {"seeds": {"3.seed": 2, "9.seed": 4}}
    assert list(differences(then, now)) == ["3.seed: 1 then, 2 now", "9.seed: not there then, 4 now"]


def test_what_an_older_recipe_does_not_tell_of_the_machine_is_no_difference():
    assert list(differences({"machine": {"torch": "2"}}, {"machine": {"torch": "2", "av": "18"}})) == []
