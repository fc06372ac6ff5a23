"""GLIGEN against diffusers: a U-Net with boxes gives the same prediction, and a file of the release's layout loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention import BasicTransformerBlock
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.gligen import load_gligen, with_text_box
from comfy_core.memory import residency
from comfy_core.sampling.guidance import CFGGuider
from comfy_core.weights import Weights, WeightsError, open_weights
from tests.reference.conftest import Pair
from tests.reference.test_sd1 import assert_equal
from tests.tiny_sd1 import randomise

BOXES = [(4, 3, 1, 2), (5, 8, 3, 0)]
"""Height, width, y and x in cells of an 8 x 8 latent."""


class Both:
    """A gated U-Net of diffusers, and its GLIGEN part as a file of ours, in the names of the release."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        config = {name: value for name, value in pair.unet.config.items() if not name.startswith("_")}
        self.unet = UNet2DConditionModel(**{**config, "attention_type": "gated"})
        randomise(self.unet, torch.Generator().manual_seed(5))
        gates = [value for name, value in self.unet.named_parameters() if ".alpha_" in name]
        for place, gate in enumerate(gates):
            gate.data.fill_(0.3 + 0.1 * place)
        self.unet.load_state_dict(pair.unet.state_dict(), strict=False)
        self.unet.eval()
        self.path = folder / "gligen.safetensors"
        save_file(self._release(pair), self.path, metadata=pair.tiny.metadata)

    def _release(self, pair: Pair) -> dict[str, Tensor]:
        network = pair.ours.model.model.diffusion_model
        ours = [name for name, module in network.named_modules() if module in network.transformers()]
        stages = [*self.unet.down_blocks, self.unet.mid_block, *self.unet.up_blocks]
        theirs = [one for stage in stages for one in stage.modules() if isinstance(one, BasicTransformerBlock)]
        found = {f"position_net.{name}": value for name, value in self.unet.position_net.state_dict().items()}
        for name, block in zip(ours, theirs, strict=True):
            for key, value in block.fuser.state_dict().items():
                found[f"{name}.transformer_blocks.0.fuser.{key}"] = value
        return {name: value.clone() for name, value in found.items()}


@pytest.fixture(scope="module")
def both(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Both:
    with torch.no_grad():
        return Both(pair, tmp_path_factory.mktemp("gligen"))


def theirs(both: Both, x: Tensor, t: Tensor, context: Tensor, texts: list[Tensor]) -> Tensor:
    boxes, present = torch.zeros(len(x), 30, 4), torch.zeros(len(x), 30)
    embeddings = torch.zeros(len(x), 30, texts[0].shape[-1])
    for place, (text, (h, w, top, left)) in enumerate(zip(texts, BOXES, strict=True)):
        boxes[:, place] = torch.tensor([left, top, left + w, top + h]) / 8
        present[:, place] = 1
        embeddings[:, place] = text
    given = {"boxes": boxes, "masks": present, "positive_embeddings": embeddings}
    return both.unet(x, t, context.expand(len(x), -1, -1), cross_attention_kwargs={"gligen": given}).sample


@torch.no_grad()
def test_a_picture_with_boxes_is_predicted_as_by_diffusers(pair: Pair, both: Both):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn((2, 4, 8, 8), generator=generator)
    context = torch.randn((1, 77, pair.tiny.unet.context_dim), generator=generator)
    texts = [torch.randn((1, pair.tiny.unet.context_dim), generator=generator) for _ in BOXES]
    gligen = load_gligen(open_weights(both.path))
    prompt: list[Any] = [[context, {}]]
    for text, box in zip(texts, BOXES, strict=True):
        prompt = with_text_box(prompt, gligen, text, box)
    guider = CFGGuider(pair.ours.model)
    guider.set_conds(prompt, [[context * 0.5, {}]])
    guider.set_cfg(3.0)
    sigma = torch.tensor([2.0, 2.0])
    with residency.use([pair.ours.model, gligen]):
        guider.prepare(x)
        ours = guider(x, sigma)
    timestep = pair.ours.model.get_model_object("model_sampling").timestep(sigma)
    scaled = x / (2.0**2 + 1) ** 0.5
    cond, uncond = (theirs(both, scaled, timestep, context * f, texts) for f in (1.0, 0.5))
    assert_equal(ours, x - 2.0 * (uncond + 3.0 * (cond - uncond)), 1e-4)
    plain = pair.unet(scaled, timestep, context.expand(2, -1, -1)).sample
    assert (plain - cond).abs().max() > 0.05, "the boxes change nothing: the comparison would prove nothing"


def test_a_text_of_another_family_and_a_file_of_something_else_are_refused(pair: Pair, both: Both):
    gligen = load_gligen(open_weights(both.path))
    with pytest.raises(ValueError, match="pooled vector has 768 numbers and this GLIGEN takes 32"):
        with_text_box([[torch.zeros(1, 77, 32), {}]], gligen, torch.zeros(1, 768), BOXES[0])
    with pytest.raises(WeightsError, match="holds no GLIGEN for text boxes"):
        load_gligen(Weights.of({"lora.up.weight": torch.zeros(2, 2)}))
    part = {name: value for name, value in open_weights(both.path).items() if not name.endswith("alpha_attn")}
    with pytest.raises(WeightsError, match=r"the GLIGEN lacks \d+ tensors, first 'fusers\.0\.alpha_attn'"):
        load_gligen(Weights.of(part))
