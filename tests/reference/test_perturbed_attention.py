"""Perturbed attention against diffusers' own processor."""

from __future__ import annotations

import torch
from diffusers.models.attention_processor import PAGIdentitySelfAttnProcessor2_0

from comfy_core.guidance.perturbed import MIDDLE, with_replacements
from comfy_core.memory import residency
from tests.reference.conftest import Pair


def test_the_middle_attends_as_diffusers_lets_it(pair: Pair):
    """Diffusers perturbs the second half of a batch."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn((1, 4, 8, 8), generator=generator)
    context, times = torch.randn((1, 77, pair.tiny.unet.context_dim), generator=generator), torch.tensor([500.0])
    options = with_replacements({}, MIDDLE)["transformer_options"]
    with residency.use([pair.ours.model]), torch.no_grad():
        ours = pair.ours.model.model.diffusion_model(x, times, context, transformer_options=options)
    attention = pair.unet.mid_block.attentions[0].transformer_blocks[0].attn1
    before = attention.processor
    attention.processor = PAGIdentitySelfAttnProcessor2_0()
    try:
        with torch.no_grad():
            theirs = pair.unet(x.repeat(2, 1, 1, 1), times, context.repeat(2, 1, 1)).sample[1:]
    finally:
        attention.processor = before
    assert float((ours - theirs).abs().max()) <= 2e-5
