"""Hypernetwork files, as AUTOMATIC1111's web UI writes them, and models with one on them.

A file is a pickle: under each width a list of two tables of weights, for keys and values, and beside them words on how
the layers are put together (`activation_func`, `activate_output` …).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

from torch import Tensor

from comfy_core.control.fit import family_of
from comfy_core.families import sd1, sd2
from comfy_core.families._ldm import build, patcher_of, reading
from comfy_core.memory import devices
from comfy_core.networks.hypernetwork import ACTIVATIONS, Hypernetwork, HypernetworkDims
from comfy_core.networks.transformer_options import Options
from comfy_core.networks.unet import UNet
from comfy_core.patcher import ModelPatcher
from comfy_core.weights import Weights, WeightsError
from comfy_core.weights.pickled import load_pickle

OLD_NAMES = {"linear1": "linear.0", "linear2": "linear.1"}
TEXTS = {768: sd1.NAME, 1024: sd2.NAME}
"""The families by the width of their prompts."""


def load_hypernetwork(path: Path) -> ModelPatcher:
    """A hypernetwork from its file. Raises WeightsError for anything else, or one whose activation is not known."""
    content = load_pickle(path)
    widths = {key: one for key, one in content.items() if isinstance(key, int)} if isinstance(content, dict) else {}
    if not widths or not all(isinstance(one, list | tuple) and len(one) >= 2 for one in widths.values()):
        raise WeightsError(f"{path.name} is not a hypernetwork: it has no layers by the width of what attentions see.")
    activation = str(content.get("activation_func") or "linear").lower()
    if activation not in ACTIVATIONS:
        raise WeightsError(
            f"{path.name} has the activation {activation!r}, which this version does not know; "
            f"known: {', '.join(ACTIVATIONS)}."
        )
    with reading(path.name):
        rows = {width: [list(_in_order(table)) for table in tables[:2]] for width, tables in widths.items()}
        layers = {str(width): tuple(_shapes(row) for row in both) for width, both in rows.items()}
        dims = HypernetworkDims(layers, activation, bool(content.get("activate_output")))  # type: ignore[arg-type]
        table = Weights.of(dict(_named(rows)), path=path)
        network = build(Hypernetwork, dims, "hypernetwork", table)
        return patcher_of(network, table, devices.network_dtype(devices.compute_device()), "hypernetwork")


def _in_order(table: Mapping[str, Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    """The weight and bias of each layer, by the number in its name."""
    numbered: dict[int, dict[str, Tensor]] = {}
    for name, value in table.items():
        for old, new in OLD_NAMES.items():
            name = name.replace(f"{old}.", f"{new}.")
        match = re.fullmatch(r"linear\.(\d+)\.(weight|bias)", name)
        if match:
            numbered.setdefault(int(match[1]), {})[match[2]] = value
    for number in sorted(numbered):
        yield numbered[number]["weight"], numbered[number]["bias"]


def _shapes(row: list[tuple[Tensor, Tensor]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(weight.shape) for weight, _ in row)


def _named(rows: Mapping[int, list[list[tuple[Tensor, Tensor]]]]) -> Iterator[tuple[str, Tensor]]:
    """The tensors under the names of the network."""
    for width, both in rows.items():
        for part, row in enumerate(both):
            for place, (weight, bias) in enumerate(row):
                inner = f"{width}.{part}.{place}" + (".0" if weight.ndim == 2 else "")
                yield f"{inner}.weight", weight
                yield f"{inner}.bias", bias


def with_hypernetwork(model: ModelPatcher, hypernetwork: ModelPatcher, strength: float, name: str) -> ModelPatcher:
    """A clone of a model whose attentions see what a hypernetwork makes of it, beside what they see.

    Raises ValueError, naming both families, when it is for another one.
    """
    _check_fits(model, hypernetwork, name)
    network: Hypernetwork = hypernetwork.model  # type: ignore[assignment]

    def patch(x: Tensor, context: Tensor, value: Tensor, options: Options) -> tuple[Tensor, Tensor, Tensor]:
        added = network(context, value)
        if added is None:
            return x, context, value
        return x, context + strength * added[0], value + strength * added[1]

    changed = model.clone()
    changed.set_additional_models(f"hypernetwork_{uuid4()}", [hypernetwork])
    changed.set_model_attn1_patch(patch)
    changed.set_model_attn2_patch(patch)
    return changed


def _check_fits(model: ModelPatcher, hypernetwork: ModelPatcher, name: str) -> None:
    network = getattr(model.model, "diffusion_model", None)
    of_file: Hypernetwork = hypernetwork.model  # type: ignore[assignment]
    widths = {int(width) for width in of_file}
    if not isinstance(network, UNet):
        raise ValueError(f"{name} is a hypernetwork for Stable Diffusion, and the model is {type(network).__name__}")
    others = widths - {network.dims.context_dim, *network.widths}
    if others:
        made_for = TEXTS.get(min(others), f"a model with widths of {', '.join(map(str, sorted(others)))}")
        raise ValueError(
            f"{name} is for {made_for}, and the model is {family_of(network.dims)}; take one that was made for it"
        )
