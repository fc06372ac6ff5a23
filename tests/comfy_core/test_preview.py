"""Previews of sampling: in rough colours, by a small decoder, or none; as the start, or the prompt, says."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import torch
from PIL import Image

from comfy_core import folders, preview, preview_method
from comfy_core.latent_format import LatentFormat
from comfy_core.networks.taesd import Taesd
from comfy_core.preview import latent_preview, preview_of
from tests.comfy_core.test_vae_files import DIMS, halves, write_halves

ROUGH = LatentFormat(latent_rgb_factors=((1.0, 0.0, 0.0),) * 4, taesd_decoder_name="taesd_decoder")
LATENT = torch.randn((2, 4, 6, 8), generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    yield
    preview_method.configure("auto")
    preview._warn_once.cache_clear()


@pytest.fixture
def decoder(own_folders: folders.Folders) -> None:
    write_halves(own_folders.base / "models" / "vae_approx", "taesd", halves())


def picture(latent_format: LatentFormat) -> torch.Tensor:
    kind, data = latent_preview(LATENT, latent_format)
    image = Image.open(io.BytesIO(data))
    assert (kind, image.size) == ("image/jpeg", (512, 384))
    return torch.tensor(list(image.resize((64, 48)).getdata())).view(48, 64, 3) / 255


def is_decoded(shown: torch.Tensor) -> bool:
    network = Taesd(DIMS)
    network.load_state_dict(halves())
    with torch.no_grad():
        decoded = network.taesd_decoder(LATENT[:1])[0].clamp(0, 1).movedim(0, -1)
    return bool((shown - decoded).abs().mean() < 0.1)


@pytest.mark.usefixtures("decoder")
def test_a_small_decoder_shows_the_first_picture_where_it_is_asked_for():
    assert not is_decoded(picture(ROUGH))
    preview_method.configure("taesd")
    assert is_decoded(picture(ROUGH))


@pytest.mark.usefixtures("decoder")
def test_auto_decodes_where_there_is_no_matrix_of_colours():
    bare = LatentFormat(taesd_decoder_name="taesd_decoder")
    assert is_decoded(picture(bare))
    preview_method.configure("latent2rgb")
    assert not is_decoded(picture(bare))


def test_a_missing_decoder_is_said_once_and_rough_colours_are_shown(caplog: pytest.LogCaptureFixture):
    preview_method.configure("taesd")
    with caplog.at_level(logging.WARNING):
        picture(ROUGH)
        picture(ROUGH)
    assert caplog.text.count("put taesd_decoder.safetensors there. Previews are in rough colours") == 1


def test_no_preview_is_made_where_none_is_wanted():
    preview_method.configure("none")
    assert preview_of(LATENT, ROUGH) is None


def test_a_prompt_may_ask_for_another_method_than_the_usual_one():
    preview_method.configure("none")
    with preview_method.using("latent2rgb"):
        assert preview_of(LATENT, ROUGH) is not None
    for other in ("default", "nonsense", None, 3):
        with preview_method.using(other):
            assert preview_method.current() == "none"


def test_a_method_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="'magic' is not one of: none, auto, latent2rgb, taesd"):
        preview_method.configure("magic")
