"""The bytes of assets: sent, known by their hash, and stored once."""

import json
from dataclasses import replace

import pytest
from aiohttp import FormData

from tests.web.assets.hands import MISSING, code, hash_of, png
from web.server.app import make_app
from web.server.cli import arguments, serve


async def test_without_the_flag_every_address_says_so(engine, folders, settings, aiohttp_client) -> None:
    client = await aiohttp_client(make_app(engine, folders, replace(settings, assets=False)))
    for method, path in (("GET", ""), ("POST", "/from-hash"), ("POST", "/seed"), ("DELETE", "/x"), ("PUT", "/x/y")):
        answer = await client.request(method, f"/api/assets{path}")
        assert (answer.status, (await answer.json())["error"]["code"]) == (503, "SERVICE_DISABLED")
    assert (await (await client.get("/features")).json())["assets"] is False
    assert not (folders.user / "assets.db").exists()


async def test_the_flag_turns_it_on(client) -> None:
    features = await (await client.get("/features")).json()
    assert (features["assets"], features["supports_model_type_tags"]) == (True, True)
    assert serve.settings_of(arguments.parse(["--enable-assets"])).assets
    assert not serve.settings_of(arguments.parse([])).assets


async def test_an_upload_is_stored_under_the_hash_of_its_bytes(upload, folders) -> None:
    data = png()
    status, asset = await upload(data, "my cat.PNG", tags='["input", "Cats"]', user_metadata='{"artist": "ada"}')
    assert status == 201
    assert asset["created_new"] is True
    assert (asset["name"], asset["hash"], asset["asset_hash"]) == ("my cat.PNG", hash_of(data), hash_of(data))
    stored = hash_of(data).removeprefix("blake3:") + ".png"
    assert (folders.input / stored).read_bytes() == data
    assert asset["loader_path"] == stored
    assert asset["tags"] == ["cats", "input", "uploaded"]
    assert (asset["size"], asset["mime_type"]) == (len(data), "image/png")
    assert asset["metadata"] == {"kind": "image", "width": 3, "height": 2}
    assert asset["user_metadata"] == {"artist": "ada"}
    assert asset["preview_url"] == f"/api/view?type=input&filename={stored}"
    assert "preview_id" not in asset
    assert list(folders.temp.iterdir()) == []


async def test_known_bytes_are_kept_once_under_many_names(upload, folders, names) -> None:
    first = (await upload(name="one"))[1]
    status, second = await upload(name="two", hash=hash_of(b"bytes").upper().replace("BLAKE3", "blake3"))
    assert (status, second["created_new"]) == (200, False)
    assert first["id"] != second["id"]
    assert first["hash"] == second["hash"]
    assert len(list(folders.input.iterdir())) == 1
    assert sorted(await names()) == ["one", "two"]


async def test_bytes_that_lie_in_the_folder_already_are_not_stored_again(upload, folders, seed) -> None:
    (folders.input / "mine.txt").write_bytes(b"bytes")
    await seed()
    status, asset = await upload()
    assert (status, asset["loader_path"]) == (200, "mine.txt")


async def test_a_hash_that_a_file_no_longer_has_stands_for_nothing(upload, ask, folders, client) -> None:
    await upload()
    (stored,) = folders.input.iterdir()
    stored.write_bytes(b"other")
    assert code(await ask("POST", "assets/from-hash", json={"hash": hash_of(b"bytes")})) == (404, "ASSET_NOT_FOUND")
    assert (await client.get("/view", params={"filename": hash_of(b"bytes")})).status == 404
    assert (await upload())[0] == 201
    assert stored.read_bytes() == b"bytes"


async def test_a_model_goes_into_the_folder_of_its_type(upload, folders) -> None:
    status, asset = await upload(filename="x.safetensors", tags="models,model_type:loras")
    assert status == 201
    (stored,) = (folders.base / "models" / "loras").iterdir()
    assert stored.name == asset["loader_path"] == hash_of(b"bytes").removeprefix("blake3:") + ".safetensors"
    assert asset["metadata"] == {"kind": "model"}


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"tags": "cats"}, (400, "INVALID_BODY")),
        ({"tags": "input,output"}, (400, "INVALID_BODY")),
        ({"tags": "models"}, (400, "INVALID_BODY")),
        ({"tags": "models,model_type:../../custom_nodes"}, (400, "INVALID_BODY")),
        ({"tags": "models,model_type:loras", "filename": "x.py"}, (400, "INVALID_BODY")),
        ({"tags": "models,model_type:configs", "filename": "x.yaml"}, (400, "INVALID_BODY")),
        ({"tags": "[1]"}, (400, "INVALID_BODY")),
        ({"tags": "input,a\nb"}, (400, "INVALID_BODY")),
        ({"tags": ",".join(["input", *map(str, range(100))])}, (400, "INVALID_BODY")),
        ({"hash": MISSING}, (400, "HASH_MISMATCH")),
        ({"hash": "sha256:00"}, (400, "INVALID_HASH")),
        ({"filename": ""}, (400, "MISSING_FILE")),
        ({"data": b""}, (400, "MISSING_FILE")),
        ({"filename": ".."}, (400, "INVALID_BODY")),
        ({"name": "a\u202eb"}, (400, "INVALID_BODY")),
        ({"name": "n" * 1000}, (400, "INVALID_BODY")),
        ({"user_metadata": "[1]"}, (400, "INVALID_BODY")),
        ({"user_metadata": "{"}, (400, "INVALID_BODY")),
        ({"user_metadata": json.dumps({"x": "y" * 70_000})}, (400, "INVALID_BODY")),
        ({"mime_type": "image/png\r\nX: y"}, (400, "INVALID_BODY")),
        ({"preview_id": "none"}, (400, "INVALID_BODY")),
        ({"data": b"x" * (1024 * 1024 + 1)}, (413, "TOO_LARGE")),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_uploads_that_cannot_be_taken_leave_nothing(upload, folders, names, fields, refusal) -> None:
    assert code(await upload(**fields)) == refusal
    assert list(folders.temp.glob("*")) == []
    assert await names() == []
    if fields.get("preview_id") is None:
        assert list(folders.input.iterdir()) == []


