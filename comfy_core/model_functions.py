"""The functions that a user of a model has take part in its work, under the names of the ecosystem.

All lie in `model_options`: those of the network's blocks in its `transformer_options` (see
`comfy_core.networks.transformer_options`), those of sampling beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from comfy_core.wrappers import carried, carry

Function = Callable[..., Any]


class ModelFunctions:
    """What a `ModelPatcher` lets others add to sampling and to the network's blocks; clones have lists of their own."""

    model_options: dict[str, Any]

    # --- sampling ---------------------------------------------------------------------------------------------------

    def set_model_unet_function_wrapper(self, unet_wrapper_function: Callable[..., Tensor]) -> None:
        """`function(apply_model, {"input", "timestep", "c", "cond_or_uncond"})` runs in place of `apply_model`."""
        self.model_options["model_function_wrapper"] = unet_wrapper_function

    def set_model_sampler_cfg_function(
        self, sampler_cfg_function: Callable[..., Tensor], disable_cfg1_optimization: bool = False
    ) -> None:
        """`function(args)` mixes conditional and unconditional noise predictions in place of the CFG formula."""
        self.model_options["sampler_cfg_function"] = sampler_cfg_function
        self._disable_cfg1(disable_cfg1_optimization)

    def set_model_sampler_post_cfg_function(
        self, post_cfg_function: Callable[..., Tensor], disable_cfg1_optimization: bool = False
    ) -> None:
        """`function(args)` changes the guided prediction; several run in the order they were added."""
        self._append_option("sampler_post_cfg_function", post_cfg_function, disable_cfg1_optimization)

    def set_model_sampler_pre_cfg_function(
        self, pre_cfg_function: Callable[..., list[Tensor]], disable_cfg1_optimization: bool = False
    ) -> None:
        """`function(args)` changes the predictions before they are mixed; several run in the order they were added."""
        self._append_option("sampler_pre_cfg_function", pre_cfg_function, disable_cfg1_optimization)

    def set_model_sampler_calc_cond_batch_function(self, sampler_calc_cond_batch_function: Function) -> None:
        """`function(args)` asks the model about all conditions, `args["conds"]`, in place of the usual way."""
        self.model_options["sampler_calc_cond_batch_function"] = sampler_calc_cond_batch_function

    def set_model_denoise_mask_function(self, denoise_mask_function: Callable[..., Tensor]) -> None:
        """`function(sigma, denoise_mask, extra_options)` changes the inpainting mask at every step."""
        self.model_options["denoise_mask_function"] = denoise_mask_function

    def disable_model_cfg1_optimization(self) -> None:
        """Have the negative side computed at a scale of 1, too."""
        self._disable_cfg1(True)

    def _append_option(self, name: str, function: Function, disable_cfg1_optimization: bool) -> None:
        self.model_options[name] = [*self.model_options.get(name, []), function]
        self._disable_cfg1(disable_cfg1_optimization)

    def _disable_cfg1(self, wanted: bool) -> None:
        if wanted:
            self.model_options["disable_cfg1_optimization"] = True

    # --- blocks of the network --------------------------------------------------------------------------------------

    def set_model_patch(self, patch: Function, name: str) -> None:
        """Have a function called in the place `name`, after those that are there already."""
        self.model_options["transformer_options"].setdefault("patches", {}).setdefault(name, []).append(patch)

    def set_model_patch_replace(
        self,
        patch: Function,
        name: str,
        block_name: str,
        number: int,
        transformer_index: int | None = None,
    ) -> None:
        """Have a function do the work of `name` in block (block_name, number), or in one of its transformers."""
        block = (block_name, number) if transformer_index is None else (block_name, number, transformer_index)
        replaced = self.model_options["transformer_options"].setdefault("patches_replace", {})
        replaced.setdefault(name, {})[block] = patch

    def set_model_attn1_patch(self, patch: Function) -> None:
        """`patch(x, context, value, options)` before self-attention; it returns new ones of the three."""
        self.set_model_patch(patch, "attn1_patch")

    def set_model_attn2_patch(self, patch: Function) -> None:
        """As `set_model_attn1_patch`, before cross-attention."""
        self.set_model_patch(patch, "attn2_patch")

    def set_model_attn1_replace(
        self, patch: Function, block_name: str, number: int, transformer_index: int | None = None
    ) -> None:
        """`patch(q, k, v, options)` is the self-attention of a block."""
        self.set_model_patch_replace(patch, "attn1", block_name, number, transformer_index)

    def set_model_attn2_replace(
        self, patch: Function, block_name: str, number: int, transformer_index: int | None = None
    ) -> None:
        """`patch(q, k, v, options)` is the cross-attention of a block."""
        self.set_model_patch_replace(patch, "attn2", block_name, number, transformer_index)

    def set_model_attn1_output_patch(self, patch: Function) -> None:
        """`patch(out, options)` after self-attention."""
        self.set_model_patch(patch, "attn1_output_patch")

    def set_model_attn2_output_patch(self, patch: Function) -> None:
        """`patch(out, options)` after cross-attention."""
        self.set_model_patch(patch, "attn2_output_patch")

    def set_model_input_block_patch(self, patch: Function) -> None:
        """`patch(h, options)` after each block on the way down."""
        self.set_model_patch(patch, "input_block_patch")

    def set_model_input_block_patch_after_skip(self, patch: Function) -> None:
        """`patch(h, options)` after each block on the way down; the skip does not see it."""
        self.set_model_patch(patch, "input_block_patch_after_skip")

    def set_model_middle_block_after_patch(self, patch: Function) -> None:
        """`patch({"h", "x", "emb", …})` after the middle; it returns a dict with a new `h`."""
        self.set_model_patch(patch, "middle_block_after_patch")

    def set_model_output_block_patch(self, patch: Function) -> None:
        """`patch(h, skip, options)` before each block on the way up; it returns new ones of the two."""
        self.set_model_patch(patch, "output_block_patch")

    # --- wrappers and callbacks -------------------------------------------------------------------------------------

    def add_wrapper(self, wrapper_type: str, wrapper: Function) -> None:
        """Run `wrapper(executor, *args, **kwargs)` around a stage of sampling (`wrappers.WrappersMP`)."""
        self.add_wrapper_with_key(wrapper_type, None, wrapper)

    def add_wrapper_with_key(self, wrapper_type: str, key: str | None, wrapper: Function) -> None:
        """`add_wrapper`, to be found again by a key."""
        carry(self.model_options["transformer_options"], "wrappers", wrapper_type, key, wrapper)

    def remove_wrappers_with_key(self, wrapper_type: str, key: str) -> None:
        self.wrappers.get(wrapper_type, {}).pop(key, None)

    def get_wrappers(self, wrapper_type: str, key: str | None) -> list[Function]:
        return self.wrappers.get(wrapper_type, {}).get(key, [])

    def get_all_wrappers(self, wrapper_type: str) -> list[Function]:
        return carried(self.model_options["transformer_options"], "wrappers", wrapper_type)

    @property
    def wrappers(self) -> dict[str, dict[str | None, list[Function]]]:
        return self.model_options["transformer_options"].get("wrappers", {})

    def add_callback(self, call_type: str, callback: Function) -> None:
        """Have `callback(patcher, …)` hear of what befalls the model (`wrappers.CallbacksMP`)."""
        self.add_callback_with_key(call_type, None, callback)

    def add_callback_with_key(self, call_type: str, key: str | None, callback: Function) -> None:
        """`add_callback`, to be found again by a key."""
        carry(self.model_options["transformer_options"], "callbacks", call_type, key, callback)

    def remove_callbacks_with_key(self, call_type: str, key: str) -> None:
        self.callbacks.get(call_type, {}).pop(key, None)

    def get_callbacks(self, call_type: str, key: str | None) -> list[Function]:
        return self.callbacks.get(call_type, {}).get(key, [])

    def get_all_callbacks(self, call_type: str) -> list[Function]:
        return carried(self.model_options["transformer_options"], "callbacks", call_type)

    @property
    def callbacks(self) -> dict[str, dict[str | None, list[Function]]]:
        return self.model_options["transformer_options"].get("callbacks", {})
