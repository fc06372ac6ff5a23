"""The host's modules, as packs import them."""

import io
import struct
import sys

import pytest

import nodes
from comfy_core import folders
from comfy_core.progress import Interrupted, listen
from execution.load_nodes import load_nodes
from execution.packs import expose_compat
from nodes.schema import Input

expose_compat()


@pytest.fixture
def where(tmp_path):
    before = folders.current()
    folders.use(folders.Folders(base=tmp_path))
    sys.modules.pop("folder_paths", None)
    (tmp_path / "models" / "loras" / "deep").mkdir(parents=True)
    (tmp_path / "models" / "loras" / "deep" / "one.safetensors").touch()
    (tmp_path / "models" / "loras" / "notes.txt").touch()
    (tmp_path / "input").mkdir()
    (tmp_path / "output").mkdir()
    yield tmp_path
    folders.use(before)
    sys.modules.pop("folder_paths", None)


def test_folder_paths_lists_and_finds_model_files(where):
    import folder_paths

    assert "deep/one.safetensors" in folder_paths.get_filename_list("loras")
    assert "notes.txt" not in folder_paths.get_filename_list("loras")
    path = folder_paths.get_full_path("loras", "deep/one.safetensors")
    assert path == str(where / "models" / "loras" / "deep" / "one.safetensors")
    assert folder_paths.get_full_path("loras", "../../secret") is None
    assert folder_paths.models_dir == str(where / "models")
    with pytest.raises(KeyError):
        folder_paths.get_filename_list("nothing of ours")


def test_packs_add_kinds_of_models_of_their_own(where):
    import folder_paths

    (where / "models" / "mine").mkdir()
    (where / "models" / "mine" / "a.onnx").touch()
    folder_paths.add_model_folder_path("mine", str(where / "models" / "mine"))
    assert folder_paths.get_filename_list("mine") == ["a.onnx"]
    folder_paths.folder_names_and_paths["mine"][1].add(".bin")
    assert folder_paths.get_filename_list("mine") == []


def test_a_combo_of_model_files_stays_up_to_date(where):
    import folder_paths

    from execution.classic import adapt_class

    class Loader:
        RETURN_TYPES, FUNCTION = (), "load"

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"name": (folder_paths.get_filename_list("loras"),)}}

        def load(self, name):
            """Nothing."""

    (declared,) = adapt_class("Loader", Loader).schema.inputs
    assert declared == Input(name="name", type="COMBO", folder="loras", bare=True)


def test_annotated_names_stay_inside_their_folders(where):
    import folder_paths

    assert folder_paths.get_annotated_filepath("a.png [output]") == str(where / "output" / "a.png")
    assert folder_paths.get_annotated_filepath("a.png") == str(where / "input" / "a.png")
    with pytest.raises(ValueError, match="leaves input/"):
        folder_paths.get_annotated_filepath("../a.png")


def test_saved_files_are_numbered_on(where):
    import folder_paths

    (where / "output" / "sub").mkdir()
    (where / "output" / "sub" / "x_00007_.png").touch()
    saved = folder_paths.get_save_image_path("sub/x", str(where / "output"))
    assert saved == (str(where / "output" / "sub"), "x", 8, "sub", "sub/x")
    with pytest.raises(ValueError, match="leaves output/"):
        folder_paths.get_save_image_path("../x", str(where / "output"))


class Ear:
    def __init__(self):
        self.heard = []
        self.stop = False

    def report(self, value, total, preview, node_id=None):
        self.heard.append((value, total, preview and preview()[0], node_id))

    def interrupted(self):
        return self.stop

    def send(self, kind, data):
        self.heard.append((kind, data))

    def text(self, text, node_id=None):
        self.heard.append((text, node_id))


def test_a_progress_bar_reports_and_hears_interrupts():
    import comfy.utils
    from comfy.model_management import InterruptProcessingException
    from PIL import Image

    ear, bar = Ear(), comfy.utils.ProgressBar(4, node_id="7")
    with listen(ear):
        bar.update(1)
        bar.update_absolute(4, preview=("JPEG", Image.new("RGBA", (8, 8)), 4))
        ear.stop = True
        with pytest.raises(InterruptProcessingException):
            bar.update(1)
    assert ear.heard == [(1, 4, None, "7"), (4, 4, "image/jpeg", "7")]
    assert InterruptProcessingException is Interrupted


