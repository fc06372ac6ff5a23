"""What spandrel's upscaling networks make of a picture, with the random weights of `tests/tiny_upscalers.py`.

    pip install --target DIR --no-deps spandrel
    PYTHONPATH=DIR:. python tools/upscale_references.py tests/reference/upscalers.safetensors

Each case has every third pixel of its output (`CASE`), and in the metadata the names and shapes of its file. The input
of all is `picture`.
spandrel asks for torchvision; the three functions that it takes of it are not called here, and have stand-ins.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.tiny_upscalers import GIVEN, compact_shapes, drawn, esrgan_shapes

SIZE = (16, 32)
"""Multiples of every case's window."""


def stand_in_for_torchvision() -> None:
    modules = {name: ModuleType(name) for name in ("torchvision", "torchvision.transforms")}
    functional: Any = ModuleType("torchvision.transforms.functional")
    functional.InterpolationMode = functional.normalize = functional.rotate = None
    sys.modules.update(modules | {functional.__name__: functional})
    modules["torchvision"].transforms = modules["torchvision.transforms"]  # type: ignore[attr-defined]
    modules["torchvision.transforms"].functional = functional  # type: ignore[attr-defined]


def networks() -> dict[str, Callable[[], torch.nn.Module]]:
    """Networks by case, whose own state dicts are the layouts of files."""
    from spandrel.architectures.DAT import DAT
    from spandrel.architectures.ESRGAN import ESRGAN
    from spandrel.architectures.HAT import HAT
    from spandrel.architectures.PLKSR import PLKSR, RealPLKSR
    from spandrel.architectures.SPAN import SPAN
    from spandrel.architectures.Swin2SR import Swin2SR
    from spandrel.architectures.SwinIR import SwinIR

    swin: dict[str, Any] = {"embed_dim": 12, "depths": [2, 2], "num_heads": [2, 3], "window_size": 8, "mlp_ratio": 2.0}
    swin |= {"img_size": 32}
    dat: dict[str, Any] = {"img_size": 32, "embed_dim": 32, "num_heads": [4, 2], "expansion_factor": 2.0}
    old: dict[str, Any] = {"in_nc": 3, "out_nc": 3, "num_filters": 8, "num_blocks": 2}
    return {
        **{f"ESRGAN old {scale}x": partial(ESRGAN, **old, scale=scale) for scale in (1, 2, 4, 8)},
        "ESRGAN old plus": lambda: ESRGAN(**old, scale=4, plus=True),
        "SwinIR classical": lambda: SwinIR(**swin, upscale=4, upsampler="pixelshuffle"),
        "SwinIR classical 3x": lambda: SwinIR(**swin, upscale=3, upsampler="pixelshuffle"),
        "SwinIR lightweight": lambda: SwinIR(**swin, upscale=2, upsampler="pixelshuffledirect"),
        "SwinIR real": lambda: SwinIR(**swin, upscale=4, upsampler="nearest+conv"),
        "SwinIR real large": lambda: SwinIR(**swin, upscale=4, upsampler="nearest+conv", resi_connection="3conv"),
        "SwinIR denoise": lambda: SwinIR(**swin, upscale=1, upsampler=""),
        "SwinIR grey": lambda: SwinIR(**swin, in_chans=1, upscale=1, upsampler=""),
        "Swin2SR classical": lambda: Swin2SR(**swin, upscale=2, upsampler="pixelshuffle"),
        "Swin2SR lightweight": lambda: Swin2SR(**swin, upscale=2, upsampler="pixelshuffledirect"),
        "Swin2SR real": lambda: Swin2SR(**swin, upscale=4, upsampler="nearest+conv"),
        "HAT": lambda: HAT(**swin, compress_ratio=3, squeeze_factor=4, overlap_ratio=0.5, upscale=4),
        "DAT": lambda: DAT(**dat, split_size=[4, 8], depth=[3, 5], upscale=2),
        "DAT light": lambda: DAT(
            **dat, split_size=[8, 16], depth=[4, 2], upscale=3, upsampler="pixelshuffledirect", resi_connection="3conv"
        ),
        "SPAN": lambda: SPAN(num_in_ch=3, num_out_ch=3, feature_channels=8, upscale=4),
        "SPAN without norm": lambda: SPAN(num_in_ch=3, num_out_ch=3, feature_channels=8, upscale=2, norm=False),
        "PLKSR": lambda: PLKSR(dim=16, n_blocks=2, upscaling_factor=4),
        "PLKSR doubled": lambda: PLKSR(dim=16, n_blocks=2, upscaling_factor=2, ccm_type="DCCM", use_ea=False),
        "RealPLKSR": lambda: RealPLKSR(dim=16, n_blocks=2, upscaling_factor=4),
        "RealPLKSR sampled": lambda: RealPLKSR(dim=16, n_blocks=1, upscaling_factor=4, dysample=True),
        "RealPLKSR sampled 3x": lambda: RealPLKSR(dim=16, n_blocks=1, upscaling_factor=3, dysample=True),
        "RealPLKSR sampled 1x": lambda: RealPLKSR(dim=16, n_blocks=1, upscaling_factor=1, dysample=True),
        "RealPLKSR layer norm": lambda: RealPLKSR(dim=16, n_blocks=2, upscaling_factor=2, layer_norm=True),
    }


LAYOUTS: dict[str, dict[str, tuple[int, ...]]] = {
    "Compact 4x": compact_shapes(),
    "Compact 1x": compact_shapes(scale=1),
    "ESRGAN new": esrgan_shapes(blocks=2),
    "ESRGAN new 2x": esrgan_shapes(in_channels=12),
    "ESRGAN new 1x": esrgan_shapes(in_channels=48),
}
"""Layouts that spandrel translates when it loads them."""


def output(state: Mapping[str, Tensor], picture: Tensor) -> Tensor:
    from spandrel import ModelLoader

    model = ModelLoader().load_from_state_dict(dict(state))
    pixels = picture[:, :1] if model.input_channels == 1 else picture
    with torch.no_grad():
        return model.model.eval()(pixels.clone())


def main(target: str) -> None:
    stand_in_for_torchvision()
    picture = torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    tensors, layouts = {}, dict(LAYOUTS)
    for case, shapes in LAYOUTS.items():
        tensors[case] = output(drawn(shapes), picture)
    for case, network in networks().items():
        own = network().state_dict()
        layouts[case] = {name: tuple(value.shape) for name, value in own.items()}
        given = {name: value for name, value in own.items() if any(word in name for word in GIVEN)}
        tensors[case] = output(drawn(layouts[case]) | given, picture)
    kept = {name: value[..., ::3, ::3].contiguous() for name, value in tensors.items()}
    save_file(kept | {"picture": picture}, target, metadata={"layouts": json.dumps(layouts)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    main(parser.parse_args().file)
