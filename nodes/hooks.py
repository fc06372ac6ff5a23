"""Nodes that make hooks: LoRAs for some prompts alone, and for part of the run."""

from __future__ import annotations

import logging
from functools import partial
from typing import Annotated, Any

from comfy_core import folders
from comfy_core import hooks as hooking
from comfy_core.families import load_checkpoint
from comfy_core.weights import open_weights
from nodes.loaders import file_state
from nodes.schema import Boolean, Combo, File, Float, Int, Socket, Widget, node
from nodes.types import Clip

log = logging.getLogger(__name__)
MODULE = "comfy_extras.nodes_hooks"
Hooks = Annotated[list, Socket("HOOKS", tooltip="What changes the model for some prompts.")]
Frames = Annotated[list, Socket("HOOK_KEYFRAMES", tooltip="How strong hooks are in the course of a run.")]
Range = Annotated[tuple, Socket("TIMESTEPS_RANGE", tooltip="A part of the run.")]
LoraName = Annotated[str, File("loras", tooltip="A file in models/loras/.")]
CheckpointName = Annotated[str, File("checkpoints", tooltip="A model of the same family, in models/checkpoints/.")]
Strength = Annotated[float, Float(default=1.0, min=-20.0, max=20.0, step=0.01, tooltip="0 changes nothing.")]
Start = Annotated[float, Float(default=0.0, min=0.0, max=1.0, step=0.001, tooltip="Where in the run, as a share.")]
End = Annotated[float, Float(default=1.0, min=0.0, max=1.0, step=0.001, tooltip="Where in the run, as a share.")]
Print = Annotated[bool, Boolean(default=False, advanced=True, tooltip="Write them to the log.")]
created = partial(node, category="advanced/hooks/create", experimental=True, python_module=MODULE)
scheduled = partial(node, category="advanced/hooks/scheduling", experimental=True, python_module=MODULE)
FRAMES = ("HOOK_KF",)


@created("CreateHookLora", title="Create Hook LoRA")
def create_hook_lora(
    lora_name: LoraName, strength_model: Strength, strength_clip: Strength, prev_hooks: Hooks | None = None
) -> Hooks:
    """A LoRA that counts for the prompts it is put on, and no others."""
    if strength_model == 0 and strength_clip == 0:
        return prev_hooks or []
    lora = open_weights(folders.current().find_model("loras", lora_name))
    hook = hooking.WeightHook(hooking.lora_recipes(lora), strength_model, strength_clip)
    return hooking.combined(prev_hooks, [hook])


@created("CreateHookLoraModelOnly", title="Create Hook LoRA (MO)")
def create_hook_lora_model_only(
    lora_name: LoraName, strength_model: Strength, prev_hooks: Hooks | None = None
) -> Hooks:
    """A LoRA that counts for the prompts it is put on, without its part for the text encoder."""
    return create_hook_lora(lora_name, strength_model, 0.0, prev_hooks)


@created("CreateHookModelAsLora", title="Create Hook Model as LoRA")
def create_hook_model_as_lora(
    ckpt_name: CheckpointName, strength_model: Strength, strength_clip: Strength, prev_hooks: Hooks | None = None
) -> Hooks:
    """Another model of the family in place of the first, or a mix of both, for the prompts it is put on."""
    checkpoint = load_checkpoint(folders.current().find_model("checkpoints", ckpt_name))
    hook = hooking.WeightHook(hooking.model_recipes(checkpoint), strength_model, strength_clip)
    return hooking.combined(prev_hooks, [hook])


@created("CreateHookModelAsLoraModelOnly", title="Create Hook Model as LoRA (MO)")
def create_hook_model_as_lora_model_only(
    ckpt_name: CheckpointName, strength_model: Strength, prev_hooks: Hooks | None = None
) -> Hooks:
    """As Create Hook Model as LoRA, with the first model's text encoder."""
    return create_hook_model_as_lora(ckpt_name, strength_model, 0.0, prev_hooks)


@create_hook_lora.fingerprint
@create_hook_lora_model_only.fingerprint
def _(lora_name: str | None, **_: Any) -> list[Any]:
    return file_state("loras", lora_name)


@create_hook_model_as_lora.fingerprint
@create_hook_model_as_lora_model_only.fingerprint
def _(ckpt_name: str | None, **_: Any) -> list[Any]:
    return file_state("checkpoints", ckpt_name)


# --- keyframes --------------------------------------------------------------------------------------------------------


@scheduled(
    "CreateHookKeyframe",
    title="Create Hook Keyframe",
    outputs=FRAMES,
    search_aliases=("hook scheduling", "strength animation", "timed hook"),
)
def create_hook_keyframe(
    strength_mult: Annotated[
        float, Float(default=1.0, min=-20.0, max=20.0, step=0.01, tooltip="The hook's strength is times this.")
    ],
    start_percent: Start,
    prev_hook_kf: Frames | None = None,
) -> Frames:
    """How strong a hook is from a point of the run on."""
    return hooking.with_keyframes(prev_hook_kf, hooking.Keyframe(strength_mult, start_percent))


Between = Float(default=1.0, min=0.0, max=10.0, step=0.001, tooltip="The hook's strength is times this.")


