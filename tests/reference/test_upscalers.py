"""Every architecture of upscaling networks, against spandrel's own runs on the same random weights.

`upscalers.safetensors` was written by `tools/upscale_references.py`, which runs spandrel; the weights are drawn from
the names and shapes that it keeps.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from comfy_core.memory import residency
from comfy_core.upscale import architectures, upscale_model
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
