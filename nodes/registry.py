"""The nodes of this process by class name, for packs that look one another up (`nodes.NODE_CLASS_MAPPINGS`).

Filled by `execution.load_nodes` while it loads. Classes of packs are their own; a built-in node, which is a function,
gets a thin class the first time somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nodes.schema import Node, NodeSchema, input_config


@dataclass
class Host:
    """Between the worker and what packs see of the server (`compat/server.py`), which know nothing of each other.

    `begin` is called before packs are loaded, `loading` with the name of each whose code is about to run, and with an
    empty one when that is done. `say` takes a pack's message: its kind, its data, the client it is for
    (None: all). `serve` has the routes of packs answer whoever shows a key; it gives them as (method, pattern) and the
    address. `rewrite` lets packs change the body of a prompt before it is queued, if any wants to (`rewrites`).
    `model_folders` has the folders and endings of the kinds of models that packs added or changed.
    `interrupt` stops the run that is under way, or lets it go on after all. `replacements` are what stands in for
    classes that are no more, by the old class (`execution.replacements`). `arguments` are what packs may know of the
    command line.
    """

    begin: Callable[[], None] = lambda: None
    loading: Callable[[str], None] = lambda pack: None
    say: Callable[[str, Any, str | None], None] = lambda kind, data, client: None
    serve: Callable[[str], tuple[list[tuple[str, str]], str]] = lambda key: ([], "")
    rewrite: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: body
    rewrites: Callable[[], bool] = lambda: False
    model_folders: Callable[[], dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = dict
    interrupt: Callable[[bool], None] = lambda wanted: None
    replacements: dict[str, list[Any]] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)


HOST = Host()
NODES: dict[str, Node] = {}
PROTECTED: set[str] = set()
"""The classes that packs cannot replace."""
CLASSES: dict[str, Any] = {}
BASES: dict[str, type] = {}
"""What the classes of some built-in nodes derive from: methods that packs call or override, and what these read."""
TITLES: dict[str, str] = {}
WEB_DIRECTORIES: dict[str, str] = {}

SCHEMA_STYLE = "execute"
METHODS: dict[str, tuple[str, tuple[str, ...]]] = {
    "CLIPTextEncode": ("encode", ("clip", "text")),
    "CLIPSetLastLayer": ("set_last_layer", ("clip", "stop_at_clip_layer")),
    "CheckpointLoaderSimple": ("load_checkpoint", ("ckpt_name",)),
    "VAELoader": ("load_vae", ("vae_name",)),
    "LoraLoader": ("load_lora", ("model", "clip", "lora_name", "strength_model", "strength_clip")),
    "LoraLoaderModelOnly": ("load_lora_model_only", ("model", "lora_name", "strength_model")),
    "VAEDecode": ("decode", ("vae", "samples")),
    "VAEEncode": ("encode", ("vae", "pixels")),
    "VAEEncodeForInpaint": ("encode", ("vae", "pixels", "mask", "grow_mask_by")),
    "SetLatentNoiseMask": ("set_mask", ("samples", "mask")),
    "InpaintModelConditioning": ("encode", ("positive", "negative", "pixels", "vae", "mask", "noise_mask")),
    "RepeatLatentBatch": ("repeat", ("samples", "amount")),
    "LatentFromBatch": ("frombatch", ("samples", "batch_index", "length")),
    "LatentFlip": ("flip", ("samples", "flip_method")),
    "LatentRotate": ("rotate", ("samples", "rotation")),
    "LatentCrop": ("crop", ("samples", "width", "height", "x", "y")),
    "LatentBlend": ("blend", ("samples1", "samples2", "blend_factor")),
    "EmptyLatentImage": ("generate", ("width", "height", "batch_size")),
    "ImageScale": ("upscale", ("image", "upscale_method", "width", "height", "crop")),
    "ImageScaleBy": ("upscale", ("image", "upscale_method", "scale_by")),
    "LatentUpscale": ("upscale", ("samples", "upscale_method", "width", "height", "crop")),
    "LatentUpscaleBy": ("upscale", ("samples", "upscale_method", "scale_by")),
    "EmptyImage": ("generate", ("width", "height", "batch_size", "color")),
    "ImageBatch": ("batch", ("image1", "image2")),
    "ImageInvert": ("invert", ("image",)),
    "LoadImage": ("load_image", ("image",)),
    "LoadImageMask": ("load_image", ("image", "channel")),
    "SaveImage": ("save_images", ()),
    "PreviewImage": ("save_images", ()),
    "ConditioningCombine": ("combine", ("conditioning_1", "conditioning_2")),
    "ConditioningConcat": ("concat", ("conditioning_to", "conditioning_from")),
    "ConditioningZeroOut": ("zero_out", ("conditioning",)),
    "ControlNetLoader": ("load_controlnet", ("control_net_name",)),
    "DiffControlNetLoader": ("load_controlnet", ("model", "control_net_name")),
    "ControlNetApply": ("apply_controlnet", ("conditioning", "control_net", "image", "strength")),
    "ControlNetApplyAdvanced": ("apply_controlnet", ()),
    "KSampler": ("sample", ()),
    "KSamplerAdvanced": ("sample", ()),
}
"""What the ecosystem calls the method of a built-in class, and its parameters (empty: the inputs in their order)."""


def class_mappings() -> dict[str, Any]:
    """Every class by name; the one live dictionary."""
    for name in NODES.keys() - CLASSES.keys():
        CLASSES[name] = thin_class(NODES[name])
    return CLASSES


def class_of(name: str) -> Any:
    """Raises KeyError when no node has that name."""
    if name not in CLASSES:
        CLASSES[name] = thin_class(NODES[name])
    return CLASSES[name]


def is_thin(cls: Any) -> bool:
    """Is it a class that stands for a built-in node?"""
    return getattr(cls, "__module__", None) == __name__


def thin_class(node: Node) -> type:
    """A class in the classic style that calls a built-in node."""
    schema = node.schema
    method, order = METHODS.get(schema.id, (SCHEMA_STYLE, ()))
    names = order or tuple(one.name for one in schema.inputs)

    def call(*arguments: Any, **inputs: Any) -> Any:
        return _as_tuple(node.function(**dict(zip(names, arguments, strict=False)), **inputs))

    def call_on(self: Any, *arguments: Any, **inputs: Any) -> Any:
        return call(*arguments, **inputs)

    bases = (BASES[schema.id],) if schema.id in BASES else ()
    # A method of the schema style is called on the class as well.
    ours = {} if bases else {method: staticmethod(call) if method == SCHEMA_STYLE else call_on}
    members = ours | {
        "INPUT_TYPES": classmethod(lambda cls: _input_types(schema)),
        "RETURN_TYPES": tuple(one.type for one in schema.outputs),
        "RETURN_NAMES": tuple(one.name for one in schema.outputs),
        "FUNCTION": method,
        "CATEGORY": schema.category,
        "DESCRIPTION": schema.description,
        "OUTPUT_NODE": schema.is_output,
    }
    return type(schema.id, bases, members)


class Results(tuple[Any, ...]):
    """What a node gives, as the classic style has it, and as the schema style does."""

    @property
    def result(self) -> tuple[Any, ...]:
        return self

    args = result


def _as_tuple(returned: Any) -> Any:
    shows = isinstance(returned, dict) and returned.keys() & {"ui", "result", "expand"}
    if shows:
        return returned
    if isinstance(returned, tuple):
        return Results(returned)
    return Results(() if returned is None else (returned,))


def _input_types(schema: NodeSchema) -> dict[str, Any]:
    from comfy_core import folders

    sections: dict[str, Any] = {"required": {}}
    for one in schema.inputs:
        entry: Any = one.type if one.section == "hidden" else tuple(input_config(one, folders.current().files))
        sections.setdefault(one.section, {})[one.name] = entry
    return sections
