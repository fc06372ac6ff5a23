"""The assets API: files by their content, with names, tags and words of the user's."""

import asyncio
import json
import os
import sqlite3
import threading
from dataclasses import replace
from io import BytesIO

import pytest
from aiohttp import FormData
from blake3 import blake3
from PIL import Image

from web.server.access.accounts import Token, read_accounts, write_accounts
from web.server.app import make_app
from web.server.assets import contents, results, seeder
from web.server.cli import arguments, serve

MISSING = "blake3:" + "0" * 64


@pytest.fixture
def settings(settings):
    return replace(settings, assets=True)


def hash_of(data: bytes) -> str:
    return f"blake3:{blake3(data).hexdigest()}"


def png(width=3, height=2) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height)).save(out, "png")
    return out.getvalue()


@pytest.fixture
def upload(client):
    """Send a file; the status and the answer."""

    async def send(data=b"bytes", filename="a.txt", headers=None, to=client, **fields):
        form = FormData(quote_fields=False)  # as browsers send names
        form.add_field("file", data, filename=filename)
        for name, value in {"tags": "input", **fields}.items():
            form.add_field(name, value)
        answer = await to.post("/api/assets", data=form, headers=headers)
        return answer.status, await answer.json()

    return send


@pytest.fixture
def ask(client):
    """A request; the status and the answer."""

    async def ask(method, path, **more):
        answer = await client.request(method, f"/api/{path}", **more)
        return answer.status, await answer.json() if "json" in answer.content_type else await answer.read()

    return ask


@pytest.fixture
def names(ask):
    """The names of the assets that a query lists."""

    async def names(**query):
        status, body = await ask("GET", "assets", params=query)
        assert status == 200, body
        return [asset["name"] for asset in body["assets"]]

    return names


@pytest.fixture
def seed(ask):
    async def seed(**body):
        status, answer = await ask("POST", "assets/seed?wait=true", json=body)
        assert (status, answer["errors"]) == (200, [])
        return answer["progress"]

    return seed


def code(answer) -> tuple[int, str]:
    status, body = answer
    assert body.keys() == {"error"}
    assert body["error"]["message"]
    assert isinstance(body["error"]["details"], dict)
    return status, body["error"]["code"]


# --- on and off ---


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


# --- uploads ---


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


# --- by hash ---


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


# --- one asset ---


async def test_an_asset_is_shown_changed_and_deleted(upload, ask, folders, names) -> None:
    asset = (await upload())[1]
    id, preview = asset["id"], (await upload(png(), "p.png"))[1]
    status, shown = await ask("GET", f"assets/{id}")
    assert (status, shown) == (200, {key: value for key, value in asset.items() if key != "created_new"})
    change = {"name": "new", "user_metadata": {"stars": 5}, "preview_id": preview["id"]}
    status, changed = await ask("PUT", f"assets/{id}", json=change)
    assert status == 200
    assert {key: changed[key] for key in change} == change
    assert changed["preview_url"] == preview["preview_url"]
    assert changed["updated_at"] > asset["updated_at"]
    assert changed["created_at"] == asset["created_at"]
    status, changed = await ask("PUT", f"assets/{id}", json={"preview_id": None})
    assert (changed["name"], "preview_id" in changed) == ("new", False)
    assert (await ask("DELETE", f"assets/{id}"))[0] == 204
    assert await names() == ["p.png"]
    assert len(list(folders.input.iterdir())) == 2  # the file stays
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/content"), ("POST", "/tags")):
        answer = await ask(method, f"assets/{id}{path}", json={"name": "x", "tags": ["y"]})
        assert code(answer) == (404, "ASSET_NOT_FOUND")


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": None}, {"name": "a\0b"}, {"user_metadata": 3}, {"preview_id": "none"}, [], 3]
)
async def test_changes_that_make_no_sense(upload, ask, body) -> None:
    id = (await upload())[1]["id"]
    assert code(await ask("PUT", f"assets/{id}", json=body)) == (400, "INVALID_BODY")


