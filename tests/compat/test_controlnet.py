"""Packs that apply ControlNets get what the built-in nodes give."""

import pytest
import torch
from safetensors.torch import save_file

from comfy_core.control import ControlBase
from execution.load_nodes import load_nodes
from execution.packs import expose_compat
from tests.tiny_control import controlnet_tensors

expose_compat()


@pytest.fixture
def control(tmp_path):
    from comfy import controlnet

    save_file(controlnet_tensors("sd1"), tmp_path / "canny.safetensors")
    return controlnet.load_controlnet(str(tmp_path / "canny.safetensors"))


def test_the_classes_of_controls_have_their_names(control):
    from comfy.controlnet import ControlLora, ControlNet, StrengthType, T2IAdapter

    assert type(control) is ControlNet
    assert issubclass(ControlLora, ControlNet)
    assert issubclass(T2IAdapter, ControlBase)
    assert control.strength_type == StrengthType.CONSTANT


def test_a_pack_may_chain_controls_by_itself(control):
    first = control.copy().set_cond_hint(torch.rand(1, 3, 64, 64), 0.5, (0.0, 0.5))
    second = control.copy().set_cond_hint(torch.rand(1, 3, 64, 64)).set_previous_controlnet(first)
    assert list(second.chain()) == [second, first]
    assert second.get_models() == [control.patcher, control.patcher]


def test_the_node_can_be_called_as_a_class(control):
    load_nodes()
    import nodes

    apply = nodes.ControlNetApplyAdvanced()
    positive, negative = [[torch.zeros(1, 77, 32), {}]], [[torch.ones(1, 77, 32), {}]]
    image = torch.rand(1, 64, 64, 3)
    sides = apply.apply_controlnet(positive, negative, control, image, 0.8, 0.1, 0.9, vae=None)
    first, second = (side[0][1]["control"] for side in sides)
    assert first is second
    assert (first.strength, first.timestep_percent_range) == (0.8, (0.1, 0.9))
    assert torch.equal(first.cond_hint_original, image.movedim(-1, 1))
