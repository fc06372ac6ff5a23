"""A whole CLIP from one file, encoders of pictures and of texts, in the layout of `transformers` or OpenCLIP."""

from __future__ import annotations

from comfy_core.families._clip import LAYERS_OF_H, Kind, layer_count, load_clip, transformers_layout
from comfy_core.families._ldm import file_name, reading
from comfy_core.text.clip import CLIP
from comfy_core.text.tokenizer import END
from comfy_core.vision import ClipVisionModel, load_clip_vision
from comfy_core.weights import Weights, WeightsError

LAYERS_OF_L = 12
OPENAI = Kind("l", activation="quick_gelu", pad=END, layer=-1, normed=True)
OPEN_CLIP_H = Kind("h", layer=-1, normed=True)
OPEN_CLIP_G = Kind("g", layer=-1, normed=True)


def load_whole_clip(weights: Weights) -> tuple[ClipVisionModel, CLIP]:
    """Both encoders. Raises WeightsError when the file lacks one of them, or the projection of texts."""
    text = weights.renamed(lambda name: None if name.startswith(("vision_model.", "visual")) else name)
    if "text_projection.weight" not in text and "text_projection" not in text:
        raise WeightsError(
            f"{file_name(weights)} is not a whole CLIP: it has no text encoder with a projection. Use Load CLIP Vision "
            "for an encoder of pictures alone."
        )
    with reading(file_name(weights)):
        return load_clip_vision(weights), load_clip({_kind(text): text})


def _kind(text: Weights) -> Kind:
    """Which text encoder it is, by how many layers it has."""
    layers = layer_count(transformers_layout(text))
    if layers <= LAYERS_OF_L:
        return OPENAI
    return OPEN_CLIP_H if layers <= LAYERS_OF_H else OPEN_CLIP_G
