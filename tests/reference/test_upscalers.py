"""Every architecture of upscaling networks, against spandrel's own runs on the same random weights.

`upscalers.safetensors` was written by `tools/upscale_references.py`, which runs spandrel; the weights are drawn from
the names and shapes that it keeps.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from comfy_core.memory import residency
from comfy_core.networks.build import shapes_only
from comfy_core.upscale import architectures, compact, dat, esrgan, hat, swinir, upscale_model
from comfy_core.upscale._restorer import Head
from comfy_core.weights import Weights, open_weights
from tests.tiny_upscalers import drawn

REFERENCE = open_weights(Path(__file__).with_name("upscalers.safetensors"))
LAYOUTS = json.loads(REFERENCE.metadata["layouts"])
KINDS = {case.split()[0].removeprefix("Real") for case in LAYOUTS}


@pytest.mark.parametrize("case", LAYOUTS)
def test_a_network_makes_of_a_picture_what_spandrel_makes_of_it(case: str):
    model = upscale_model(Weights.of(drawn(LAYOUTS[case])))
    expected = REFERENCE[case]
    made = model(REFERENCE["picture"][:, : model.input_channels])[..., ::3, ::3]
    assert made.shape == expected.shape
    assert expected.std() > 0.05
    assert (made - expected).abs().max() < 1e-4 * max(1, expected.abs().max())
    residency.free_all()


def test_every_architecture_has_a_reference():
    assert {one.NAME.split()[-1].capitalize() for one in architectures()} == {kind.capitalize() for kind in KINDS}


SHUFFLE = Head("shuffle", (2, 2), 64, 3)
SIXES = {"in_channels": 3, "width": 180, "depths": (6,) * 6, "heads": (6,) * 6, "convolutions": 1, "head": SHUFFLE}
FULL = {
    "Real-ESRGAN x4plus": (lambda: esrgan.RRDBNet(esrgan.Dims()), 16.70),
    "realesr-general-x4v3": (lambda: compact.SRVGGNet(compact.Dims(layers=32)), 1.21),
    "SwinIR-M": (lambda: swinir.SwinIR(swinir.SwinDims(**SIXES, window=8, hidden=360)), 11.90),
    "HAT": (
        lambda: hat.HAT(hat.Dims(**SIXES, window=16, seen=24, hidden=360, last_hidden=360, narrow=60, squeezed=6)),
        20.77,
    ),
    "DAT": (lambda: dat.DAT(dat.Dims(**SIXES, window=(8, 32), hidden=720, qkv_bias=True)), 14.80),
}
"""Released models and their millions of parameters, as their papers or releases give them."""


@pytest.mark.parametrize("name", FULL)
def test_a_network_of_full_size_has_as_many_parameters_as_the_released_one(name: str):
    make, millions = FULL[name]
    with shapes_only():
        network = make()
    assert sum(one.numel() for one in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)
