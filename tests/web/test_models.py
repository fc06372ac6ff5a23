"""Model files: their names, facts and previews, and the words in their headers."""

import base64
import json
import struct
import sys
from io import BytesIO

import pytest
from PIL import Image
from yarl import URL

from nodes import registry


def picture(form="png", size=(8, 4)):
    out = BytesIO()
    Image.new("RGB", size, (200, 10, 10)).save(out, form)
    return out.getvalue()


@pytest.fixture
def model(folders):
    """Write a safetensors file with these words in its header."""

    def write(name, kind="loras", **words):
        path = folders.base / "models" / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        header = json.dumps({"__metadata__": words} if words else {}).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header)
        return path

    return write


async def test_models_are_listed_by_folder(client, folders) -> None:
    for name in ("sub/b.safetensors", "a.pt", ".hidden.pt", "notes.txt"):
        path = folders.base / "models" / "embeddings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert await (await client.get("/models/embeddings")).json() == ["a.pt", "sub/b.safetensors"]
    assert await (await client.get("/embeddings")).json() == ["a", "sub/b"]
    assert "checkpoints" in await (await client.get("/models")).json()


REGISTERING = """
folder_paths.add_model_folder_path("of_the_pack", os.path.join(folder_paths.models_dir, "of_the_pack"))
folder_paths.add_model_folder_path("loras", os.path.join(folder_paths.base_path, "elsewhere"))
folder_paths.folder_names_and_paths["loras"][1].add(".gguf")
folder_paths.folder_names_and_paths |= {"bad": 5, "worse": None, "fine": [["/x"], {".y"}]}
"""


@pytest.fixture
def registering(folders, monkeypatch):
    """One pack, which has the registry of folders to itself."""
    monkeypatch.setattr(registry.HOST, "model_folders", dict)
    monkeypatch.delitem(sys.modules, "folder_paths", raising=False)
    (folders.base / "custom_nodes").unlink()
    (folders.base / "custom_nodes").mkdir()
    code = f"import os, folder_paths\n{REGISTERING}\nNODE_CLASS_MAPPINGS = {{}}"
    (folders.base / "custom_nodes" / "pack.py").write_text(code)


async def test_folders_that_packs_register_are_known_too(registering, client, folders, model) -> None:
    model("sub/own.anything", kind="of_the_pack")
    model("one.gguf")
    model("two.safetensors")
    (folders.base / "elsewhere").mkdir()
    (folders.base / "elsewhere" / "three.pt").touch()
    await client.get("/object_info")  # the worker is up
    known = await (await client.get("/models")).json()
    assert {"of_the_pack", "fine"} <= set(known)
    assert not {"bad", "worse"} & set(known)
    assert await (await client.get("/models/of_the_pack")).json() == ["sub/own.anything"]
    assert await (await client.get("/models/loras")).json() == ["one.gguf", "three.pt", "two.safetensors"]
    (own,) = [one for one in await (await client.get("/experiment/models")).json() if one["name"] == "of_the_pack"]
    assert own == {"name": "of_the_pack", "folders": [str(folders.base / "models" / "of_the_pack")], "extensions": []}
    (listed,) = await (await client.get("/experiment/models/of_the_pack")).json()
    assert (listed["name"], listed["pathIndex"]) == ("sub/own.anything", 0)
    paths = await (await client.get("/internal/folder_paths")).json()
    assert paths["of_the_pack"] == own["folders"]


@pytest.mark.parametrize("folder", ["unet", "%2e%2e%2f", "checkpoints%2F.."])
@pytest.mark.parametrize("route", ["/models/", "/experiment/models/", "/view_metadata/"])
async def test_unknown_model_folders_are_404(client, route, folder) -> None:
    assert (await client.get(URL(f"{route}{folder}", encoded=True))).status == 404


async def test_the_library_knows_folders_sizes_and_times(client, folders, model) -> None:
    path = model("sub/a.safetensors")
    model(".hidden/b.safetensors")
    kinds = {kind["name"]: kind for kind in await (await client.get("/api/experiment/models")).json()}
    assert "configs" not in kinds
    assert kinds["loras"]["folders"][0] == str(folders.base / "models" / "loras")
    assert ".safetensors" in kinds["loras"]["extensions"]
    listed = await (await client.get("/experiment/models/loras")).json()
    assert [entry for entry in listed if entry["pathIndex"] == 0] == [
        {
            "name": "sub/a.safetensors",
            "pathIndex": 0,
            "modified": path.stat().st_mtime,
            "created": path.stat().st_ctime,
            "size": path.stat().st_size,
        }
    ]


@pytest.mark.parametrize("name", ["a.png", "a.preview.jpeg"])
async def test_a_preview_is_the_picture_beside_the_model(client, model, name) -> None:
    path = model("sub/a.safetensors")
    path.with_name(name).write_bytes(picture("jpeg" if name.endswith("jpeg") else "png"))
    answer = await client.get("/api/experiment/models/preview/loras/0/sub%2Fa.safetensors")
    assert (answer.status, answer.content_type) == (200, "image/webp")
    assert Image.open(BytesIO(await answer.read())).size == (8, 4)


async def test_a_preview_may_be_in_the_header(client, model) -> None:
    cover = "data:image/png;base64," + base64.b64encode(picture(size=(2048, 512))).decode()
    model("a.safetensors", ssmd_cover_images=json.dumps([cover]))
    answer = await client.get("/experiment/models/preview/loras/0/a.safetensors")
    assert Image.open(BytesIO(await answer.read())).size == (1024, 256)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("loras/0/none.safetensors", 404),
        ("loras/0/a.safetensors", 404),
        ("loras/0/", 400),
        ("loras/9/a.safetensors", 400),
        ("loras/x/a.safetensors", 400),
        ("loras/0/..%2F..%2F..%2Fx.safetensors", 403),
        ("nope/0/a.safetensors", 404),
    ],
)
async def test_what_has_no_preview_says_so(client, model, path, status) -> None:
    model("a.safetensors", ssmd_cover_images="[5]")
    answer = await client.get(URL(f"/experiment/models/preview/{path}", encoded=True))
    assert (answer.status, bool((await answer.json())["error"]["message"])) == (status, True)


async def test_a_picture_that_is_none_is_400(client, model) -> None:
    model("a.safetensors").with_name("a.png").write_bytes(b"text")
    assert (await client.get("/experiment/models/preview/loras/0/a.safetensors")).status == 400


async def test_the_words_of_a_header_are_shown(client, model, folders) -> None:
    model("a.safetensors", ss_tag="cat")
    answer = await client.get("/view_metadata/loras?filename=a.safetensors")
    assert await answer.json() == {"ss_tag": "cat"}
    model("bare.safetensors")
    (folders.base / "models" / "loras" / "short.safetensors").write_bytes(b"123")
    (folders.base / "models" / "loras" / "huge.safetensors").write_bytes(struct.pack("<Q", 2**60))
    for name in ("", "none.safetensors", "bare.safetensors", "short.safetensors", "huge.safetensors", "..%2Fx"):
        answer = await client.get(URL(f"/api/view_metadata/loras?filename={name}", encoded=True))
        assert (answer.status, (await answer.json())["error"]["type"]) in [(404, "no_metadata"), (404, "invalid_path")]
