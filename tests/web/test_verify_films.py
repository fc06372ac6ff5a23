"""`main.py verify`: films and sound are made again and compared, as pictures are."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

import main
from comfy_core import folders

RATE, COUNT = 8000, 4
SHOWS_BARE = """
import folder_paths
from PIL import Image

class ShowsBare:
    RETURN_TYPES, FUNCTION, OUTPUT_NODE = (), "run", True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"images": ("IMAGE",)}}

    def run(self, images):
        levels = (images[0] * 255).round().byte().numpy()
        Image.fromarray(levels).save(folder_paths.get_temp_directory() + "/bare.png")
        return {"ui": {"images": [{"filename": "bare.png", "subfolder": "", "type": "temp"}]}}

NODE_CLASS_MAPPINGS = {"ShowsBare": ShowsBare}
"""
PROMPT = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 48, "batch_size": COUNT, "color": 0x6080A0}},
    "2": {"class_type": "LoadAudio", "inputs": {"audio": "tone.wav"}},
    "3": {"class_type": "CreateVideo", "inputs": {"images": ["1", 0], "fps": 12.0, "audio": ["2", 0]}},
    "4": {
        "class_type": "SaveVideo",
        "inputs": {"video": ["3", 0], "filename_prefix": "film", "format": "mp4", "format.codec": "auto"},
    },
    "5": {
        "class_type": "SaveWEBM",
        "inputs": {"images": ["1", 0], "filename_prefix": "mute", "codec": "vp9", "fps": 12.0, "crf": 32.0},
    },
    "6": {"class_type": "SaveAudio", "inputs": {"audio": ["2", 0], "filename_prefix": "tone"}},
    "7": {"class_type": "SaveAudioMP3", "inputs": {"audio": ["2", 0], "filename_prefix": "small", "quality": "V0"}},
}
FILES = {
    "film_00001_.mp4": f"every pixel of the {COUNT} frames and every sample",
    "mute_00001_.webm": f"every pixel of the {COUNT} frames",
    "tone_00001_.flac": "every sample",
    "small_00001_.mp3": "every sample",
}


def write_tone(path: Path, volume: float = 1.0) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.sin(np.arange(RATE // 2) * 0.1) * 16_000 * volume).astype("<i2").tobytes())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A base directory with a sound in input/, and in output/ the films and sounds that were made of it."""
    base = tmp_path_factory.mktemp("base")
    with folders.using(folders.current()):
        (base / "input").mkdir()
        write_tone(base / "input" / "tone.wav")
        (base / "prompt.json").write_text(json.dumps(PROMPT))
        assert main.main(["run", str(base / "prompt.json"), "--base-directory", str(base), "--cpu"]) == 0
        yield base


def shortened(source: Path, target: Path, frames: int, texts: dict[str, str | None]) -> Path:
    """The first frames of a film, and with some of its texts changed or left out."""
    with av.open(str(source)) as film, av.open(str(target), "w", options={"movflags": "use_metadata_tags"}) as short:
        kept = {**film.metadata, **texts}
        short.metadata.update({name: text for name, text in kept.items() if text is not None})
        twins = [short.add_stream_from_template(stream) for stream in film.streams]
        packets = [packet for packet in film.demux() if packet.dts is not None]
        shown = [packet for packet in packets if packet.stream.type == "video"]
        for packet in packets:
            if packet not in shown[frames:]:
                packet.stream = twins[packet.stream.index]
                short.mux(packet)
    return target


@pytest.mark.parametrize("name", FILES)
def test_films_and_sound_come_out_again(made: Path, verify, name: str):
    assert verify(made / "output" / name) == (0, f"identical: {FILES[name]} of {name} came out again\n")


def test_what_a_pack_shows_besides_without_a_workflow_is_not_taken_for_it(tmp_path: Path, verify, capsys):
    prompt = {
        "1": PROMPT["1"],
        "2": {"class_type": "ShowsBare", "inputs": {"images": ["1", 0]}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "it"}},
    }
    for folder in ("custom_nodes", "temp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "custom_nodes" / "bare.py").write_text(SHOWS_BARE)
    (tmp_path / "wf.json").write_text(json.dumps(prompt))
    assert main.main(["run", str(tmp_path / "wf.json"), "--base-directory", str(tmp_path), "--cpu"]) == 0
    capsys.readouterr()
    path = tmp_path / "output" / "it_00001_.png"
    assert verify(path, base=tmp_path) == (0, "identical: every pixel of it_00001_.png came out again\n")


def test_other_input_is_found_out_by_its_hash_and_in_the_samples(made: Path, verify, tmp_path: Path):
    (tmp_path / "input").mkdir()
    write_tone(tmp_path / "input" / "tone.wav", volume=0.5)
    code, said = verify(made / "output" / "tone_00001_.flac", base=tmp_path)
    assert code == 1
    assert said.startswith("different: ")
    assert f"of {RATE // 2} samples, by at most 0.24" in said
    assert "\n  input_sounds/tone.wav: sha256:" in said
    code, said = verify(made / "output" / "film_00001_.mp4", base=tmp_path)
    assert code == 1
    assert "samples of its sound, by at most" in said
    assert "pixels" not in said


def test_what_a_film_depends_on_is_named_where_it_is_not_there(made: Path, verify, tmp_path: Path):
    code, said = verify(made / "output" / "film_00001_.mp4", base=tmp_path)
    assert code == 2
    assert said.startswith("'tone.wav' is not in input/; put the file there that has the hash sha256:")


def test_a_film_that_lost_frames_differs_by_them(made: Path, verify, tmp_path: Path):
    path = shortened(made / "output" / "film_00001_.mp4", tmp_path / "short.mp4", COUNT - 1, {})
    code, said = verify(path)
    assert code == 1
    assert f"it has {COUNT - 1} frames and came out with {COUNT}; what both have is the same" in said
    assert "are the same: the file was changed, or some node never gives the same result twice" in said


@pytest.mark.parametrize(
    ("recipe", "remark"),
    [
        (None, "carries no recipe"),
        ("{", "carries no recipe"),
        ('{"format": 2}', "carries a recipe of format 2, not of 1"),
    ],
)
def test_without_a_recipe_that_can_be_read_the_frames_alone_are_compared(made, verify, tmp_path, recipe, remark):
    path = shortened(made / "output" / "film_00001_.mp4", tmp_path / "bare.mp4", COUNT, {"easel_recipe": recipe})
    code, said = verify(path)
    assert code == 0
    assert f"\n  bare.mp4 {remark}, so nothing is known of the models and the machine" in said


def test_what_is_no_film_of_ours_is_refused_in_a_sentence(made: Path, verify, tmp_path: Path):
    film, flac = (made / "output" / name for name in ("film_00001_.mp4", "tone_00001_.flac"))
    for source in (film, flac):
        (tmp_path / f"cut{source.suffix}").write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    without = {"prompt": None, "workflow": None}
    plain = shortened(made / "output" / "film_00001_.mp4", tmp_path / "plain.mp4", COUNT, without)
    silent = {**PROMPT, "8": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}}
    for id in "4567":
        del silent[id]
    other = shortened(plain, tmp_path / "other.mp4", COUNT, {"prompt": json.dumps(silent)})
    for path, sentence in (
        (tmp_path / "cut.mp4", "cut.mp4 cannot be read as a film or sound: "),
        (tmp_path / "cut.flac", "cut.flac cannot be read as a film or sound: "),
        (plain, "plain.mp4 carries no workflow; "),
        (other, "the workflow of this film makes no film"),
    ):
        code, said = verify(path)
        assert (code, sentence in said) == (2, True), said
