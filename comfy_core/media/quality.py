"""What a machine can see that is wrong with a picture: no numbers, black, flat, blurred, nearly another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
BRIGHTEST = 0.999
"""The share of pixels that has to be dark in a black picture: a few hot ones do not make it another."""
SHARPNESS_SIDE = 512
HASH_SIDE, HASH_LOW = 32, 8
HASH_BITS = HASH_LOW * HASH_LOW - 1


@dataclass(frozen=True)
class Rules:
    """When a picture is rejected.

    `black`: the brightest level, of all but a thousandth of the pixels, that still is black. `flat`: the standard
    deviation of luma below which nothing is seen. `blur`: the least sharpness (see `sharpness`). `distance`: up to how
    many of 63 bits of their hashes two pictures differ and still are doubles; -1 does not look for any. 0 turns the
    others off. Levels are in 0..1.
    """

    black: float = 0.03
    flat: float = 0.01
    blur: float = 0.0
    distance: int = -1


def judged(images: Tensor, rules: Rules, others: Tensor | None = None) -> list[str]:
    """For each picture of [B, H, W, C] why it is rejected; "" for one that passes.

    Doubles are looked for among `others` and among the pictures before it that pass.
    """
    seen = [] if rules.distance < 0 or others is None else list(hashes(others))
    verdicts = []
    for image in images:
        verdict = _fault(image, rules)
        if not verdict and rules.distance >= 0:
            (own,) = hashes(image[None])
            verdict = _double(own, seen, rules.distance)
            if not verdict:
                seen.append(own)
        verdicts.append(verdict)
    return verdicts


def _fault(image: Tensor, rules: Rules) -> str:
    broken = int((~image.isfinite()).any(-1).sum())
    if broken:
        return f"not a number in {broken:,} of {image.shape[0] * image.shape[1]:,} pixels"
    gray = luma(image[None])[0]
    if rules.black and float(torch.quantile(_few(gray), BRIGHTEST)) <= rules.black:
        return "black"
    deviation = float(gray.std(correction=0))
    if rules.flat and deviation < rules.flat:
        return f"flat (its levels vary by {deviation:.3f}, less than {rules.flat:g})"
    sharp = float(sharpness(image[None])[0]) if rules.blur else 0.0
    return f"blurred (its sharpness is {sharp:.1f}, less than {rules.blur:g})" if sharp < rules.blur else ""


def _double(own: Tensor, seen: Sequence[Tensor], distance: int) -> str:
    found = [int((own ^ other).sum()) for other in seen]
    if not found or min(found) > distance:
        return ""
    return f"nearly the same as another ({min(found)} of {HASH_BITS} bits differ)"


def luma(images: Tensor) -> Tensor:
    """The brightness [B, H, W] of pictures, by ITU-R BT.601."""
    if images.shape[-1] < 3:
        return images[..., 0].float()
    return images[..., :3].float() @ torch.tensor(LUMA, device=images.device)


def sharpness(images: Tensor) -> Tensor:
    """The variance of the Laplacian of 8-bit luma, [B]: some hundreds for a sharp photograph, a few for a blurred one.

    Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy". Larger pictures are brought to 512 pixels
    first, so that the number means the same for all.
    """
    gray = luma(images)[:, None] * 255
    scale = SHARPNESS_SIDE / max(gray.shape[-2:])
    if scale < 1:
        size = [max(round(side * scale), 1) for side in gray.shape[-2:]]
        gray = F.interpolate(gray, size=size, mode="area")
    kernel = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]], device=gray.device)
    padded = F.pad(gray, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, kernel[None, None]).var(dim=(1, 2, 3), correction=0)


def hashes(images: Tensor) -> Tensor:
    """The perceptual hashes of pictures, bools [B, 63]: equal for a picture scaled, brightened or packed as JPEG.

    Which of the 63 lowest frequencies of the 32 × 32 luma (a cosine transform, without the mean) are above their
    median. Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", section 3.2.1.
    """
    small = F.interpolate(luma(images)[:, None], size=(HASH_SIDE, HASH_SIDE), mode="area")[:, 0]
    places = torch.arange(HASH_SIDE, device=small.device)
    basis = torch.cos(torch.pi / HASH_SIDE * (places[None] + 0.5) * places[:HASH_LOW, None])
    low = (basis @ small @ basis.T).flatten(1)[:, 1:]
    return low > low.median(dim=1, keepdim=True).values


def _few(values: Tensor) -> Tensor:
    """Some hundred thousand of the values, evenly: quantiles of more are not computed."""
    flat = values.flatten()
    return flat[:: max(len(flat) // 200_000, 1)]


# --- two pictures ----------------------------------------------------------------------------------------------------

WINDOW, SPREAD = 11, 1.5
STABILITY = (0.01**2, 0.03**2)


def psnr(images: Tensor, others: Tensor) -> Tensor:
    """The peak signal-to-noise ratio of pictures in 0..1 in decibels, [B]; infinite where they are the same."""
    return -10 * torch.log10((images.float() - others.float()).square().mean(dim=(1, 2, 3)))


def ssim(images: Tensor, others: Tensor) -> Tensor:
    """The structural similarity of the luma of pictures, [B]: 1 for the same, about 0 for strangers.

    Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity", with its Gaussian
    window of 11 pixels. Raises ValueError for pictures smaller than that.
    """
    if min(images.shape[1:3]) < WINDOW:
        raise ValueError(f"pictures of less than {WINDOW} pixels on a side have no structural similarity")
    line = torch.exp(-((torch.arange(WINDOW) - WINDOW // 2) ** 2) / (2 * SPREAD**2))
    window = torch.outer(line, line).div(line.sum() ** 2)[None, None].to(images.device)
    a, b = luma(images)[:, None], luma(others)[:, None]
    moments = F.conv2d(torch.cat([a, b, a * a, b * b, a * b]), window).chunk(5)
    mean_a, mean_b = moments[0], moments[1]
    variance_a, variance_b = moments[2] - mean_a**2, moments[3] - mean_b**2
    both = moments[4] - mean_a * mean_b
    light = (2 * mean_a * mean_b + STABILITY[0]) / (mean_a**2 + mean_b**2 + STABILITY[0])
    structure = (2 * both + STABILITY[1]) / (variance_a + variance_b + STABILITY[1])
    return (light * structure).mean(dim=(1, 2, 3))