async def test_what_is_no_form_is_refused(ask) -> None:
    assert code(await ask("POST", "assets", json={"tags": ["input"]})) == (400, "INVALID_BODY")
    damaged = {"Content-Type": "multipart/form-data; boundary=x"}
    assert code(await ask("POST", "assets", data=b"--x\r\nContent-", headers=damaged)) == (400, "INVALID_BODY")


async def test_names_of_files_lead_nowhere(upload, folders) -> None:
    for filename in ("../../custom_nodes/x.py", "/etc/passwd", "..\\x", "a/../../b.png", "x.png/..."):
        await upload(filename.encode(), filename)
    assert not [path for path in folders.base.rglob("*.py") if path.parent.name == "input" and ".." in path.name]
    assert {path.parent for path in folders.base.rglob("*") if path.stem.isalnum() and len(path.stem) == 64} == {
        folders.input
    }
    assert not (folders.base / "custom_nodes" / "x.py").exists()


async def test_an_uploaded_image_is_an_asset_at_once(client, names) -> None:
    async def send():
        form = FormData()
        form.add_field("image", png(), filename="cat.png")
        return await (await client.post("/upload/image", data=form)).json()

    asset = (await send())["asset"]
    assert asset.keys() == {"id", "name", "asset_hash", "size", "mime_type", "tags"}
    assert (asset["name"], asset["asset_hash"], asset["tags"]) == ("cat.png", hash_of(png()), ["input", "uploaded"])
    assert (await send())["asset"] == asset
    assert await names() == ["cat.png"]


async def test_uploading_what_a_scan_has_found_makes_no_second_asset(client, folders, seed, names) -> None:
    (folders.input / "cat.png").write_bytes(png())
    await seed(roots=["input"])
    form = FormData()
    form.add_field("image", png(), filename="cat.png")
    asset = (await (await client.post("/upload/image", data=form)).json())["asset"]
    assert asset["asset_hash"] == hash_of(png())
    assert await names() == ["cat.png"]


async def test_known_bytes_need_not_be_sent(upload, ask, client) -> None:
    body = {"hash": hash_of(b"bytes"), "name": "again", "tags": ["cats"], "user_metadata": {"a": 1}}
    assert code(await ask("POST", "assets/from-hash", json=body)) == (404, "ASSET_NOT_FOUND")
    assert (await client.head(f"/api/assets/hash/{body['hash']}")).status == 404
    await upload()
    assert (await client.head(f"/api/assets/hash/{body['hash']}")).status == 200
    status, asset = await ask("POST", "assets/from-hash", json=body)
    assert (status, asset["created_new"]) == (201, False)
    assert (asset["name"], asset["tags"], asset["user_metadata"]) == ("again", ["cats"], {"a": 1})


async def test_hashes_that_are_none(ask, client) -> None:
    for hash in ("x", "blake3:", "blake3:" + "g" * 64, "blake3:" + "0" * 63, "sha256:" + "0" * 64, "0" * 64):
        assert (await client.head(f"/api/assets/hash/{hash}")).status == 400
        assert code(await ask("POST", "assets/from-hash", json={"hash": hash})) == (400, "INVALID_HASH")
    assert code(await ask("POST", "assets/from-hash", json={})) == (400, "INVALID_BODY")
    assert code(await ask("POST", "assets/from-hash", data=b"{")) == (400, "INVALID_BODY")


async def test_view_finds_a_picture_by_its_hash(upload, client) -> None:
    await upload(png(), "cat.png")
    answer = await client.get("/view", params={"filename": hash_of(png())})
    assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", png())
    await upload(b"weights", "x.safetensors", tags="models,model_type:loras")
    for hash in (MISSING, hash_of(b"weights"), "blake3:../x"):
        assert (await client.get("/view", params={"filename": hash})).status in (400, 404)
