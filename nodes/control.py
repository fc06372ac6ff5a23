"""Nodes that lead a picture by others: ControlNets and T2I-Adapters."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import folders
from comfy_core.control import ControlBase, controlled, load_controlnet, load_lllite, with_kind, with_lllite
from comfy_core.control.union import KINDS
from comfy_core.weights import open_weights
from nodes.loaders import file_state
from nodes.schema import Combo, File, Float, Int, Socket, node
from nodes.types import Conditioning, Image, Model, Negative, Positive, Vae

CATEGORY = "model/conditioning/controlnet"
ControlNet = Annotated[ControlBase, Socket("CONTROL_NET", tooltip="What leads the model by a picture.")]
ControlNetName = Annotated[str, File("controlnet", tooltip="A file in models/controlnet/.")]
Hint = Annotated[Any, Socket("IMAGE", tooltip="What the ControlNet takes: edges, depths, a pose …")]
Strength = Annotated[float, Float(default=1.0, min=0.0, max=10.0, step=0.01, tooltip="How much it counts.")]
Start = Annotated[float, Float(default=0.0, min=0.0, max=1.0, step=0.001, tooltip="0 is the noisiest step.")]
End = Annotated[float, Float(default=1.0, min=0.0, max=1.0, step=0.001, tooltip="1 is the last step.")]
LatentVae = Annotated[
    Any, Socket("VAE", tooltip="For ControlNets that take a latent; those of Stable Diffusion take the picture.")
]


@node(
    "ControlNetLoader",
    title="Load ControlNet Model",
    category="model/loaders",
    search_aliases=("controlnet", "control net", "cn", "load controlnet", "controlnet loader"),
)
def control_net_loader(control_net_name: ControlNetName) -> ControlNet:
    """Open a ControlNet, a Control-LoRA or a T2I-Adapter."""
    return load_controlnet(open_weights(folders.current().find_model("controlnet", control_net_name)))


@node("DiffControlNetLoader", title="Load ControlNet Model (diff)", category="model/loaders")
def diff_control_net_loader(model: Model, control_net_name: ControlNetName) -> ControlNet:
    """Open a ControlNet that is stored as the difference to a model, and put it on this one."""
    return load_controlnet(open_weights(folders.current().find_model("controlnet", control_net_name)), model)


@node("ControlNetApply", title="Apply ControlNet (DEPRECATED)", category=CATEGORY, deprecated=True)
def control_net_apply(
    conditioning: Conditioning, control_net: ControlNet, image: Hint, strength: Strength
) -> Conditioning:
    """Lead a prompt, and the negative one too, by a picture."""
    if strength == 0:
        return conditioning
    return controlled(control_net, image, strength, conditioning, for_negative=True)[0]


@node(
    "ControlNetApplyAdvanced",
    title="Apply ControlNet",
    category=CATEGORY,
    outputs=("positive", "negative"),
    search_aliases=("controlnet", "apply controlnet", "use controlnet", "control net"),
)
def control_net_apply_advanced(
    positive: Positive,
    negative: Negative,
    control_net: ControlNet,
    image: Hint,
    strength: Strength,
    start_percent: Start,
    end_percent: End,
    vae: LatentVae | None = None,
) -> tuple[Conditioning, Conditioning]:
    """Lead both prompts by a picture, in all of the sampling or a part of it. Several in a row add up."""
    if strength == 0:
        return positive, negative
    sides = controlled(
        control_net, image, strength, positive, negative, start_percent=start_percent, end_percent=end_percent
    )
    return sides[0], sides[1]


@node(
    "ControlNetApplySD3",
    title="Apply Controlnet with VAE",
    category=CATEGORY,
    outputs=("positive", "negative"),
    deprecated=True,
    python_module="comfy_extras.nodes_sd3",
)
def control_net_apply_sd3(
    positive: Positive,
    negative: Negative,
    control_net: ControlNet,
    vae: Vae,
    image: Hint,
    strength: Strength,
    start_percent: Start,
    end_percent: End,
) -> tuple[Conditioning, Conditioning]:
    """Apply ControlNet under an older name."""
    return control_net_apply_advanced(positive, negative, control_net, image, strength, start_percent, end_percent, vae)


@node(
    "SetUnionControlNetType",
    title="Set Union ControlNet Type",
    category=CATEGORY,
    python_module="comfy_extras.nodes_controlnet",
    search_aliases=("set controlnet type", "union controlnet type"),
)
def set_union_control_net_type(
    control_net: ControlNet,
    type: Annotated[str, Combo(("auto", *KINDS), tooltip="What its picture is; auto leaves it to the network.")],
) -> ControlNet:
    """Tell a ControlNet for several kinds of pictures which kind it is shown."""
    return with_kind(control_net, type)


@node(
    "LLLiteLoader",
    title="Load LLLite",
    category="model/loaders",
    search_aliases=("lllite", "controlnet lllite", "kohya controlnet"),
    gives_way=True,
)
def lllite_loader(
    model: Model,
    model_name: ControlNetName,
    cond_image: Annotated[Image, Socket("IMAGE", tooltip="What it takes: edges, depths, a blurred picture …")],
    strength: Strength | None = None,
    steps: Annotated[int, Int(default=0, min=0, max=200, tooltip="0: it counts in all steps of the sampling.")]
    | None = None,
    start_percent: Annotated[
        float, Float(default=0.0, min=0.0, max=100.0, step=0.1, tooltip="The share of the steps before it counts.")
    ]
    | None = None,
    end_percent: Annotated[
        float, Float(default=0.0, min=0.0, max=100.0, step=0.1, tooltip="The share after which it does not; 0: never.")
    ]
    | None = None,
) -> Model:
    """Open a ControlNet-LLLite of Stable Diffusion XL, and lead a model by a picture with it."""
    control = load_lllite(open_weights(folders.current().find_model("controlnet", model_name)))
    strength = 1.0 if strength is None else strength
    if strength == 0:
        return model
    if not steps:
        return with_lllite(model, control, cond_image, strength)
    return with_lllite(model, control, cond_image, strength, (start_percent or 0) / 100, (end_percent or 100) / 100)


@lllite_loader.fingerprint
def _(model_name: str | None, **_: Any) -> list[Any]:
    return file_state("controlnet", model_name)


@control_net_loader.fingerprint
@diff_control_net_loader.fingerprint
def _(control_net_name: str | None, **_: Any) -> list[Any]:
    return file_state("controlnet", control_net_name)
