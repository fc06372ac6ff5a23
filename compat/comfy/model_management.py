"""Devices, memory, and stopping a run. torch is imported when it is first needed."""

from __future__ import annotations

from typing import Any

from comfy_core import progress
from comfy_core.progress import Interrupted as InterruptProcessingException


def __getattr__(name: str) -> Any:
    if name == "OOM_EXCEPTION":
        import torch

        return torch.OutOfMemoryError
    raise AttributeError(f"module 'comfy.model_management' has no attribute {name!r}")


# --- stopping --------------------------------------------------------------------------------------------------------


def throw_exception_if_processing_interrupted() -> None:
    """Raises InterruptProcessingException when the run is to stop."""
    progress.check_interrupted()


def processing_interrupted() -> bool:
    try:
        progress.check_interrupted()
    except InterruptProcessingException:
        return True
    return False


# --- devices ---------------------------------------------------------------------------------------------------------


def get_torch_device() -> Any:
    """The device that computes."""
    from comfy_core.memory import devices

    return devices.compute_device()


def _offload_device() -> Any:
    from comfy_core.memory import devices

    return devices.offload_device()


def unet_offload_device() -> Any:
    return _offload_device()


def intermediate_device() -> Any:
    """Where results of nodes are kept."""
    return _offload_device()


def text_encoder_device() -> Any:
    return get_torch_device()


def text_encoder_offload_device() -> Any:
    return _offload_device()


def vae_device() -> Any:
    return get_torch_device()


def vae_offload_device() -> Any:
    return _offload_device()


def get_torch_device_name(device: Any) -> str:
    from comfy_core.memory import devices

    return devices.device_name(device)


def get_autocast_device(dev: Any) -> str:
    return getattr(dev, "type", "cuda")


def is_device_type(device: Any, type: str) -> bool:
    return getattr(device, "type", None) == type


def is_device_cpu(device: Any) -> bool:
    return is_device_type(device, "cpu")


def is_device_mps(device: Any) -> bool:
    return is_device_type(device, "mps")


def is_device_cuda(device: Any) -> bool:
    return is_device_type(device, "cuda")


def is_nvidia() -> bool:
    import torch

    return torch.cuda.is_available() and bool(torch.version.cuda)


def is_intel_xpu() -> bool:
    import torch

    return hasattr(torch, "xpu") and torch.xpu.is_available()


def should_use_fp16(
    device: Any = None, model_params: int = 0, prioritize_performance: bool = True, manual_cast: bool = False
) -> bool:
    return not is_device_cpu(device if device is not None else get_torch_device())


# --- memory ----------------------------------------------------------------------------------------------------------


def get_free_memory(dev: Any = None, torch_free_too: bool = False) -> Any:
    """Free bytes of a device; with `torch_free_too` twice, for nothing of them is torch's alone."""
    from comfy_core.memory import devices

    free = devices.free_bytes(dev if dev is not None else get_torch_device())
    return (free, free) if torch_free_too else free


def soft_empty_cache(force: bool = False) -> None:
    """Give the device's unused memory back."""
    from comfy_core.memory import devices

    devices.empty_cache(get_torch_device())


def unload_all_models() -> None:
    """Take every model off the device."""
    from comfy_core.memory import residency

    residency.free_all()


def module_size(module: Any) -> int:
    """The bytes of a module's parameters and buffers."""
    return sum(tensor.nelement() * tensor.element_size() for tensor in module.state_dict().values())
