"""Asking a model about several conditions: those that fit together go through the network as one batch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from comfy_core.concat import repeated
from comfy_core.memory import devices, residency
from comfy_core.memory.shortage import is_out_of_memory
from comfy_core.model import DiffusionModel
from comfy_core.sampling.conditions import Condition
from comfy_core.wrappers import WrappersMP, wrapped

LONGEST_REPEAT = 4
MEMORY_MARGIN = 1.5


@dataclass(frozen=True)
class Task:
    """One condition to be asked about: for which side, and how much the answer counts in each cell."""

    side: int
    condition: Condition
    weight: Tensor


def batches(tasks: list[Task], x: Tensor, model: DiffusionModel) -> list[list[Task]]:
    """Tasks grouped so that each group's tensors can be one batch that fits the memory; together they give the same
    numbers as one by one."""
    groups: list[list[Task]] = []
    free = devices.free_bytes(x.device)
    for task in tasks:
        most = _most(model, task.condition.crop(x), free)
        fitting = (group for group in groups if len(group) < most and all(_fits(x, one, task) for one in group))
        group = next(fitting, None)
        if group is None:
            groups.append([task])
        else:
            group.append(task)
    return groups


def predict(
    model: DiffusionModel, batch: list[Task], x: Tensor, timestep: Tensor, model_options: dict[str, Any]
) -> list[Tensor]:
    """The clean latent, or the part of it in its box, that each task's condition leads to."""
    conditions = [task.condition for task in batch]
    if conditions[0].hooked is not None:
        conditions[0].hooked.put(float(timestep[0]))
    parts = [one.crop(x) for one in conditions]
    names = conditions[0].inputs
    inputs: dict[str, Any] = {name: _joined([_input(one, name, x) for one in conditions], name) for name in names}
    sides = [task.side for task in batch]
    options = dict(model_options.get("transformer_options", {}))
    options |= {"cond_or_uncond": sides, "uuids": [task.condition.uuid for task in batch], "sigmas": timestep}
    options = _with_patches(options, conditions[0], parts[0])
    many_x, many_t = torch.cat(parts), timestep.repeat(len(batch))
    if conditions[0].control is not None:
        inputs["control"] = conditions[0].control.get_control(many_x, many_t, inputs, len(batch), options)
    inputs.pop("crossattn_controlnet", None)
    inputs["transformer_options"] = options
    apply_model = wrapped(WrappersMP.APPLY_MODEL, model.apply_model, options, model)
    wrapper = model_options.get("model_function_wrapper")
    if wrapper is None:
        output = apply_model(many_x, many_t, **inputs)
    else:
        given = {"input": many_x, "timestep": many_t, "c": inputs, "cond_or_uncond": sides}
        output = wrapper(apply_model, given)
    return list(output.chunk(len(batch)))


def predict_in_memory(
    model: DiffusionModel, batch: list[Task], x: Tensor, timestep: Tensor, model_options: dict[str, Any]
) -> list[Tensor]:
    """`predict`; where memory ends on the way, again by smaller batches, then with the model's weights streamed.

    Raises torch.OutOfMemoryError when that does not help.
    """
    try:
        return predict(model, batch, x, timestep, model_options)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    devices.empty_cache(x.device)
    if len(batch) > 1:
        halves = batch[: len(batch) // 2], batch[len(batch) // 2 :]
        return [one for half in halves for one in predict_in_memory(model, half, x, timestep, model_options)]
    if residency.current().stream(model):
        return predict_in_memory(model, batch, x, timestep, model_options)
    size = "x".join(str(side) for side in x.shape)
    raise torch.OutOfMemoryError(f"a step on a latent of {size} does not fit the memory, even with streamed weights")


def _most(model: DiffusionModel, part: Tensor, free: int) -> int:
    """How many parts like this one the free memory takes at once: at least one."""
    needed = MEMORY_MARGIN * model.memory_required(tuple(part.shape))
    return max(1, int(free / needed))


def _fits(x: Tensor, a: Task, b: Task) -> bool:
    one, other = a.condition, b.condition
    return (
        one.inputs.keys() == other.inputs.keys()
        and one.boxes is other.boxes
        and one.control is other.control
        and one.hooked == other.hooked
        and one.crop(x).shape == other.crop(x).shape
        and all(_joinable(name, one.inputs[name], other.inputs[name]) for name in one.inputs)
    )


def _joinable(name: str, a: Tensor, b: Tensor) -> bool:
    if name != "c_crossattn":
        return a.shape[1:] == b.shape[1:]
    lengths = a.shape[1], b.shape[1]
    return a.shape[2:] == b.shape[2:] and math.lcm(*lengths) <= LONGEST_REPEAT * min(lengths)


def _input(condition: Condition, name: str, x: Tensor) -> Tensor:
    """A condition's tensor for a batch like `x`; one that is a picture like `x` is cut to the condition's box."""
    tensor = condition.inputs[name]
    if tensor.ndim == x.ndim and tensor.shape[2:] == x.shape[2:]:
        tensor = condition.crop(tensor)
    return repeated(tensor, len(x))


def _joined(tensors: list[Tensor], name: str) -> Tensor:
    """One batch of several. Texts of different lengths are repeated to one length: attention over repeated tokens is
    attention over them once."""
    if name == "c_crossattn":
        length = math.lcm(*(one.shape[1] for one in tensors))
        tensors = [one.repeat(1, length // one.shape[1], 1) for one in tensors]
    return torch.cat(tensors)


def _with_patches(options: dict[str, Any], condition: Condition, part: Tensor) -> dict[str, Any]:
    """The transformers' options with the patch that puts GLIGEN's things in their boxes."""
    if condition.boxes is None:
        return options
    _, gligen, boxes = condition.boxes
    patches = dict(options.get("patches", {}))
    patches["middle_patch"] = [
        *patches.get("middle_patch", ()),
        gligen.model.set_position(part.shape, boxes, part.device),
    ]
    return options | {"patches": patches}
