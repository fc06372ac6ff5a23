"""Built-in nodes that stand in for those of well-known packs have their inputs, in their order and with their defaults:
workflows made with the packs fit. Noted from ComfyUI_IPAdapter_plus and comfyui_controlnet_aux."""

from __future__ import annotations

from typing import Any

import pytest

from execution.load_nodes import load_nodes

NODES = load_nodes(("nodes",))
WEIGHT, WIDE_WEIGHT = ("weight", "FLOAT", 1.0, -1, 3, 0.05), ("weight", "FLOAT", 1.0, -1, 5, 0.05)
RANGE = (("start_at", "FLOAT", 0.0, 0.0, 1.0, 0.001), ("end_at", "FLOAT", 1.0, 0.0, 1.0, 0.001))
TYPE, SCALING = ("weight_type", "COMBO", "linear"), ("embeds_scaling", "COMBO", "V only")
NEGATIVE, MASK, VISION = ("image_negative", "IMAGE"), ("attn_mask", "MASK"), ("clip_vision", "CLIP_VISION")
ON_MODEL = (("model", "MODEL"), ("ipadapter", "IPADAPTER"))
RESOLUTION = ("resolution", "INT", 512, 64, 16384, 64)
Entry = tuple[Any, ...]
INPUTS: dict[str, tuple[tuple[Entry, ...], tuple[Entry, ...], tuple[str, ...]]] = {
    "IPAdapterModelLoader": ((("ipadapter_file", "COMBO"),), (), ("IPADAPTER",)),
    "IPAdapterUnifiedLoader": (
        (("model", "MODEL"), ("preset", "COMBO", "LIGHT - SD1.5 only (low strength)")),
        (("ipadapter", "IPADAPTER"),),
        ("MODEL", "IPADAPTER"),
    ),
    "IPAdapter": (
        (*ON_MODEL, ("image", "IMAGE"), WEIGHT, *RANGE, ("weight_type", "COMBO", "standard")),
        (MASK,),
        ("MODEL",),
    ),
    "IPAdapterAdvanced": (
        (*ON_MODEL, ("image", "IMAGE"), WIDE_WEIGHT, TYPE, ("combine_embeds", "COMBO", "concat"), *RANGE, SCALING),
        (NEGATIVE, MASK, VISION),
        ("MODEL",),
    ),
    "IPAdapterBatch": (
        (
            *ON_MODEL,
            ("image", "IMAGE"),
            WIDE_WEIGHT,
            TYPE,
            *RANGE,
            SCALING,
            ("encode_batch_size", "INT", 0, 0, 4096),
        ),
        (NEGATIVE, MASK, VISION),
        ("MODEL",),
    ),
    "IPAdapterEmbeds": (
        (*ON_MODEL, ("pos_embed", "EMBEDS"), WEIGHT, TYPE, *RANGE, SCALING),
        (("neg_embed", "EMBEDS"), MASK, VISION),
        ("MODEL",),
    ),
    "IPAdapterEncoder": (
        (("ipadapter", "IPADAPTER"), ("image", "IMAGE"), ("weight", "FLOAT", 1.0, -1.0, 3.0, 0.01)),
        (("mask", "MASK"), VISION),
        ("EMBEDS", "EMBEDS"),
    ),
    "IPAdapterCombineEmbeds": (
        (("embed1", "EMBEDS"), ("method", "COMBO", "concat")),
        tuple((f"embed{number}", "EMBEDS") for number in range(2, 6)),
        ("EMBEDS",),
    ),
    "InpaintPreprocessor": (
        (("image", "IMAGE"), ("mask", "MASK")),
        (("black_pixel_for_xinsir_cn", "BOOLEAN", False),),
        ("IMAGE",),
    ),
    "LineartStandardPreprocessor": (
        (("image", "IMAGE"),),
        (("guassian_sigma", "FLOAT", 6.0, 0.0, 100.0), ("intensity_threshold", "INT", 8, 0, 16), RESOLUTION),
        ("IMAGE",),
    ),
    "TilePreprocessor": ((("image", "IMAGE"),), (("pyrUp_iters", "INT", 3, 1, 10, 1), RESOLUTION), ("IMAGE",)),
    "ImageLuminanceDetector": (
        (("image", "IMAGE"),),
        (("gamma_correction", "FLOAT", 1.0, 0.1, 2.0), RESOLUTION),
        ("IMAGE",),
    ),
    "RenderPeopleKps": (
        (("kps", "POSE_KEYPOINT"), *((f"render_{part}", "BOOLEAN", True) for part in ("body", "hand", "face"))),
        (),
        ("IMAGE",),
    ),
}
"""By id: the required inputs, the optional ones, and the types of the outputs. An input is its name, its type, and as
far as the pack says its default (a list's first value), least and greatest value, and step."""


@pytest.mark.parametrize("name", INPUTS)
def test_a_node_has_the_inputs_of_the_packs(name: str):
    schema = NODES[name].schema
    required, optional, outputs = INPUTS[name]
    for section, expected in (("required", required), ("optional", optional)):
        ours = [one for one in schema.inputs if one.section == section]
        assert [one.name for one in ours] == [entry[0] for entry in expected]
        for one, entry in zip(ours, expected, strict=True):
            default = one.options.get("default", one.choices[0] if one.choices else None)
            said = (
                "COMBO" if one.is_combo else one.type,
                default,
                *(one.options.get(k) for k in ("min", "max", "step")),
            )
            assert said[: len(entry) - 1] == entry[1:]
    assert tuple(one.type for one in schema.outputs) == outputs
    assert NODES[name].gives_way
