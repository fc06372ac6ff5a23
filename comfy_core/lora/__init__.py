"""LoRA and its kin: small files that change a model's weights.

`names` knows what files call a model's modules, `reading` what they call the tensors of a module, `loading` puts what
was read on a model. Each further file is one kind of change, a recipe for `ModelPatcher.add_patches`.
"""

from comfy_core.lora.loading import load_lora_for_models
from comfy_core.lora.names import diffusers_unet, text_names, unet_names
from comfy_core.lora.reading import read_lora

__all__ = ["diffusers_unet", "load_lora_for_models", "read_lora", "text_names", "unet_names"]
