"""Which conversion two paths mean: a file rewritten, a pipeline's folder made one file, or the reverse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from comfy_core.model_tools.pipeline import write_pipeline
from comfy_core.model_tools.prune import kept_type, lasting_metadata
from comfy_core.model_tools.quantise import quantised
from comfy_core.model_tools.single_file import single_file
from comfy_core.weights import Weights, WeightsError, open_weights
from comfy_core.weights.write import Planned, copied, write_safetensors

SAFETENSORS = (".safetensors", ".sft")
Progress = Callable[[int], object]


def convert(
    source: Path,
    target: Path,
    dtype: str | None = None,
    fp8: str | None = None,
    scales: bool = True,
    progress: Progress = lambda bytes: None,
) -> int:
    """Write the model `source` as `target`, and return the bytes written.

    A source is a weight file, or a folder of diffusers; a target is a `.safetensors` file, or without an ending a
    folder of diffusers. `dtype` names a type for all floating point tensors; `fp8` quantises the diffusion model, see
    `quantise`.

    Raises WeightsError, which says what is wrong with the source or the target.
    """
    if not target.suffix and not source.is_dir():
        if fp8 is not None:
            raise WeightsError("folders of diffusers have no scales beside their matrices; quantise into one file.")
        return write_pipeline(open_weights(source), target, dtype, progress)
    if target.suffix.lower() not in SAFETENSORS:
        raise WeightsError(f"{target} must end in .safetensors, or be the name of a folder without an ending.")
    weights, tensors = _read(source, dtype)
    if fp8 is not None:
        tensors = quantised(weights, fp8, scales)
    return write_safetensors(target, tensors, lasting_metadata(weights.metadata), progress)


def _read(source: Path, dtype: str | None) -> tuple[Weights, dict[str, Planned]]:
    weights = single_file(source) if source.is_dir() else open_weights(source, as_stored=True)
    return weights, {name: copied(weights, name, kept_type(weights, name, dtype)) for name in weights}