async def test_bytes_come_back_safely(upload, client) -> None:
    page = (await upload(b"<script>1</script>", "a.html"))[1]["id"]
    picture = (await upload(png(), "cät/../cat.png"))[1]["id"]
    kept = await client.get(f"/api/assets/{picture}/content")
    assert kept.headers["Content-Disposition"].startswith("attachment")
    shown = await client.get(f"/api/assets/{picture}/content?disposition=inline")
    assert (await shown.read(), shown.content_type) == (png(), "image/png")
    assert shown.headers["Content-Disposition"].startswith("filename")
    answer = await client.get(f"/api/assets/{page}/content?disposition=inline")
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.html"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert (await client.get(f"/api/assets/{page}/content?disposition=x")).status == 400


async def test_a_file_that_is_gone_or_became_a_link_outwards_is_not_served(upload, ask, folders) -> None:
    id = (await upload())[1]["id"]
    (stored,) = folders.input.iterdir()
    stored.unlink()
    assert code(await ask("GET", f"assets/{id}/content")) == (404, "FILE_NOT_FOUND")
    (folders.base / "secret.txt").write_text("secret")
    stored.symlink_to(folders.base / "secret.txt")
    assert code(await ask("GET", f"assets/{id}/content")) == (404, "FILE_NOT_FOUND")


# --- tags ---


async def test_tags_are_added_and_removed(upload, ask) -> None:
    id = (await upload())[1]["id"]
    assert await ask("POST", f"assets/{id}/tags", json={"tags": ["Cats", "input", " cats "]}) == (
        200,
        {"added": ["cats"], "already_present": ["input"], "total_tags": ["cats", "input", "uploaded"]},
    )
    assert await ask("DELETE", f"assets/{id}/tags", json={"tags": ["cats", "dogs"]}) == (
        200,
        {"removed": ["cats"], "not_present": ["dogs"], "total_tags": ["input", "uploaded"]},
    )
    for tags in (["x\ny"], [""], ["x" * 300], ["a,b"], "cats", [1], None):
        assert code(await ask("POST", f"assets/{id}/tags", json={"tags": tags})) == (400, "INVALID_BODY")


async def test_tags_are_counted(upload, ask) -> None:
    await upload(b"1", tags="input,cats")
    await upload(b"2", tags="input,cats,old")
    gone = (await upload(b"3", tags="input,dogs"))[1]["id"]
    await ask("DELETE", f"assets/{gone}")

    async def counts(**query):
        body = (await ask("GET", "tags", params=query))[1]
        return [(tag["name"], tag["count"]) for tag in body["tags"]], body["total"], body["has_more"]

    everything = [("cats", 2), ("input", 2), ("uploaded", 2), ("old", 1), ("dogs", 0)]
    assert await counts() == (everything, 5, False)
    assert await counts(include_zero="false") == (everything[:4], 4, False)
    assert await counts(order="name_asc", limit=2, offset=1) == ([("dogs", 0), ("input", 2)], 5, True)
    assert await counts(prefix="Ca") == ([("cats", 2)], 1, False)
    assert await counts(prefix="%") == ([], 0, False)
    refined = (await ask("GET", "assets/tags/refine", params={"tags_all": "cats"}))[1]
    assert refined == {"tag_counts": {"cats": 2, "input": 2, "uploaded": 2, "old": 1}}
    assert code(await ask("GET", "tags?limit=x")) == (400, "INVALID_QUERY")
    assert code(await ask("GET", "tags?order=up")) == (400, "INVALID_QUERY")


# --- lists ---


