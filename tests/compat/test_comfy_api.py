"""The words of schema style nodes."""

import json
import subprocess
import sys
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import pytest

from execution.convert import read_workflow_file
from execution.load_nodes import load_nodes
from execution.packs import expose_compat
from nodes.schema import object_info

expose_compat()
CAPTURED = Path(__file__).with_name("object_info_probe.json")
PACKS = Path(__file__).parents[1] / "packs" / "custom_nodes"


@pytest.fixture(scope="module")
def probe():
    return load_nodes((), PACKS)["ProbeV3"]


def test_the_catalogue_entry_is_byte_for_byte_the_captured_one(probe):
    ours = object_info(probe.schema, lambda folder: [])
    ours["python_module"] = "custom_nodes.probe_pack"
    assert json.dumps(ours) == CAPTURED.read_text().strip()


def test_the_sockets_have_the_ecosystems_names():
    from comfy_api.latest import io

    known = {"Image": "IMAGE", "ControlNet": "CONTROL_NET", "ClipVisionOutput": "CLIP_VISION_OUTPUT", "AnyType": "*"}
    assert {name: getattr(io, name).io_type for name in known} == known
    assert io.Custom("MINE").Input("x").get_io_type() == "MINE"


def test_one_id_twice_is_refused():
    from comfy_api.latest import io

    class Twice(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema("Twice", inputs=[io.Int.Input("a"), io.Float.Input("a")])

    with pytest.raises(ValueError, match="Twice: the input ids a are used more than once"):
        Twice.as_node("")


def test_what_a_schema_leaves_empty_is_as_if_it_were_left_out():
    from comfy_api.latest import io

    class Empty(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema("Empty", display_name=None, category=None, inputs=None, outputs=None, description=None)

    schema = Empty.as_node("").schema
    assert (schema.title, schema.category, schema.description) == ("Empty", "sd", "")
    assert (schema.inputs, schema.outputs) == ((), ())


def test_every_version_has_the_same_words():
    from comfy_api import latest, v0_0_1, v0_0_2

    assert v0_0_1.io is v0_0_2.io is latest.io is latest.IO
    for name in ("ComfyAPI", "ComfyAPISync", "ComfyExtension", "Input", "InputImpl", "Types", "ui"):
        assert getattr(v0_0_1, name) is getattr(v0_0_2, name) is getattr(latest, name)


def test_a_pack_makes_videos_of_files_in_memory_and_of_parts(tmp_path: Path):
    import torch
    from comfy_api.input_impl import VideoFromComponents, VideoFromFile
    from comfy_api.latest import InputImpl
    from comfy_api.util import VideoComponents

    images = torch.linspace(0.2, 0.8, 8)[:, None, None, None].expand(-1, 32, 32, 3)
    made = VideoFromComponents(VideoComponents(images=images, frame_rate=Fraction(8)))
    prompt = {"1": {"class_type": "A", "inputs": {"where": tmp_path}}}  # of which JSON has only the words
    made.save_to(tmp_path / "a.mp4", metadata={"prompt": prompt, "workflow": '{"nodes": []}'})
    found = read_workflow_file(tmp_path / "a.mp4")
    said = {"1": {"class_type": "A", "inputs": {"where": str(tmp_path)}}}
    assert (found.prompt, found.workflow) == (said, {"nodes": []})
    for video in (VideoFromFile(str(tmp_path / "a.mp4")), VideoFromFile(BytesIO((tmp_path / "a.mp4").read_bytes()))):
        assert video.get_dimensions() == (32, 32)
        assert video.get_components().images.shape == images.shape
    part = InputImpl.VideoFromFile(tmp_path / "a.mp4", start_time=0.5)
    assert len(part.get_components().images) == 4


def test_importing_it_needs_no_torch():
    code = (
        "import sys; sys.path.insert(0, 'compat')\n"
        "import comfy_api.latest, comfy_execution.graph\n"
        "print('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKS.parents[2])
    assert ran.stdout.strip() == "False"
