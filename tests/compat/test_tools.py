"""Tiles, devices, number types, flags, stopping."""

import sys

import pytest
import torch

from comfy_core.memory import devices
from comfy_core.progress import Interrupted
from execution.packs import expose_compat
from execution.worker import Job, WorkerSettings
from execution.workers.core import WorkerCore, prepare
from nodes import registry

expose_compat()


@pytest.mark.parametrize(("height", "width"), [(64, 64), (100, 70), (40, 200)])
@pytest.mark.parametrize("amount", [1, 2, 4])
def test_tiles_of_what_works_place_by_place_join_without_a_seam(height, width, amount):
    import comfy.utils

    class Count:
        total = 0

        def update(self, by):
            self.total += by

    x, pbar = torch.rand(2, 3, height, width), Count()

    def larger(tile):
        return torch.nn.functional.interpolate(tile, scale_factor=amount, mode="nearest")

    tiled = comfy.utils.tiled_scale(x, larger, 64, 48, 8, amount, 3, "cpu", pbar)
    torch.testing.assert_close(tiled, larger(x))
    assert pbar.total == 2 * comfy.utils.get_tiled_scale_steps(width, height, 64, 48, 8)


def test_tiles_may_shrink_what_they_get():
    import comfy.utils

    x = torch.rand(1, 3, 128, 96)
    smaller = comfy.utils.tiled_scale(x, lambda tile: tile[:, :1, ::8, ::8], 64, 64, 16, 1 / 8, 1)
    torch.testing.assert_close(smaller, x[:, :1, ::8, ::8])


def test_overlapping_tiles_are_blended():
    import comfy.utils

    values = iter([0.0, 1.0])
    out = comfy.utils.tiled_scale(torch.zeros(1, 1, 8, 24), lambda tile: tile + next(values), 16, 8, 8, 1, 1)[0, 0, 4]
    assert (out[0], out[-1]) == (0, 1)
    assert (out[1:] >= out[:-1]).all()
    assert ((out > 0) & (out < 1)).sum() == 8


def test_a_tensor_is_cast_where_it_is_asked_for():
    import comfy.model_management as management

    tensor = torch.ones(2)
    assert management.cast_to(tensor) is tensor
    assert management.cast_to_device(tensor, torch.device("cpu"), torch.float16).dtype == torch.float16
    assert management.cast_to(tensor, copy=True) is not tensor


def test_number_types_follow_the_device_and_what_a_model_supports():
    import comfy.model_management as management

    cpu = torch.device("cpu")
    assert management.unet_dtype(cpu) == torch.float32
    assert management.unet_dtype(cpu, supported_dtypes=[torch.float16]) == torch.float16
    assert management.unet_manual_cast(torch.float32, cpu) is None
    assert management.unet_manual_cast(torch.float16, cpu) == torch.float32
    assert management.get_total_memory(cpu) >= management.get_free_memory(cpu) > 0


@pytest.fixture
def started_with():
    """Have packs that are loaded from now on see a start with these flags."""
    before = devices.policy()

    def start(**flags):
        devices.configure(**flags)
        sys.modules.pop("comfy.cli_args", None)

    yield start
    start(**vars(before))


def test_packs_see_the_flags_of_the_start(started_with):
    started_with(cpu=True, lowvram=True)
    from comfy.cli_args import args

    assert (args.cpu, args.lowvram, args.highvram, args.novram) == (True, True, False, False)


def test_a_pack_stops_the_run_that_is_under_way(tmp_path):
    import nodes
    from execution.events import ExecutionInterrupted
    from nodes.schema import Node, NodeSchema

    settings = WorkerSettings(base=str(tmp_path), packages=())
    prepare(settings)
    core = WorkerCore(settings)

    def stop():
        nodes.before_node_execution()
        nodes.interrupt_processing()
        with pytest.raises(Interrupted):
            nodes.before_node_execution()
        nodes.interrupt_processing(False)
        nodes.before_node_execution()
        nodes.interrupt_processing()
        nodes.before_node_execution()

    core.nodes["Stop"] = Node(NodeSchema(id="Stop", title="", category="", is_output=True), stop)
    events = []
    job = Job(prompt_id="p", prompt={"1": {"class_type": "Stop", "inputs": {}}}, outputs=["1"])
    core.run(job, events.append)
    assert any(isinstance(event, ExecutionInterrupted) for event in events)
    registry.HOST.interrupt(False)
