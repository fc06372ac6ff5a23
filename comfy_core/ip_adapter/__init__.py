"""IP-Adapter: pictures as prompts. Ye et al. 2023, https://arxiv.org/abs/2308.06721.

An IPADAPTER is an `IPAdapter`, what its encoder saw are tensors (`seen_in`), and `with_pictures` has a model attend to
them.
"""

from comfy_core.ip_adapter.apply import with_pictures
from comfy_core.ip_adapter.attention import SCALINGS
from comfy_core.ip_adapter.embeds import COMBINED, FOR_PICTURES, combined, seen_in, seen_in_nothing
from comfy_core.ip_adapter.loading import IPAdapter, load_ip_adapter
from comfy_core.ip_adapter.weights import WEIGHT_TYPES

__all__ = [
    "COMBINED",
    "FOR_PICTURES",
    "SCALINGS",
    "WEIGHT_TYPES",
    "IPAdapter",
    "combined",
    "load_ip_adapter",
    "seen_in",
    "seen_in_nothing",
    "with_pictures",
]
