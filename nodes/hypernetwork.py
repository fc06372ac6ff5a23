"""The node that puts hypernetworks on models."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import folders
from comfy_core.hypernetwork import load_hypernetwork, with_hypernetwork
from nodes.loaders import file_state
from nodes.schema import File, Float, node
from nodes.types import Model


@node(
    "HypernetworkLoader",
    title="Load Hypernetwork",
    category="model/loaders",
    python_module="comfy_extras.nodes_hypernetwork",
)
def hypernetwork_loader(
    model: Model,
    hypernetwork_name: Annotated[str, File("hypernetworks", tooltip="A file in models/hypernetworks/.")],
    strength: Annotated[
        float, Float(default=1.0, min=-10.0, max=10.0, step=0.01, tooltip="0 changes nothing; it may be negative.")
    ],
) -> Model:
    """Put a hypernetwork on a model. Several in a row work one after the other."""
    if strength == 0:
        return model
    path = folders.current().find_model("hypernetworks", hypernetwork_name)
    return with_hypernetwork(model, load_hypernetwork(path), strength, path.name)


@hypernetwork_loader.fingerprint
def _(hypernetwork_name: str | None, **_: Any) -> list[Any]:
    return file_state("hypernetworks", hypernetwork_name)