async def test_lists_are_filtered(upload, names) -> None:
    await upload(b"1", name="Tabby", tags="input,cats", user_metadata='{"stars": 5, "ok": true, "by": "ada"}')
    await upload(b"2", name="100%", tags="input,cats,old", user_metadata='{"stars": 4.5, "a\\"b": "x"}')
    await upload(b"3", name="Rex", tags="input,dogs")
    for query, found in {
        "include_tags=cats": "100% Tabby",
        "tags_all=cats,old": "100%",
        "tags_all=cats&tags_all=old": "100%",
        "exclude_tags=cats": "Rex",
        "tags_any=old,DOGS": "100% Rex",
        "tags_all=cats&tags_none=old": "Tabby",
        "tags_all=none": "",
        "name_contains=tab": "Tabby",
        "name_contains=%25": "100%",
        'metadata_filter={"stars": 5}': "Tabby",
        'metadata_filter={"stars": [4.5, 5]}': "100% Tabby",
        'metadata_filter={"stars": null}': "Rex",
        'metadata_filter={"ok": true}': "Tabby",
        'metadata_filter={"ok": 1}': "",
        'metadata_filter={"a\\"b": "x"}': "100%",
        'metadata_filter={"by": "ada", "stars": 4}': "",
        'metadata_filter={"by": []}': "",
    }.items():
        asked = [part.split("=", 1) for part in query.replace("%25", "%").split("&")]
        listed = await names(sort="name", order="asc", **{k: ",".join(v for n, v in asked if n == k) for k, _ in asked})
        assert listed == found.split(), query


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("limit=0", "INVALID_QUERY"),
        ("limit=501", "INVALID_QUERY"),
        ("limit=1e3", "INVALID_QUERY"),
        ("offset=-1", "INVALID_QUERY"),
        ("offset=99999999999999999999", "INVALID_QUERY"),
        ("limit=--1", "INVALID_QUERY"),
        ("sort=path", "INVALID_QUERY"),
        ("order=up", "INVALID_QUERY"),
        ("metadata_filter=[1]", "INVALID_QUERY"),
        ('metadata_filter={"a":{"b":1}}', "INVALID_QUERY"),
        (f'metadata_filter={{"a":{10**40}}}', "INVALID_QUERY"),
        ("metadata_filter=" + "[" * 2000, "INVALID_QUERY"),
        ("include_tags=a&tags_none=b", "INVALID_TAG_FILTER"),
        ("tags_all=a,b&tags_none=b", "INVALID_TAG_FILTER"),
        ("tags_any=" + ",".join(map(str, range(101))), "INVALID_TAG_FILTER"),
        ("after=x", "INVALID_CURSOR"),
        ("after=bnVsbA", "INVALID_CURSOR"),
        ("after=WyJuYW1lIiwiZGVzYyIsMSwieCJd", "INVALID_CURSOR"),  # ["name","desc",1,"x"]
        ("after=WyJjcmVhdGVkX2F0IiwiZGVzYyIsIngiLCJ4Il0", "INVALID_CURSOR"),  # ["created_at","desc","x","x"]
        ("after=ä", "INVALID_CURSOR"),
    ],
    ids=lambda value: value[:40],
)
async def test_queries_that_make_no_sense(ask, query, refusal) -> None:
    assert code(await ask("GET", f"assets?{query}")) == (400, refusal)


@pytest.mark.parametrize("path", ["", "/%ED%A0%80", "/%00", "/%FF/content", "/tags/refine"])
async def test_words_that_are_no_text_find_nothing(ask, path) -> None:
    for text in ("%ED%A0%80", "%00", "%FF", "\\"):
        status, _ = await ask("GET", f"assets{path}?name_contains={text}&tags_any={text}")
        assert status in (200, 404)


