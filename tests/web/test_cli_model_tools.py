"""`main.py prune` and `convert` as a user meets them: files in, files out, and what is wrong in words."""

import shutil

import pytest
import torch

import main
from comfy_core.weights import open_weights
from tests.tiny_models import model_tensors, write_model


@pytest.fixture
def run(capsys):
    def run(*words):
        code = main.main([str(word) for word in words])
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": {**model_tensors("sd1"), "betas": torch.zeros(1000)}}, path)
    return path


def test_prune_says_what_is_left_out_and_how_large_the_files_are(run, checkpoint, tmp_path):
    code, out, _ = run("prune", checkpoint, "--dtype", "fp16", "--no-vae")
    small = tmp_path / "model-pruned.safetensors"
    assert code == 0
    assert "without tables that are computed anew: 4,000 bytes" in out
    assert f"-> {small}: {small.stat().st_size:,} bytes" in out
    assert not open_weights(small).has_prefix("first_stage_model.")
    assert checkpoint.stat().st_size > 2 * small.stat().st_size


def test_convert_makes_safetensors_of_a_pickle(run, checkpoint, tmp_path):
    assert run("convert", checkpoint, tmp_path / "a.safetensors")[0] == 0
    made = open_weights(tmp_path / "a.safetensors")
    assert all(torch.equal(made[name], one) for name, one in model_tensors("sd1").items())


@pytest.mark.parametrize("command", ["prune", "convert"])
def test_files_that_cannot_be_read_or_written_are_told(run, tmp_path, command, checkpoint):
    def told(source, target):
        words = [source, "-o", target] if command == "prune" else [source, target]
        code, _, err = run(command, *words)
        assert code == 1
        assert "Traceback" not in err
        return err

    target = tmp_path / "out.safetensors"
    assert "there is no file" in told(tmp_path / "gone.ckpt", target)
    for name, content in (("a.safetensors", b"no model at all"), ("b.ckpt", b"no model"), ("c.safetensors", b"")):
        (tmp_path / name).write_bytes(content)
        assert name in told(tmp_path / name, target)
    evil = tmp_path / "evil.ckpt"
    torch.save({"x": shutil.rmtree}, evil)
    assert "was refused" in told(evil, target)
    assert "it is the file to read" in told(checkpoint, checkpoint)
    assert "there is no folder" in told(checkpoint, tmp_path / "no" / "out.safetensors")
    target.write_bytes(b"mine")
    assert "nothing is overwritten" in told(checkpoint, target)
    assert target.read_bytes() == b"mine"
    (tmp_path / "empty").mkdir()
    assert "empty" in told(tmp_path / "empty", tmp_path / "new.safetensors")


def test_a_full_disk_is_told_and_nothing_is_left(run, checkpoint, tmp_path, monkeypatch):
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(100, 90, 10))
    code, _, err = run("convert", checkpoint, tmp_path / "a.safetensors")
    assert (code, "the disk has 10 free" in err) == (1, True)
    assert sorted(tmp_path.iterdir()) == before


def test_numbers_beyond_fp16_are_told(run, tmp_path):
    tensors = model_tensors("sd1")
    name = next(iter(tensors))
    torch.save({**tensors, name: tensors[name] * 1e9}, tmp_path / "a.ckpt")
    assert "use bf16" in run("prune", tmp_path / "a.ckpt", "--dtype", "fp16")[2]
    assert run("prune", tmp_path / "a.ckpt", "--dtype", "bf16")[0] == 0


def test_what_is_only_named_a_checkpoint_is_not_asked_for_a_base_folder(run, tmp_path):
    path = write_model(tmp_path / "a.safetensors", "sd1")
    assert run("convert", path, tmp_path / "b.ckpt")[2].startswith(f"{tmp_path / 'b.ckpt'} must end in .safetensors")


def test_inspect_tells_of_several_files(run, checkpoint, tmp_path):
    path = write_model(tmp_path / "a.safetensors", "sd1")
    code, out, _ = run("inspect", checkpoint, path, "--zeros")
    assert code == 0
    assert out.count("is: Stable Diffusion 1.x") == 2
    assert "gone.ckpt cannot be opened" in run("inspect", tmp_path / "gone.ckpt")[2]
