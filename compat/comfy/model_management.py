"""Devices, memory, and stopping a run. torch is imported when it is first needed."""

from __future__ import annotations

from typing import Any

from comfy_core import progress
from comfy_core.progress import Interrupted as InterruptProcessingException
from nodes import registry


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


def interrupt_current_processing(value: bool = True) -> None:
    """Have the run that is under way stop (or not, after all)."""
    registry.HOST.interrupt(value)


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


def intermediate_dtype() -> Any:
    """The type that pictures and masks have between nodes."""
    import torch

    return torch.float32


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


def device_supports_non_blocking(device: Any) -> bool:
    return not is_device_mps(device)


def xformers_enabled() -> bool:
    return False


def pytorch_attention_enabled() -> bool:
    return True


# --- number types ----------------------------------------------------------------------------------------------------


def unet_dtype(device: Any = None, model_params: int = 0, supported_dtypes: Any = (), weight_dtype: Any = None) -> Any:
    """The type that diffusion networks compute in, or the first that is supported."""
    from comfy_core.memory import devices

    chosen = devices.network_dtype(device if device is not None else get_torch_device())
    return chosen if not supported_dtypes or chosen in supported_dtypes else supported_dtypes[0]


def text_encoder_dtype(device: Any = None) -> Any:
    return unet_dtype(device)


def vae_dtype(device: Any = None, allowed_dtypes: Any = ()) -> Any:
    from comfy_core.memory import devices

    chosen = devices.vae_dtype(device if device is not None else get_torch_device())
    return chosen if not allowed_dtypes or chosen in allowed_dtypes else allowed_dtypes[0]


def unet_manual_cast(weight_dtype: Any, inference_device: Any, supported_dtypes: Any = ()) -> Any:
    """The type to compute in where it is not that of the weights, else None."""
    chosen = unet_dtype(inference_device, supported_dtypes=supported_dtypes)
    return None if chosen == weight_dtype else chosen


def cast_to(
    weight: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False, **more: Any
) -> Any:
    """A tensor of another type or on another device; None leaves each as it is."""
    return weight.to(
        device=weight.device if device is None else device,
        dtype=weight.dtype if dtype is None else dtype,
        non_blocking=non_blocking,
        copy=copy,
    )


def cast_to_device(tensor: Any, device: Any, dtype: Any, copy: bool = False) -> Any:
    return cast_to(tensor, dtype, device, device_supports_non_blocking(device), copy)


def should_use_bf16(
    device: Any = None, model_params: int = 0, prioritize_performance: bool = True, manual_cast: bool = False
) -> bool:
    import torch

    return is_device_cuda(device if device is not None else get_torch_device()) and torch.cuda.is_bf16_supported()


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


def get_total_memory(dev: Any = None, torch_total_too: bool = False) -> Any:
    """All bytes of a device; with `torch_total_too` twice."""
    import psutil
    import torch

    device = dev if dev is not None else get_torch_device()
    total = torch.cuda.mem_get_info(device)[1] if is_device_cuda(device) else psutil.virtual_memory().total
    return (total, total) if torch_total_too else total


def load_models_gpu(models: Any, memory_required: int = 0, *more: Any, **options: Any) -> None:
    """Have these models on their devices, patched; they stay until others need the room."""
    from comfy_core.memory import residency

    with residency.use(list(models), int(memory_required)):
        """Being there is all that is asked for."""


def load_model_gpu(model: Any) -> None:
    load_models_gpu([model])


def free_memory(memory_required: int, device: Any, keep_loaded: Any = (), **options: Any) -> None:
    """Take models that are not at work off the device, if that many bytes are not free."""
    if get_free_memory(device) < memory_required:
        unload_all_models()


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
