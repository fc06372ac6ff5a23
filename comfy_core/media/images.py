"""Pictures as tensors: IMAGE is [B, H, W, C] float in 0..1, MASK is [B, H, W] with 1 where a picture is masked out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, ImageSequence
from torch import Tensor

from comfy_core.media.errors import ImageError

NO_MASK = (64, 64)
CHANNELS = {"alpha": "A", "red": "R", "green": "G", "blue": "B"}


def load_image(path: Path) -> tuple[Tensor, Tensor]:
    """A picture file as (IMAGE [B, H, W, 3], MASK [B, H, W]): frames of an animation are the batch, turned upright as
    EXIF says. The mask is 1 where the file is transparent; a file without transparency has an empty one, 64 x 64.

    Raises ImageError when the file is not a picture.
    """
    images: list[Tensor] = []
    masks: list[Tensor] = []
    for frame in read_frames(path):
        image = to_tensor(frame.convert("RGB"))
        if images and image.shape != images[0].shape:
            continue
        images.append(image)
        masks.append(_transparency(frame))
    return torch.stack(images), torch.stack(masks)


def load_mask(path: Path, channel: str) -> Tensor:
    """One channel (alpha, red, green or blue) of a picture as MASK [1, H, W]; alpha counts inverted."""
    frame = read_frames(path)[0].convert("RGBA")
    mask = to_tensor(frame.getchannel(CHANNELS[channel]))
    return (1.0 - mask if channel == "alpha" else mask)[None]


def read_frames(path: Path) -> list[Image.Image]:
    """The frames of a picture file, upright, in 8 bits a channel. Raises ImageError when it is not a picture."""
    try:
        with Image.open(path) as file:
            frames = ImageSequence.all_frames(file) if file.format != "MPO" else [file.copy()]
        return [_eight_bits(ImageOps.exif_transpose(frame)) for frame in frames]
    except Image.DecompressionBombError as error:
        most = f"{2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} million"
        raise ImageError(
            f"{path.name} has more pixels than are read ({most}): make it smaller first ({_reason(error)})."
        ) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(
            f"{path.name} is not a picture that can be read: {_reason(error)}; choose another, or save it anew."
        ) from error


def to_tensor(picture: Image.Image) -> Tensor:
    """A picture as float [H, W, C], or [H, W] for one channel, in 0..1."""
    return torch.from_numpy(np.array(picture).astype(np.float32) / 255.0)


def to_pictures(images: Tensor) -> list[Image.Image]:
    """IMAGE [B, H, W, C] (C 1, 3 or 4) as 8-bit pictures; values are cut to 0..1 and rounded down."""
    pixels = images.detach().float().clamp(0, 1).mul(255).byte().cpu().numpy()
    return [Image.fromarray(one[..., 0] if one.shape[-1] == 1 else one) for one in pixels]


def _eight_bits(frame: Image.Image) -> Image.Image:
    """16-bit grey as 8-bit grey; `convert` alone would cut everything above 255 to white."""
    if frame.mode in ("I", "I;16", "I;16B", "I;16L"):
        values = np.clip(np.array(frame).astype(np.float32) / 257.0, 0, 255)
        return Image.fromarray(values.astype(np.uint8))
    return frame


def _transparency(frame: Image.Image) -> Tensor:
    if "A" in frame.getbands():
        return 1.0 - to_tensor(frame.getchannel("A"))
    if "transparency" in frame.info:
        return 1.0 - to_tensor(frame.convert("RGBA").getchannel("A"))
    return torch.zeros(NO_MASK)


def _reason(error: Exception) -> str:
    return str(error).split("\n")[0].rstrip(".") if str(error) else type(error).__name__
