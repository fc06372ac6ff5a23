"""Every kind of change, against what the trainers that wrote the files make of them: LyCORIS and PEFT themselves.

`lora.safetensors` was written by `tools/lora_references.py`, which runs both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.lora import read_lora
from comfy_core.lora.reading import Reading
from comfy_core.weights import Weights, open_weights

REFERENCE = open_weights(Path(__file__).with_name("lora.safetensors"))
CONFIGURATIONS = json.loads(REFERENCE.metadata["configurations"])
CASES = sorted({name.split("|")[0] for name in REFERENCE})
PLACES = {"lora_unet_layer": "layer.weight", "base_model.model.layer": "layer.weight"}


def of(case: str, kind: str) -> dict[str, Tensor]:
    prefix = f"{case}|{kind}|"
    return {name.removeprefix(prefix): REFERENCE[name] for name in REFERENCE if name.startswith(prefix)}


def read(case: str, folder: Path) -> Reading:
    """The case's file, with PEFT's configuration beside it where PEFT wrote it."""
    save_file(of(case, "file"), folder / "adapter_model.safetensors")
    if case in CONFIGURATIONS:
        (folder / "adapter_config.json").write_text(CONFIGURATIONS[case])
    shapes = {f"layer.{name}": tuple(value.shape) for name, value in of(case, "before").items()}
    return read_lora(open_weights(folder / "adapter_model.safetensors"), PLACES, shapes)


def run(x: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
    weight, bias = weights["weight"], weights["bias"]
    if weight.ndim == 1:
        return F.layer_norm(x, weight.shape, weight, bias)
    return F.linear(x, weight, bias) if weight.ndim == 2 else F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)


@pytest.mark.parametrize("case", CASES)
def test_a_layer_does_what_it_does_in_the_trainer(case: str, tmp_path: Path):
    reading = read(case, tmp_path)
    assert (reading.unknown, reading.unfit) == ([], [])
    before, theirs = of(case, "before"), of(case, "run")
    after = {name: value.clone() for name, value in before.items()}
    for name, patch in reading.patches.items():
        after[name.removeprefix("layer.")] = patch.apply(after[name.removeprefix("layer.")], 1.0)
    assert (run(theirs["input"], before) - theirs["output"]).abs().max() > 0.05
    assert (run(theirs["input"], after) - theirs["output"]).abs().max() < 1e-4


@pytest.mark.parametrize("case", CASES)
def test_half_the_strength_is_on_the_way(case: str, tmp_path: Path):
    """Half of the change, but for rotations one after the other, each of which is taken back by half."""
    before = of(case, "before")["weight"]
    patch = read(case, tmp_path).patches["layer.weight"]
    whole, half = (patch.apply(before.clone(), strength) for strength in (1.0, 0.5))
    if "boft" in case:
        assert 0 < (half - before).norm() < 1.5 * (whole - before).norm()
    else:
        torch.testing.assert_close(half, (before + whole) / 2, rtol=1e-4, atol=1e-5)


def test_old_glora_files_have_both_matrices_swapped():
    file, before = of("glora", "file"), of("glora", "before")["weight"]
    swapped = {
        re.sub(r"([ab])([12])\.weight", lambda m: f"{m[1]}{3 - int(m[2])}.weight", n): v for n, v in file.items()
    }
    assert swapped.keys() == file.keys()
    reading = read_lora(Weights.of(swapped), PLACES, {"layer.weight": tuple(before.shape)})
    after = {**of("glora", "before"), "weight": reading.patches["layer.weight"].apply(before.clone(), 1.0)}
    theirs = of("glora", "run")
    torch.testing.assert_close(run(theirs["input"], after), theirs["output"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("old", [False, True])
def test_a_square_layer_does_not_hide_which_glora_it_is(old: bool):
    """The paper's formula, with matrices drawn here: all products are possible either way."""
    generator = torch.Generator().manual_seed(3)
    weight, a1, b1 = (torch.randn(16, columns, generator=generator) for columns in (16, 4, 4))
    a2, b2 = torch.randn(2, 4, 16, generator=generator)
    named = dict(zip(("a2", "a1", "b2", "b1") if old else ("a1", "a2", "b1", "b2"), (a1, a2, b1, b2), strict=True))
    file = {f"lora_unet_layer.{name}.weight": value for name, value in named.items()}
    reading = read_lora(Weights.of(file), PLACES, {"layer.weight": (16, 16)})
    after = reading.patches["layer.weight"].apply(weight.clone(), 1.0)
    torch.testing.assert_close(after, weight + weight @ a1 @ a2 + b1 @ b2)