def test_nodes_send_messages_to_the_client():
    from server import PromptServer

    ear = Ear()
    with listen(ear):
        PromptServer.instance.send_sync("my.pack", {"a": 1})
        PromptServer.instance.send_progress_text("half", "3")
    assert ear.heard == [("my.pack", {"a": 1}), ("half", "3")]


@pytest.mark.parametrize(("kind", "number", "head"), [("PNG", 2, b"\x89PNG"), ("JPEG", 1, b"\xff\xd8")])
def test_pictures_for_the_client_are_binary_messages(kind, number, head):
    """As comfyui-tooling-nodes sends results, without a limit to their size, and others frames of their own."""
    from PIL import Image
    from server import BinaryEventTypes, PromptServer

    ear, picture = Ear(), Image.new("RGB", (700, 8), "red")
    with listen(ear):
        PromptServer.instance.send_sync(BinaryEventTypes.UNENCODED_PREVIEW_IMAGE, [kind, picture, None])
        PromptServer.instance.send_sync(BinaryEventTypes.PREVIEW_IMAGE, bytearray(b"\0\0\0\1jpeg"))
    (first, data), second = ear.heard
    assert (first, data[:4], data[4 : 4 + len(head)]) == ("1", struct.pack(">I", number), head)
    assert Image.open(io.BytesIO(data[4:])).size == (700, 8)
    assert second == ("1", b"\0\0\0\1jpeg")


def test_prompt_handlers_that_fail_or_return_nothing_are_passed_over():
    from server import PromptServer

    def number(body):
        return body | {"number": 5}

    def note(body):
        body["noted"] = True

    def fail(body):
        raise SystemExit

    server = PromptServer()
    for handler in (note, fail, number, note):
        server.add_on_prompt_handler(handler)
    assert server.trigger_on_prompt({"prompt": {}}) == {"prompt": {}, "number": 5, "noted": True}


def test_routes_are_recorded_and_served_under_both_addresses():
    from server import PromptServer

    server = PromptServer()

    @server.routes.get("/mine")
    async def mine(request):
        """Answers nothing."""

    server.add_routes()
    assert {route.resource.canonical for route in server.app.router.routes()} == {"/mine", "/api/mine"}


def test_conditioning_values_are_set_in_a_copy():
    from node_helpers import conditioning_set_values

    before = [["tensor", {"area": 1, "hooks": [1]}]]
    assert conditioning_set_values(before, {"area": 2}) == [["tensor", {"area": 2, "hooks": [1]}]]
    assert conditioning_set_values(before, {"hooks": [2]}, append=True)[0][1]["hooks"] == [1, 2]
    assert before == [["tensor", {"area": 1, "hooks": [1]}]]


def test_type_names_compare_as_unions():
    from comfy.comfy_types import IO

    assert not (IO.ANY != "MODEL")  # noqa: SIM202
    assert not (IO.NUMBER != "INT")  # noqa: SIM202
    assert IO.IMAGE != "MASK"
    assert IO.IMAGE == "IMAGE"


def test_state_dict_tools():
    from comfy import utils

    assert utils.state_dict_prefix_replace({"a.x": 1, "b": 2}, {"a.": "c."}) == {"b": 2, "c.x": 1}
    assert utils.state_dict_prefix_replace({"a.x": 1, "b": 2}, {"a.": ""}, filter_keys=True) == {"x": 1}
    assert utils.get_tiled_scale_steps(128, 64, 64, 64, 0) == 2


def test_the_module_nodes_knows_every_class(monkeypatch):
    load_nodes(("nodes",))
    assert nodes.NODE_DISPLAY_NAME_MAPPINGS["VAEDecode"] == "VAE Decode"
    decode = nodes.NODE_CLASS_MAPPINGS["VAEDecode"]
    assert decode is nodes.VAEDecode
    assert (decode.RETURN_TYPES, decode.FUNCTION) == (("IMAGE",), "decode")
    assert list(decode.INPUT_TYPES()["required"]) == ["samples", "vae"]

    class Vae:
        def decode(self, samples):
            return f"decoded {samples}"

    assert nodes.VAEDecode().decode(Vae(), {"samples": "x"}) == ("decoded x",)
    assert nodes.MAX_RESOLUTION == 16384
    with pytest.raises(AttributeError):
        _ = nodes.NoSuchNode


def test_the_core_has_its_modules_without_their_being_imported():
    import comfy

    assert "euler" in comfy.samplers.KSampler.SAMPLERS
    with pytest.raises(AttributeError, match="'comfy' has no attribute 'nowhere'"):
        _ = comfy.nowhere