@scheduled(
    "CreateHookKeyframesInterpolated",
    title="Create Hook Keyframes Interp.",
    outputs=FRAMES,
    search_aliases=("ease hook strength", "smooth hook transition", "interpolate keyframes"),
)
def create_hook_keyframes_interpolated(
    strength_start: Annotated[float, Between],
    strength_end: Annotated[float, Between],
    interpolation: Annotated[str, Combo(tuple(hooking.INTERPOLATIONS), tooltip="How it goes from one to the other.")],
    start_percent: Start,
    end_percent: End,
    keyframes_count: Annotated[int, Int(default=5, min=2, max=100, step=1, tooltip="In how many steps.")],
    print_keyframes: Print,
    prev_hook_kf: Frames | None = None,
) -> Frames:
    """How a hook's strength goes from one value to another in the course of a run."""
    ease, last = hooking.INTERPOLATIONS[interpolation], keyframes_count - 1
    way = strength_end - strength_start
    strengths = [strength_start + way * ease(number / last) for number in range(keyframes_count)]
    return _spread(strengths, start_percent, end_percent, print_keyframes, prev_hook_kf)


@scheduled(
    "CreateHookKeyframesFromFloats",
    title="Create Hook Keyframes From Floats",
    outputs=FRAMES,
    search_aliases=("batch keyframes", "strength list to keyframes"),
)
def create_hook_keyframes_from_floats(
    floats_strength: Annotated[
        Any,
        Widget("FLOATS", default=-1, min=-1, step=0.001, forceInput=True, socketless=False, tooltip="One or several."),
    ],
    start_percent: Start,
    end_percent: End,
    print_keyframes: Print,
    prev_hook_kf: Frames | None = None,
) -> Frames:
    """A hook's strengths at even distances over a run."""
    many = isinstance(floats_strength, list | tuple)
    strengths = [float(one) for one in (floats_strength if many else [floats_strength])]
    return _spread(strengths, start_percent, end_percent, print_keyframes, prev_hook_kf)


@scheduled("SetHookKeyframes", title="Set Hook Keyframes")
def set_hook_keyframes(hooks: Hooks, hook_kf: Frames | None = None) -> Hooks:
    """Have hooks follow keyframes."""
    return hooking.rescheduled(hooks, hook_kf)


def _spread(strengths: list[float], start: float, end: float, tell: bool, before: Any) -> Any:
    frames = hooking.spread(strengths, start, end)
    if tell:
        log.info("keyframes: %s", ", ".join(f"{one.strength:g} from {one.start_percent:.1%}" for one in frames))
    return hooking.with_keyframes(before, *frames)


# --- several hooks, and text encoders ---------------------------------------------------------------------------------

combining = partial(node, category="advanced/hooks/combine", experimental=True, python_module=MODULE)


@combining("CombineHooks2", title="Combine Hooks [2]", search_aliases=("merge hooks",))
def combine_hooks_2(hooks_A: Hooks | None = None, hooks_B: Hooks | None = None) -> Hooks:
    """Several hooks as one group."""
    return hooking.combined(hooks_A, hooks_B)


@combining("CombineHooks4", title="Combine Hooks [4]")
def combine_hooks_4(
    hooks_A: Hooks | None = None,
    hooks_B: Hooks | None = None,
    hooks_C: Hooks | None = None,
    hooks_D: Hooks | None = None,
) -> Hooks:
    """Several hooks as one group."""
    return hooking.combined(hooks_A, hooks_B, hooks_C, hooks_D)


@combining("CombineHooks8", title="Combine Hooks [8]")
def combine_hooks_8(
    hooks_A: Hooks | None = None,
    hooks_B: Hooks | None = None,
    hooks_C: Hooks | None = None,
    hooks_D: Hooks | None = None,
    hooks_E: Hooks | None = None,
    hooks_F: Hooks | None = None,
    hooks_G: Hooks | None = None,
    hooks_H: Hooks | None = None,
) -> Hooks:
    """Several hooks as one group."""
    return hooking.combined(hooks_A, hooks_B, hooks_C, hooks_D, hooks_E, hooks_F, hooks_G, hooks_H)


@node(
    "SetClipHooks",
    title="Set CLIP Hooks",
    category="advanced/hooks/clip",
    experimental=True,
    python_module=MODULE,
)
def set_clip_hooks(
    clip: Clip,
    apply_to_conds: Annotated[
        bool, Boolean(default=True, advanced=True, tooltip="Put the hooks on what it encodes, too.")
    ],
    schedule_clip: Annotated[
        bool, Boolean(default=False, advanced=True, tooltip="Encode anew for every keyframe of the hooks.")
    ],
    hooks: Hooks | None = None,
) -> Clip:
    """Have hooks change a text encoder, and the model for the prompts that it encodes."""
    if not hooks:
        return clip
    clip = hooking.with_text_hooks(clip, hooks, schedule_clip)
    if apply_to_conds:
        clip.entry_values = {**clip.entry_values, "hooks": hooking.combined(clip.entry_values.get("hooks"), hooks)}
    return clip


@node(
    "ConditioningTimestepsRange",
    title="Timesteps Range",
    category="advanced/hooks",
    outputs=("TIMESTEPS_RANGE", "BEFORE_RANGE", "AFTER_RANGE"),
    experimental=True,
    python_module=MODULE,
    search_aliases=("prompt scheduling", "timestep segments", "conditioning phases"),
)
def conditioning_timesteps_range(start_percent: Start, end_percent: End) -> tuple[Range, Range, Range]:
    """A part of the run, and what is before and after it."""
    return (start_percent, end_percent), (0.0, start_percent), (end_percent, 1.0)
