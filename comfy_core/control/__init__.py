"""What steers a diffusion model by pictures: ControlNets and T2I-Adapters, chained on a prompt.

A CONTROL_NET is a `ControlBase`; a prompt that is controlled has one under `control`, which knows those before it.
"""

from comfy_core.control.apply import controlled
from comfy_core.control.base import ControlBase, StrengthType
from comfy_core.control.lllite import load_lllite, with_lllite
from comfy_core.control.loading import load_controlnet
from comfy_core.control.union import with_kind

__all__ = ["ControlBase", "StrengthType", "controlled", "load_controlnet", "load_lllite", "with_kind", "with_lllite"]