def test_built_in_nodes_are_found_in_the_modules_that_they_count_to():
    load_nodes()
    sys.modules.pop("comfy_extras", None)
    import comfy_extras.nodes_mask
    from comfy_extras.nodes_mask import InvertMask

    assert InvertMask is nodes.NODE_CLASS_MAPPINGS["InvertMask"]
    with pytest.raises(AttributeError, match="no node 'KSampler' here"):
        _ = comfy_extras.nodes_mask.KSampler
    with pytest.raises(ModuleNotFoundError):
        import comfy_extras.nodes_of_nobody


def test_a_node_of_the_schema_style_is_called_on_its_class_or_on_an_instance():
    import torch

    load_nodes()
    sys.modules.pop("comfy_extras", None)
    from comfy_extras.nodes_mask import InvertMask

    mask = torch.rand(1, 2, 2)
    assert torch.equal(InvertMask.execute(mask)[0], 1 - mask)
    assert torch.equal(InvertMask().execute(mask=mask).result[0], 1 - mask)


def test_parts_of_the_program_have_folders_that_are_no_users(where):
    import folder_paths

    assert folder_paths.get_system_user_directory("manager") == str(where / "user" / "__manager")
    assert folder_paths.get_public_user_directory("anna") == str(where / "user" / "anna")
    assert folder_paths.get_public_user_directory("__manager") is None
    for name in ("", "../x", "a/b", "_x"):
        with pytest.raises(ValueError, match="no name for a folder"):
            folder_paths.get_system_user_directory(name)


def test_packs_know_where_the_server_listens(monkeypatch):
    from nodes import registry

    monkeypatch.setattr(registry.HOST, "arguments", {"listen": "0.0.0.0", "port": 9, "preview_method": "taesd"})
    monkeypatch.delitem(sys.modules, "comfy.cli_args", raising=False)
    from comfy.cli_args import LatentPreviewMethod, args

    assert (args.listen, args.port, args.preview_method) == ("0.0.0.0", 9, LatentPreviewMethod.TAESD)
    assert (args.enable_manager, args.front_end_root) == (False, None)
    monkeypatch.delitem(sys.modules, "comfy.cli_args")


def test_a_pack_saves_pictures_as_the_built_in_classes_do_and_where_it_says(where):
    """As rgthree compares pictures, and others keep theirs apart."""
    import json

    import torch
    from PIL import Image

    load_nodes()
    images, prompt = torch.zeros(2, 8, 8, 3), {"1": {"class_type": "Mine", "inputs": {}}}

    class Compare(nodes.PreviewImage):
        def compare(self, image):
            return self.save_images(image, "compare.", prompt, None)["ui"]["images"]

    class Apart(nodes.SaveImage):
        def __init__(self):
            self.output_dir, self.type, self.prefix_append = str(where / "apart"), "apart", "_x"

    (where / "temp").mkdir()
    shown = Compare().compare(images)
    assert [one["type"] for one in shown] == ["temp"] * 2
    picture = Image.open(where / "temp" / shown[0]["filename"])
    assert shown[0]["filename"].startswith("compare._temp_")
    assert json.loads(picture.text["prompt"]) == prompt
    assert nodes.SaveImage().save_images(images[:1])["ui"]["images"][0]["filename"] == "ComfyUI_00001_.png"
    assert (where / "output" / "ComfyUI_00001_.png").is_file()
    saved = Apart().save_images(images=images[:1], filename_prefix="mine")
    assert saved["ui"]["images"] == [{"filename": "mine_x_00001_.png", "subfolder": "", "type": "apart"}]
    assert (where / "apart" / "mine_x_00001_.png").is_file()
    assert nodes.SaveImage().output_dir == str(where / "output")


def test_the_command_line_tells_packs_where_the_server_listens_and_no_secrets(monkeypatch):
    from web.server.cli import arguments

    settings = []
    monkeypatch.setattr("execution.workers.in_process.InProcessWorker", settings.append)
    options = arguments.parse(["serve", "--listen", "0.0.0.0", "--port", "9", "--cpu"])
    arguments.worker_of(options, in_process=True)
    (told,) = (one.arguments for one in settings)
    assert (told["listen"], told["port"], told["cpu"], told["multi_user"]) == ("0.0.0.0", 9, True, False)
    assert not {name for name in told if "token" in name or "tls" in name}