@pytest.mark.parametrize("sort", ["name", "created_at", "updated_at", "size", "last_access_time"])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_cursors_go_through_all_pages_once(ask, folders, seed, sort, order) -> None:
    for number in range(7):
        (folders.input / f"{number}.txt").write_bytes(b"x" * (number // 2))
    await seed(roots=["input"])
    query, pages = {"limit": 3, "sort": sort, "order": order}, []
    while True:
        body = (await ask("GET", "assets", params=query))[1]
        assert body["total"] == 7
        pages.append([asset["name"] for asset in body["assets"]])
        if not body["has_more"]:
            break
        query["after"] = body["next_cursor"]
    assert [len(page) for page in pages] == [3, 3, 1]
    listed = [name for page in pages for name in page]
    assert len(set(listed)) == 7
    by_offset = (await ask("GET", "assets", params={"limit": 9, "sort": sort, "order": order}))[1]["assets"]
    assert [asset["name"] for asset in by_offset] == listed
    values = [asset[sort] for asset in by_offset]
    assert values == sorted(values, reverse=order == "desc")


# --- scans ---


async def test_a_scan_finds_what_lies_in_the_folders(ask, folders, seed) -> None:
    (folders.input / "sub").mkdir()
    (folders.input / "sub" / "cat.png").write_bytes(png())
    (folders.input / ".hidden").write_bytes(b"x")
    folders.output.mkdir()
    (folders.output / "out.png").write_bytes(png())
    loras = folders.base / "models" / "loras" / "xl"
    loras.mkdir(parents=True)
    (loras / "style.safetensors").write_bytes(b"weights")
    (loras / "notes.txt").write_bytes(b"x")
    (folders.base / "secret.txt").write_text("secret")
    (folders.input / "link.txt").symlink_to(folders.base / "secret.txt")
    (folders.input / "loop").symlink_to(folders.input)
    (folders.input / os.fsdecode(b"\xff.txt")).write_bytes(b"x")
    assert await seed(roots=["input", "output"]) == {"scanned": 2, "total": 2, "created": 2, "skipped": 0}
    assert await seed(roots=["input", "output"]) == {"scanned": 2, "total": 2, "created": 0, "skipped": 2}
    await seed()
    listed = (await ask("GET", "assets", params={"limit": 500}))[1]["assets"]
    found = {asset["name"]: asset for asset in listed}
    assert found["cat.png"]["preview_url"] == "/api/view?type=input&filename=cat.png&subfolder=sub"
    assert found["cat.png"]["loader_path"] == "sub/cat.png"
    assert found["cat.png"]["metadata"] == {"kind": "image", "width": 3, "height": 2}
    assert found["out.png"]["tags"] == ["output"]
    assert found["style.safetensors"]["tags"] == ["model_type:loras", "models"]
    assert found["style.safetensors"]["loader_path"] == "xl/style.safetensors"
    assert not {"notes.txt", ".hidden", "secret.txt", "link.txt"} & found.keys()


async def test_a_scan_reads_no_file_unless_it_is_asked_to(ask, folders, seed, monkeypatch) -> None:
    read = []
    monkeypatch.setattr(seeder, "hash_file", lambda path, stop: read.append(path) or contents.hash_file(path))
    (folders.input / "a.txt").write_bytes(b"bytes")
    await seed(roots=["input"])
    assert read == []
    assert "hash" not in (await ask("GET", "assets"))[1]["assets"][0]
    await seed(roots=["input"], hash=True)
    assert read == [folders.input / "a.txt"]
    assert (await ask("GET", "assets"))[1]["assets"][0]["hash"] == hash_of(b"bytes")
    await seed(roots=["input"], hash=True)
    assert len(read) == 1


async def test_asking_for_the_nodes_begins_a_scan(client, folders, ask) -> None:
    (folders.input / "a.txt").write_bytes(b"bytes")
    await client.get("/object_info")
    for _ in range(500):
        if (await ask("GET", "assets?name_contains=a.txt"))[1]["total"]:
            break
        await asyncio.sleep(0.02)
    else:
        raise AssertionError("the file was not found")


async def test_what_is_gone_is_left_out_until_it_comes_back(ask, folders, seed, names) -> None:
    (folders.input / "a.txt").write_bytes(b"bytes")
    await seed(roots=["input"])
    (folders.input / "a.txt").unlink()
    assert await ask("POST", "assets/prune") == (200, {"status": "completed", "marked": 1})
    assert await names() == []
    assert await ask("POST", "assets/prune") == (200, {"status": "completed", "marked": 0})
    (folders.input / "a.txt").write_bytes(b"bytes")
    await seed(roots=["input"])
    assert await names() == ["a.txt"]


async def test_what_was_deleted_is_not_found_again(ask, folders, seed, names) -> None:
    (folders.input / "a.txt").write_bytes(b"bytes")
    await seed(roots=["input"])
    id = (await ask("GET", "assets"))[1]["assets"][0]["id"]
    await ask("DELETE", f"assets/{id}")
    await seed(roots=["input"])
    assert await names() == []


async def test_one_scan_at_a_time_and_it_can_be_stopped(ask, folders, monkeypatch, client) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow(path, is_stopped):
        reading.set()
        go_on.wait(10)
        if is_stopped():
            raise contents.Stopped
        return contents.hash_file(path)

    monkeypatch.setattr(seeder, "hash_file", slow)
    (folders.input / "a.txt").write_bytes(b"bytes")
    assert (await ask("GET", "assets/seed/status"))[1] == {"state": "IDLE", "progress": None, "errors": []}
    body = {"roots": ["input"], "hash": True}
    assert await ask("POST", "assets/seed", json=body) == (202, {"status": "started"})
    await asyncio.to_thread(reading.wait, 10)
    assert await ask("POST", "assets/seed", json=body) == (409, {"status": "already_running"})
    status = (await ask("GET", "assets/seed/status"))[1]
    assert (status["state"], status["progress"]["created"]) == ("RUNNING", 1)
    assert await ask("POST", "assets/seed/cancel") == (200, {"status": "cancelling"})
    assert (await ask("GET", "assets/seed/status"))[1]["state"] == "CANCELLING"
    go_on.set()
    for _ in range(500):
        if (await ask("GET", "assets/seed/status"))[1]["state"] == "IDLE":
            break
        await asyncio.sleep(0.01)
    assert await ask("POST", "assets/seed/cancel") == (200, {"status": "idle"})
    assert "hash" not in (await ask("GET", "assets"))[1]["assets"][0]


@pytest.mark.parametrize("body", [{"roots": ["temp"]}, {"roots": []}, {"roots": "input"}, {"roots": ["../.."]}, 3])
async def test_scans_of_what_is_no_root_are_refused(ask, body) -> None:
    assert code(await ask("POST", "assets/seed", json=body)) == (400, "INVALID_BODY")


async def test_ten_thousand_files_are_listed_off_the_event_loop(ask, folders, seed, monkeypatch) -> None:
    for number in range(10_000):
        (folders.input / f"{number:05}.txt").touch()
    scanning, look = set(), seeder.find_files

    def found(*args):
        scanning.add(threading.current_thread())
        return look(*args)

    monkeypatch.setattr(seeder, "find_files", found)
    beats = 0

    async def beat():
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    assert (await seed(roots=["input"]))["created"] == 10_000
    beating.cancel()
    assert beats > 5
    assert threading.main_thread() not in scanning
    body = (await ask("GET", "assets", params={"limit": 500, "sort": "name", "offset": 9_700}))[1]
    assert (len(body["assets"]), body["total"], body["has_more"]) == (300, 10_000, False)


# --- results ---


async def test_results_are_assets_as_soon_as_they_are_saved(ask, client, graph, finished, folders) -> None:
    taken = (await (await client.post("/prompt", json={"prompt": graph(copies=2)})).json())["prompt_id"]
    saved = (await finished(taken))["outputs"]["2"]["images"]
    listed = (await ask("GET", "assets?tags_all=output"))[1]["assets"]
    assert {(asset["loader_path"], asset["id"]) for asset in listed} == {(one["filename"], one["id"]) for one in saved}
    assert {(asset["job_id"], asset["prompt_id"]) for asset in listed} == {(taken, taken)}


def test_which_files_of_an_output_are_results() -> None:
    odd = [1, None, {}, {"type": "output"}, {"type": "output", "filename": 3}, {"type": "temp", "filename": "t.png"}]
    good = {"type": "output", "filename": "a.png", "subfolder": "b"}
    output = {"images": [*odd, good], "text": "x", "animated": [True]}
    assert list(results.saved_files(output)) == [(good, ("b", "a.png"))]
    assert list(results.saved_files(None)) == []


# --- the database ---


async def test_assets_outlive_the_server(engine, folders, settings, aiohttp_client, upload) -> None:
    await upload(name="kept")
    again = await aiohttp_client(make_app(engine, folders, settings))
    listed = (await (await again.get("/api/assets")).json())["assets"]
    assert [asset["name"] for asset in listed] == ["kept"]


async def test_a_damaged_database_says_so_and_is_left_alone(ask, folders, client) -> None:
    path = folders.user / "assets.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no database" * 1000)
    assert code(await ask("GET", "assets")) == (503, "SERVICE_UNAVAILABLE")
    report = (await ask("POST", "assets/seed?wait=true"))[1]
    assert "assets.db" in report["errors"][0]
    assert path.read_bytes() == b"no database" * 1000
    assert (await client.get("/queue")).status == 200


async def test_the_database_of_a_newer_easel_is_left_alone(ask, folders) -> None:
    path = folders.user / "assets.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    assert code(await ask("GET", "assets")) == (503, "SERVICE_UNAVAILABLE")
    assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    assert connection.execute("SELECT * FROM sqlite_master").fetchall() == []


# --- several users ---


@pytest.fixture
def tokens(folders):
    """Users with a token each."""
    path = folders.user / "accounts.json"
    accounts = read_accounts(path)
    made = {}
    for name in ("ada", "bob"):
        accounts.add_user(name, "correct horse", admin=False)
        made[name] = {"Authorization": f"Bearer {accounts.add_token(name, Token(hash='', user=name))}"}
    made["phone"] = {"Authorization": f"Bearer {accounts.add_token('phone', Token(hash='', submit_only=True))}"}
    write_accounts(path, accounts)
    return {**made, "owner": {"Authorization": "Bearer own"}}


@pytest.fixture
async def shared(engine, folders, settings, aiohttp_client, tokens):
    settings = replace(settings, wants_token=True, token="own", multi_user=True)
    return await aiohttp_client(make_app(engine, folders, settings))


async def test_everybody_sees_their_own_assets(shared, folders, upload, tokens) -> None:
    async def names(who):
        body = await (await shared.get("/api/assets?tags_any=input,output", headers=tokens[who])).json()
        return sorted(asset["name"] for asset in body["assets"])

    async def status(who, method, path, **more):
        return (await shared.request(method, f"/api/assets{path}", headers=tokens[who], **more)).status

    sent, hers = await upload(png(), "hers.png", headers=tokens["ada"], to=shared, tags="output")
    assert sent == 201
    stored = hash_of(png()).removeprefix("blake3:") + ".png"
    assert (folders.output / "ada" / stored).is_file()
    assert hers["loader_path"] == stored
    assert hers["preview_url"] == f"/api/view?type=output&filename={stored}"
    assert (await shared.get(hers["preview_url"], headers=tokens["ada"])).status == 200
    (folders.output / "bob").mkdir()
    (folders.output / "bob" / "his.png").write_bytes(png(5, 5))
    (folders.input / "ours.txt").write_bytes(b"ours")
    seeded = await shared.post("/api/assets/seed?wait=true", headers=tokens["ada"], json={"roots": ["input", "output"]})
    assert (await seeded.json())["progress"]["created"] == 2
    assert await names("ada") == ["hers.png", "ours.txt"]
    assert await names("bob") == ["his.png", "ours.txt"]
    assert await names("owner") == ["hers.png", "his.png", "ours.txt"]
    id = hers["id"]
    for method, path in (("GET", ""), ("GET", "/content"), ("PUT", ""), ("DELETE", ""), ("POST", "/tags")):
        assert await status("bob", method, f"/{id}{path}", json={"name": "x", "tags": ["x"]}) == 404
    assert await status("bob", "POST", "/from-hash", json={"hash": hers["hash"]}) == 404
    assert await status("bob", "HEAD", f"/hash/{hers['hash']}") == 404
    assert (await shared.get("/view", params={"filename": hers["hash"]}, headers=tokens["bob"])).status == 404
    assert (await shared.get("/view", params={"filename": hers["hash"]}, headers=tokens["ada"])).status == 200


async def test_results_belong_to_who_asked_for_them(shared, folders, graph, tokens) -> None:
    await shared.post("/prompt", json={"prompt": graph()}, headers=tokens["bob"])
    for _ in range(500):
        body = await (await shared.get("/api/assets", headers=tokens["bob"])).json()
        if body["total"]:
            break
        await asyncio.sleep(0.02)
    (asset,) = body["assets"]
    assert (folders.output / "bob" / asset["loader_path"]).is_file()
    assert (await (await shared.get("/api/assets", headers=tokens["ada"])).json())["total"] == 0


async def test_what_is_everybodys_only_the_owner_changes(shared, folders, tokens) -> None:
    (folders.input / "ours.txt").write_bytes(b"ours")
    await shared.post("/api/assets/seed?wait=true", headers=tokens["ada"], json={"roots": ["input"]})
    (asset,) = (await (await shared.get("/api/assets", headers=tokens["ada"])).json())["assets"]
    for who, expected in (("ada", 403), ("owner", 200)):
        answer = await shared.put(f"/api/assets/{asset['id']}", json={"name": "x"}, headers=tokens[who])
        assert answer.status == expected


async def test_only_who_manages_the_server_adds_models(shared, upload, tokens, folders) -> None:
    fields = {"filename": "x.ckpt", "tags": "models,model_type:checkpoints", "to": shared}
    assert code(await upload(**fields, headers=tokens["ada"])) == (403, "FORBIDDEN")
    assert not (folders.base / "models" / "checkpoints").exists()
    assert (await upload(**fields, headers=tokens["owner"]))[0] == 201


async def test_a_token_to_submit_brings_inputs_and_lists_nothing(shared, upload, tokens) -> None:
    assert (await upload(to=shared, headers=tokens["phone"]))[0] == 201
    for path in ("/api/assets", "/api/tags", "/api/assets/tags/refine"):
        assert (await shared.get(path, headers=tokens["phone"])).status == 403
