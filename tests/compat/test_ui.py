"""What schema style nodes save and show of their own accord."""

from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from comfy_core import folders
from comfy_core.folders import Folders
from comfy_core.media.errors import ImageError
from execution.convert import read_workflow_file
from execution.packs import expose_compat

expose_compat()

PROMPT = {"1": {"class_type": "Speak", "inputs": {}}}
NODE = SimpleNamespace(hidden=SimpleNamespace(prompt=PROMPT, extra_pnginfo={"workflow": {"nodes": []}}))
SOUND = {"waveform": torch.sin(torch.arange(2 * 2 * 4000) / 20).reshape(2, 2, 4000), "sample_rate": 8000}
FRAMES = torch.rand(3, 8, 8, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def base(tmp_path):
    with folders.using(Folders(base=tmp_path)):
        yield tmp_path


@pytest.mark.parametrize(("format", "quality"), [("flac", "128k"), ("mp3", "V0"), ("mp3", "128k"), ("opus", "96k")])
def test_sound_is_saved_with_the_workflow_inside(base, format, quality):
    from comfy_api.latest import ui

    shown = ui.AudioSaveHelper.get_save_audio_ui(SOUND, "audio/words", NODE, format, quality).as_dict()
    assert [(one["subfolder"], one["type"]) for one in shown["audio"]] == [("audio", "output")] * 2
    for one in shown["audio"]:
        assert read_workflow_file(base / "output" / "audio" / one["filename"]).prompt == PROMPT


def test_sound_of_an_unknown_kind_is_refused():
    from comfy_api.latest import io, ui

    with pytest.raises(ImageError, match="'aiff'; use flac, mp3, opus"):
        ui.AudioSaveHelper.save_audio(SOUND, "x", io.FolderType.output, NODE, "aiff")


def test_sound_is_played_from_temp(base):
    from comfy_api.latest import ui

    shown = ui.PreviewAudio(SOUND, cls=NODE).as_dict()
    assert {one["type"] for one in shown["audio"]} == {"temp"}
    assert all((base / "temp" / one["filename"]).is_file() for one in shown["audio"])
    assert not (base / "output").exists()


@pytest.mark.parametrize(
    ("name", "options", "ending"),
    [
        ("get_save_animated_png_ui", {"fps": 8.0, "compress_level": 1}, ".png"),
        ("get_save_animated_webp_ui", {"fps": 8.0, "lossless": True, "quality": 80, "method": 0}, ".webp"),
    ],
)
def test_pictures_are_saved_as_one_that_moves(base, name, options, ending):
    from comfy_api.latest import ui

    shown = getattr(ui.ImageSaveHelper, name)(FRAMES, "moves", NODE, **options).as_dict()
    (file,), animated = shown["images"], shown["animated"]
    path = base / "output" / file["filename"]
    with Image.open(path) as image:
        assert (image.n_frames, image.size, path.suffix) == (3, (8, 8), ending)
    assert animated == (True,)
    assert read_workflow_file(path).prompt == PROMPT
