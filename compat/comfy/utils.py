"""Progress bars, weight files, resizing, and small tools for state dicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from comfy_core import progress
from execution.previews import encoded
from nodes.expansion import executing_context

PROGRESS_BAR_ENABLED = True
PROGRESS_BAR_HOOK: Callable[..., Any] | None = None


def set_progress_bar_enabled(enabled: bool) -> None:
    global PROGRESS_BAR_ENABLED
    PROGRESS_BAR_ENABLED = enabled


def set_progress_bar_global_hook(function: Callable[..., Any] | None) -> None:
    """Have `function(value, total, preview, node_id=…)` called instead of telling the client."""
    global PROGRESS_BAR_HOOK
    PROGRESS_BAR_HOOK = function


class ProgressBar:
    """Counts up to `total`; every step asks, too, whether the run is to stop."""

    def __init__(self, total: float, node_id: str | None = None) -> None:
        context = executing_context()
        self.total = total
        self.current: float = 0
        self.node_id = node_id or (context.node_id if context is not None else None)

    def update_absolute(self, value: float, total: float | None = None, preview: Any = None) -> None:
        """`preview` is `("JPEG" | "PNG", a Pillow image, largest side or None)`."""
        self.total = self.total if total is None else total
        self.current = min(value, self.total)
        if PROGRESS_BAR_HOOK is not None:
            PROGRESS_BAR_HOOK(self.current, self.total, preview, node_id=self.node_id)
        else:
            progress.report(self.current, self.total, encoded(preview), self.node_id)

    def update(self, value: float) -> None:
        self.update_absolute(self.current + value)


# --- weight files ----------------------------------------------------------------------------------------------------


def load_torch_file(ckpt: str, safe_load: bool = False, device: Any = None, return_metadata: bool = False) -> Any:
    """The tensors of a weight file by name, and with `return_metadata` what else it says. Raises WeightsError."""
    from comfy_core.weights.files import open_weights

    weights = open_weights(ckpt)
    tensors = {name: weights[name] if device is None else weights[name].to(device) for name in weights}
    return (tensors, getattr(weights, "metadata", None)) if return_metadata else tensors


def save_torch_file(sd: Mapping[str, Any], ckpt: str, metadata: dict[str, str] | None = None) -> None:
    """Write tensors as a safetensors file, under a temporary name first."""
    from safetensors.torch import save_file

    from comfy_core.whole_file import replacing

    with replacing(Path(ckpt)) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in sd.items()}, temporary, metadata=metadata)


def calculate_parameters(sd: Mapping[str, Any], prefix: str = "") -> int:
    """How many numbers the tensors under a prefix hold."""
    return sum(tensor.nelement() for name, tensor in sd.items() if name.startswith(prefix))


def weight_dtype(sd: Mapping[str, Any], prefix: str = "") -> Any:
    """The dtype that most numbers under a prefix have; None when there are none."""
    counts: dict[Any, int] = {}
    for name, tensor in sd.items():
        if name.startswith(prefix):
            counts[tensor.dtype] = counts.get(tensor.dtype, 0) + tensor.numel()
    return max(counts, key=counts.__getitem__) if counts else None


def state_dict_prefix_replace(
    state_dict: dict[str, Any], replace_prefix: Mapping[str, str], filter_keys: bool = False
) -> dict[str, Any]:
    """Rename the keys that begin with a prefix, in place; with `filter_keys`, into a dict of those alone."""
    out = {} if filter_keys else state_dict
    for old, new in replace_prefix.items():
        for key in [key for key in state_dict if key.startswith(old)]:
            out[new + key[len(old) :]] = state_dict.pop(key)
    return out


def get_attr(obj: Any, attr: str) -> Any:
    """`obj.a.b.c` for "a.b.c"."""
    for name in attr.split("."):
        obj = getattr(obj, name)
    return obj


def set_attr(obj: Any, attr: str, value: Any) -> Any:
    """Set `obj.a.b.c`; what was there before."""
    *path, last = attr.split(".")
    owner = get_attr(obj, ".".join(path)) if path else obj
    before = getattr(owner, last)
    setattr(owner, last, value)
    return before


# --- tensors ---------------------------------------------------------------------------------------------------------


def common_upscale(samples: Any, width: int, height: int, upscale_method: str, crop: str) -> Any:
    """Resize [B, C, H, W]."""
    from comfy_core.media import resize

    return resize.common_upscale(samples, width, height, upscale_method, crop)


def lanczos(samples: Any, width: int, height: int) -> Any:
    from comfy_core.media import resize

    return resize.lanczos(samples, width, height)


def bislerp(samples: Any, width: int, height: int) -> Any:
    from comfy_core.media import resize

    return resize.bislerp(samples, width, height)


def repeat_to_batch_size(tensor: Any, batch_size: int, dim: int = 0) -> Any:
    """As many entries along `dim` as asked for: the first ones, or all of them over and over."""
    length = tensor.shape[dim]
    if length < batch_size:
        repeats = [1] * tensor.ndim
        repeats[dim] = math.ceil(batch_size / length)
        tensor = tensor.repeat(repeats)
    return tensor.narrow(dim, 0, batch_size)


def tiled_scale(
    samples: Any,
    function: Callable[[Any], Any],
    tile_x: int = 64,
    tile_y: int = 64,
    overlap: int = 8,
    upscale_amount: float = 4,
    out_channels: int = 3,
    output_device: Any = "cpu",
    pbar: Any = None,
) -> Any:
    """`function` of [B, C, H, W] tile by tile, blended where tiles overlap: [B, out_channels, H * amount, W * amount].

    `function` maps [1, C, h, w] to [1, out_channels, h * amount, w * amount]; `pbar` counts the tiles.
    """
    import torch

    batch, _, height, width = samples.shape
    shape = (round(height * upscale_amount), round(width * upscale_amount))
    out = torch.zeros((batch, out_channels, *shape), device=output_device)
    weight = torch.zeros((1, 1, *shape), device=output_device)
    for index in range(batch):
        weight.zero_()
        for y in _tile_starts(height, tile_y, overlap):
            for x in _tile_starts(width, tile_x, overlap):
                tile = function(samples[index : index + 1, :, y : y + tile_y, x : x + tile_x]).to(output_device)
                rows, columns = (_ramp(size, round(overlap * upscale_amount)) for size in tile.shape[-2:])
                share = (rows[:, None] * columns).to(tile)
                top, left = round(y * upscale_amount), round(x * upscale_amount)
                place = (..., slice(top, top + tile.shape[-2]), slice(left, left + tile.shape[-1]))
                out[index : index + 1][place] += tile * share
                weight[place] += share
                if pbar is not None:
                    pbar.update(1)
        out[index] /= weight[0]
    return out


def _tile_starts(length: int, tile: int, overlap: int) -> list[int]:
    """As many as `get_tiled_scale_steps` counts; the last tile ends where the picture does."""
    if length <= tile:
        return [0]
    return [min(start, length - tile) for start in range(0, length - overlap, tile - overlap)]


def _ramp(size: int, feather: int) -> Any:
    """Rising over the first `feather` places, falling over the last, never 0."""
    import torch

    places = torch.arange(1, size + 1, dtype=torch.float32)
    return torch.minimum(places, places.flip(0)).clamp(max=max(feather, 1)) / max(feather, 1)


def get_tiled_scale_steps(width: int, height: int, tile_x: int, tile_y: int, overlap: int) -> int:
    """How many tiles a picture is cut into."""
    rows = 1 if height <= tile_y else math.ceil((height - overlap) / (tile_y - overlap))
    columns = 1 if width <= tile_x else math.ceil((width - overlap) / (tile_x - overlap))
    return rows * columns
