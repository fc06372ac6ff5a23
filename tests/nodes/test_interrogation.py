"""The nodes that say what pictures show, on a tiny CLIP."""

import pytest
import torch

from comfy_core import folders
from nodes.interrogation import clip_score, interrogate, load_clip_of_both
from tests.tiny_clip import write_clip

PICTURES = torch.rand(2, 60, 80, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def both(base):
    write_clip(base.base / "models/clip_vision/tiny.safetensors")
    lists = base.base / "models/interrogator"
    lists.mkdir()
    for name, words in (("mediums", "a photo\na map"), ("flavors", "red\nblue\ngreen"), ("artists", "Klee")):
        (lists / f"{name}.txt").write_text(words)
    return dict(zip(("clip_vision", "clip"), load_clip_of_both(clip_name="tiny.safetensors"), strict=True))


@pytest.mark.parametrize("mode", ["fast", "best", "negative"])
def test_every_picture_has_a_prompt_of_its_own(both, mode):
    made = interrogate(PICTURES, **both, mode=mode, most_words=3, caption="")
    (prompts,) = made["result"]
    assert made["ui"]["text"] == tuple(prompts)
    assert len(prompts) == 2
    assert all(prompts)
    if mode == "fast":
        assert all(len(one.split(", ")) == 4 and one.startswith(("a photo", "a map")) for one in prompts)


def test_the_best_prompt_fits_no_worse_than_the_caption(both):
    ((prompt, _),) = interrogate(PICTURES, **both, mode="best", most_words=5, caption="a map")["result"]
    (before, after) = (clip_score(PICTURES[:1], **both, text=text)["result"][0][0] for text in ("a map", prompt))
    assert prompt.startswith("a map")
    assert after >= before - 1e-6


def test_edited_lists_are_asked_again(both):
    before = interrogate.hooks["fingerprint"]()
    (folders.current().base / "models/interrogator/flavors.txt").write_text("violet")
    assert interrogate.hooks["fingerprint"]() != before
    assert "violet" in interrogate(PICTURES[:1], **both, mode="fast", most_words=64, caption="")["result"][0][0]


def test_a_score_for_each_picture(both):
    made = clip_score(PICTURES, **both, text="a cat")
    (scores,) = made["result"]
    assert all(-1 <= one <= 1 for one in scores)
    assert made["ui"]["text"] == tuple(f"{one:.3f}" for one in scores)
