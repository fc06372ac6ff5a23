"""Style models against the definition in their papers' code, built of torch's own layers under the same names."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from comfy_core.networks.style_model import StyleAdapter, StyleDims
from comfy_core.style_model import load_style_model, with_style
from comfy_core.vision import ClipVisionOutput
from comfy_core.weights import Weights, WeightsError
from tests.reference.test_sd1 import assert_equal
from tests.tiny_sd1 import randomise

DIMS = StyleDims(width=64, context=32, layers=3, heads=8, words=8)
SEEN = torch.randn(2, 17, 64, generator=torch.Generator().manual_seed(0))


def style_tensors() -> dict[str, Tensor]:
    network = StyleAdapter(DIMS)
    randomise(network, torch.Generator().manual_seed(1))
    return {name: value.clone() for name, value in network.state_dict().items()}


def output(seen: Tensor) -> ClipVisionOutput:
    return ClipVisionOutput(seen, seen, seen[:, 0])


class Layer(nn.Module):
    """OpenAI CLIP's residual attention block, in torch's own parts."""

    def __init__(self) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(DIMS.width, DIMS.heads, batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(DIMS.width), nn.LayerNorm(DIMS.width)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(DIMS.width, 4 * DIMS.width), "c_proj": nn.Linear(4 * DIMS.width, DIMS.width)}
        )

    def forward(self, x: Tensor) -> Tensor:
        n = self.ln_1(x)
        x = x + self.attn(n, n, n, need_weights=False)[0]
        hidden = self.mlp["c_fc"](self.ln_2(x))
        return x + self.mlp["c_proj"](hidden * torch.sigmoid(1.702 * hidden))


@torch.no_grad()
def test_pictures_become_words_as_in_t2i_adapter():
    tensors = style_tensors()
    layers = nn.Sequential(*(Layer() for _ in range(DIMS.layers)))
    layers.load_state_dict(
        {n.removeprefix("transformer_layes."): v for n, v in tensors.items() if n.startswith("transformer_layes.")}
    )
    pre, post = nn.LayerNorm(DIMS.width), nn.LayerNorm(DIMS.width)
    for norm, name in ((pre, "ln_pre"), (post, "ln_post")):
        norm.load_state_dict({"weight": tensors[f"{name}.weight"], "bias": tensors[f"{name}.bias"]})
    x = layers(pre(torch.cat([SEEN, tensors["style_embedding"].expand(2, -1, -1)], dim=1)))
    expected = post(x[:, -8:]) @ tensors["proj"]
    assert_equal(load_style_model(Weights.of(tensors)).get_cond(output(SEEN)), expected, 1e-5)


@torch.no_grad()
def test_redux_is_two_layers():
    up, down = nn.Linear(64, 96), nn.Linear(96, 32)
    tensors = {
        f"redux_{name}.{k}": v for name, one in (("up", up), ("down", down)) for k, v in one.state_dict().items()
    }
    words = load_style_model(Weights.of(tensors)).get_cond(output(SEEN))
    assert_equal(words, down(nn.functional.silu(up(SEEN))), 1e-5)


def test_another_vision_encoder_another_models_prompt_and_another_file_are_refused():
    style = load_style_model(Weights.of(style_tensors()))
    with pytest.raises(ValueError, match=r"tokens are 48 wide and this style model takes 64 .* CLIP ViT-L"):
        style.get_cond(output(torch.zeros(1, 5, 48)))
    with pytest.raises(ValueError, match="vectors are 8 wide and the style model's 32: it is for another model"):
        with_style([[torch.zeros(1, 77, 8), {}]], style.get_cond(output(SEEN)), 1.0, False)
    with pytest.raises(WeightsError, match="not a style model this version knows"):
        load_style_model(Weights.of({"lora.up.weight": torch.zeros(2, 2)}))


def test_words_are_put_behind_a_prompt_by_their_strength():
    text, words = torch.randn(1, 77, 32), torch.randn(2, 8, 32)
    ((cond, extra),) = with_style([[text, {"strength": 2.0}]], words, 0.5, False)
    assert torch.equal(cond, torch.cat([text, words.reshape(1, 16, 32) * 0.5], dim=1))
    assert extra == {"strength": 2.0}


def test_attention_is_biased_by_the_logarithm_of_the_strength():
    """softmax(s + log k) weighs a word as k of them would be weighed."""
    text, words = torch.randn(1, 5, 32), torch.randn(1, 2, 32)
    ((cond, extra),) = with_style([[text, {}]], words, 3.0, True)
    assert torch.equal(cond, torch.cat([text, words], dim=1))
    mask = extra["attention_mask"]
    assert mask.shape == (1, 8, 8)
    expected = torch.zeros(8, 8)
    expected[[0, 1, 2, 3, 4, 7], 5:7] = torch.tensor(3.0).log()
    torch.testing.assert_close(mask[0], expected)
    ((_, again),) = with_style([[cond, extra]], words, 1.0, True)
    assert again["attention_mask"].shape == (1, 10, 10)
    torch.testing.assert_close(again["attention_mask"][0, :7, :7], expected[:7, :7])
    assert not again["attention_mask"][0, :, 7:9].any()
    assert "attention_mask" not in with_style([[text, {}]], words, 1.0, True)[0][1]
    assert with_style([[text, {}]], words, 0.0, True)[0][1]["attention_mask"][0, 0, 5] == -torch.inf
