"""Workflows are found inside pictures, and what is said where there is none."""

import json
import struct
import zlib
from pathlib import Path

import av
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from comfy_core.media import deep
from execution.convert import Found, read_workflow_file

PROMPT = {"1": {"class_type": "A", "inputs": {"seed": 18446744073709551615, "text": "é"}}}
WORKFLOW = {"nodes": [{"id": 1, "type": "A"}], "links": []}


def picture(path: Path, texts: dict[str, str], packed: bool = False, international: bool = False) -> Path:
    info = PngInfo()
    for key, text in texts.items():
        if international:
            info.add_itxt(key, text, zip=packed)
        else:
            info.add_text(key, text, zip=packed)
    Image.effect_noise((64, 64), 50).save(path, pnginfo=info)
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("international", [False, True])
def test_png_chunks_of_every_kind_are_read(tmp_path: Path, packed: bool, international: bool) -> None:
    texts = {"prompt": json.dumps(PROMPT), "workflow": json.dumps(WORKFLOW)}
    found = read_workflow_file(picture(tmp_path / "a.png", texts, packed, international))
    assert found.prompt == PROMPT
    assert found.workflow == WORKFLOW


@pytest.mark.parametrize("ending", ["webp", "jpg"])
def test_exif_of_webp_and_jpeg_is_read(tmp_path: Path, ending: str) -> None:
    exif = Image.Exif()
    exif[0x0110] = "prompt:" + json.dumps(PROMPT)
    exif[0x010F] = "Workflow:" + json.dumps(WORKFLOW)
    Image.new("RGB", (8, 8)).save(tmp_path / f"a.{ending}", exif=exif)
    found = read_workflow_file(tmp_path / f"a.{ending}")
    assert found.prompt == PROMPT
    assert found.workflow == WORKFLOW


@pytest.mark.parametrize(
    ("ending", "container", "codec"),
    [
        ("mp4", "mp4", "libx264"),
        ("mkv", "matroska", "libx264"),
        ("webm", "webm", "libvpx-vp9"),
        ("flac", "flac", "flac"),
        ("mp3", "mp3", "libmp3lame"),
        ("opus", "ogg", "libopus"),
    ],
)
def test_the_metadata_of_films_and_sound_is_read(tmp_path: Path, ending: str, container: str, codec: str) -> None:
    path = tmp_path / f"a.{ending}"
    options = {"movflags": "use_metadata_tags"} if container == "mp4" else {}
    with av.open(str(path), "w", format=container, options=options) as file:
        file.metadata.update(prompt=json.dumps(PROMPT), workflow=json.dumps(WORKFLOW), easel_recipe='{"format": 1}')
        stream = file.add_stream(codec, rate=48_000 if ending in ("flac", "mp3", "opus") else 10)
        if stream.type == "video":
            stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
            frame = av.VideoFrame(16, 16, "rgb24")
        else:
            frame = av.AudioFrame("s16", "stereo", 960)
            frame.sample_rate = 48_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    found = read_workflow_file(path)
    assert (found.prompt, found.workflow, found.recipe) == (PROMPT, WORKFLOW, {"format": 1})


def test_the_attributes_of_open_exr_are_read(tmp_path: Path) -> None:
    texts = {"prompt": json.dumps(PROMPT), "workflow": json.dumps(WORKFLOW)}
    with (tmp_path / "a.exr").open("wb") as file:
        deep.write_exr(file, torch.zeros(40, 40, 3), texts)
    found = read_workflow_file(tmp_path / "a.exr")
    assert (found.prompt, found.workflow) == (PROMPT, WORKFLOW)


@pytest.mark.parametrize("rest", [b"", b"\2\0\0\0", b"\2\0\0\0prompt", b"\2\0\0\0prompt\0string\0\xff\xff\xff\xff{}"])
def test_an_open_exr_that_is_cut_off_is_refused(tmp_path: Path, rest: bytes) -> None:
    (tmp_path / "a.exr").write_bytes(b"v/1\x01" + rest)
    with pytest.raises(ValueError, match=r"a\.exr carries no workflow"):
        read_workflow_file(tmp_path / "a.exr")


@pytest.mark.parametrize("prompt", [{"1": {"class_type": 5}}, {"1": {"class_type": "A", "inputs": 5}}, {"seed": 5}])
def test_a_prompt_that_is_none_counts_as_none(tmp_path: Path, prompt: dict) -> None:
    texts = {"prompt": json.dumps(prompt), "workflow": json.dumps(WORKFLOW)}
    assert read_workflow_file(picture(tmp_path / "a.png", texts)) == Found(workflow=WORKFLOW)


def test_a_picture_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0110] = "prompt:" + json.dumps(PROMPT)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    content = (tmp_path / "a.jpg").read_bytes()
    frame = content.index(b"\xff\xc0") + 5  # its height and width
    (tmp_path / "a.jpg").write_bytes(content[:frame] + b"\xff\xff\xff\xff" + content[frame + 4 :])
    with pytest.raises(ValueError, match="carries no workflow"):
        read_workflow_file(tmp_path / "a.jpg")


def test_a_picture_without_a_workflow_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^plain\.png carries no workflow; "):
        read_workflow_file(picture(tmp_path / "plain.png", {"prompt": "not json"}))


def test_a_picture_that_is_cut_off_still_gives_its_workflow(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", {"prompt": json.dumps(PROMPT)})
    path.write_bytes(path.read_bytes()[:-1000])
    assert read_workflow_file(path).prompt == PROMPT


@pytest.mark.parametrize("length", [8, 20, 40, 60, 120])
def test_a_picture_cut_off_before_its_workflow_is_refused(tmp_path: Path, length: int) -> None:
    path = picture(tmp_path / "a.png", {"prompt": json.dumps(PROMPT)})
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match="is cut off and carries no workflow"):
        read_workflow_file(path)


def test_a_chunk_that_unpacks_to_gigabytes_is_not_swallowed(tmp_path: Path) -> None:
    body = b"prompt\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = struct.pack(">I4s", len(body), b"zTXt") + body + b"\0\0\0\0"
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    with pytest.raises(ValueError, match="carries no workflow"):
        read_workflow_file(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is not valid JSON: .* at line 1"),
        (b"\xff\xfe\x00", "neither JSON nor a picture, film or sound"),
        (b"fLaC" + bytes(40), "f.json is cut off or damaged, and its workflow cannot be read: "),
        (b"[" * 100_000, "nests its JSON too deeply|is not valid JSON"),
        (b"[]", "f.json: a workflow is a JSON object, this is a list"),
        (b'{"a": 1}', "f.json: this JSON is no workflow"),
        (b"", "is not valid JSON"),
    ],
)
def test_json_that_is_no_workflow_is_explained(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "f.json").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_workflow_file(tmp_path / "f.json")


def test_the_body_of_a_request_is_a_prompt_too(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(json.dumps({"prompt": PROMPT, "client_id": "x"}))
    assert read_workflow_file(tmp_path / "f.json").prompt == PROMPT
