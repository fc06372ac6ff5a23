"""What is wrong with pictures is found; what only looks odd is let through. Against kornia and numpy."""

import kornia
import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageFilter

from comfy_core.media.images import to_tensor
from comfy_core.media.quality import HASH_BITS, Rules, hashes, judged, luma, psnr, sharpness, ssim

NOISE = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(0))


def scene(seed, size=(160, 120)):
    """A picture with large shapes and details."""
    random = np.random.default_rng(seed)
    image = Image.fromarray(random.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    return Image.blend(image, Image.effect_noise(size, 40).convert("RGB"), 0.1)


def tensors(*pictures):
    return torch.stack([to_tensor(one.resize((160, 120))) for one in pictures])


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (torch.zeros(1, 8, 8, 3), "black"),
        (torch.full((1, 8, 8, 3), 0.02), "black"),
        (torch.ones(1, 8, 8, 3), "flat"),
        (torch.full((1, 8, 8, 1), 0.5), "flat"),
        (torch.where(torch.arange(64).view(1, 8, 8, 1) == 3, torch.nan, NOISE[:, :8, :8]), "not a number in 1 of 64"),
        (NOISE / 0, "not a number in 4,096 of 4,096"),
    ],
)
def test_broken_pictures_are_rejected_with_the_reason(picture, said):
    (verdict,) = judged(picture, Rules())
    assert verdict.startswith(said)


def test_dark_pictures_with_light_in_them_and_low_contrast_pass():
    night = torch.zeros(1, 64, 64, 3)
    night[:, 20:30, 20:30] = 0.5
    assert judged(night, Rules()) == [""]
    assert judged(NOISE * 0.1 + 0.5, Rules()) == [""]
    hot = torch.zeros(1, 64, 64, 3)
    hot[:, 0, 0] = 1
    assert judged(hot, Rules(flat=0)) == ["black"]


def test_a_check_is_turned_off_by_nought():
    assert judged(torch.zeros(1, 8, 8, 3), Rules(black=0, flat=0)) == [""]


def test_sharpness_is_the_variance_of_the_laplacian():
    images = tensors(scene(1), scene(2))
    gray = kornia.color.rgb_to_grayscale(images.movedim(-1, 1)) * 255
    plain = kornia.filters.filter2d(gray, torch.tensor([[[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]]), "replicate")
    torch.testing.assert_close(sharpness(images), plain.var(dim=(1, 2, 3), correction=0), rtol=1e-3, atol=0)
    torch.testing.assert_close(luma(images), gray[:, 0] / 255, rtol=0, atol=1e-3)


def test_a_blurred_picture_is_rejected_and_the_same_sharp_one_is_not():
    sharp = scene(1, (1200, 900))
    blurred = sharp.filter(ImageFilter.GaussianBlur(8))
    both = torch.stack([to_tensor(sharp), to_tensor(blurred)])
    limit = float(sharpness(both).mean())
    verdicts = judged(both, Rules(blur=limit))
    assert (verdicts[0], verdicts[1].startswith("blurred (its sharpness is")) == ("", True)


def cosine_transform(rows):
    """The cosine transform (DCT-II) of each row, by the Fourier transform of the row and its mirror image."""
    count = rows.shape[1]
    mirrored = np.fft.fft(np.concatenate([rows, rows[:, ::-1]], axis=1))[:, :count]
    return (mirrored * np.exp(-0.5j * np.pi * np.arange(count) / count)).real


def test_hashes_are_those_of_the_definition():
    image = tensors(scene(3).resize((96, 96)))
    small = Image.fromarray(luma(image)[0].numpy() * 255).resize((32, 32), Image.Resampling.BOX)
    low = cosine_transform(cosine_transform(np.asarray(small)).T).T[:8, :8].flatten()[1:]
    assert ((low > np.median(low)) == hashes(image)[0].numpy()).mean() == 1


def test_near_doubles_are_found_and_other_pictures_are_not():
    original = scene(5)
    doubles = [original.resize((80, 60)), ImageEnhance.Brightness(original).enhance(1.2), original.convert("P")]
    doubles = [one.convert("RGB") for one in doubles]
    images = tensors(original, *doubles, *(scene(seed) for seed in range(6, 12)))
    verdicts = judged(images, Rules(distance=6))
    assert [bool(one) for one in verdicts] == [False, True, True, True] + [False] * 6
    assert f"of {HASH_BITS} bits differ" in verdicts[1]
    assert judged(images, Rules(distance=-1)) == [""] * len(images)
    assert judged(tensors(original), Rules(distance=6), others=tensors(doubles[0]))[0].startswith("nearly the same")


def test_differences_are_kornias():
    a, b = tensors(scene(1), scene(2)), tensors(scene(1).filter(ImageFilter.GaussianBlur(2)), scene(3))
    for one, other, found in zip(a, b, psnr(a, b), strict=True):
        wanted = kornia.metrics.psnr(one, other, 1.0)
        torch.testing.assert_close(found, wanted, atol=1e-3, rtol=0)
    gray = [luma(one)[:, None] for one in (a, b)]
    wanted = kornia.metrics.ssim(*gray, 11, padding="valid").mean(dim=(1, 2, 3))
    torch.testing.assert_close(ssim(a, b), wanted, atol=1e-4, rtol=0)
    assert ssim(a, a) == pytest.approx([1, 1])
    assert psnr(a, a).isinf().all()
    with pytest.raises(ValueError, match="less than 11 pixels"):
        ssim(a[:, :5], b[:, :5])
