"""/userdata, /settings and /users: what the editor keeps for its user."""

import json

import pytest

WORKFLOW = {"nodes": [], "links": []}


async def test_a_workflow_is_written_listed_read_moved_and_deleted(client, folders) -> None:
    answer = await client.post("/api/userdata/workflows%2Fone.json?overwrite=false&full_info=true", json=WORKFLOW)
    written = await answer.json()
    assert written["path"] == "workflows/one.json"
    assert written["size"] == len(json.dumps(WORKFLOW))
    assert (folders.workflows / "one.json").is_file()
    answer = await client.post("/userdata/workflows%2Fone.json?overwrite=false", json={})
    assert answer.status == 409

    answer = await client.get("/userdata/workflows%2Fone.json")
    assert await answer.json() == WORKFLOW
    assert answer.headers["Content-Disposition"].startswith("attachment")

    answer = await client.post("/userdata/workflows%2Fone.json/move/workflows%2Fsub%2Ftwo.json")
    assert await answer.json() == "workflows/sub/two.json"
    listed = await (await client.get("/userdata?dir=workflows&recurse=true")).json()
    assert listed == ["sub/two.json"]
    split = await (await client.get("/userdata?dir=workflows&recurse=true&split=true")).json()
    assert split == [["sub/two.json", "sub", "two.json"]]
    full = await (await client.get("/userdata?dir=workflows&recurse=true&full_info=true&split=false")).json()
    assert set(full[0]) == {"path", "size", "modified", "created"}
    assert await (await client.get("/userdata?dir=workflows")).json() == []

    assert (await client.delete("/userdata/workflows%2Fsub%2Ftwo.json")).status == 204
    assert (await client.delete("/userdata/workflows%2Fsub%2Ftwo.json")).status == 404


async def test_a_move_does_not_overwrite_unasked(client) -> None:
    for name in ("a", "b"):
        await client.post(f"/userdata/{name}.json", data=name)
    assert (await client.post("/userdata/a.json/move/b.json")).status == 409
    assert (await client.post("/userdata/a.json/move/b.json?overwrite=true")).status == 200
    assert await (await client.get("/userdata/b.json")).text() == "a"
    assert (await client.post("/userdata/a.json/move/c.json")).status == 404


async def test_other_files_lie_in_the_users_folder(client, folders) -> None:
    await client.post("/userdata/notes.html", data="<script>alert(1)</script>")
    assert (folders.user / "default" / "notes.html").is_file()
    answer = await client.get("/userdata/notes.html")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    await client.post("/userdata/user.css", data="body{}")
    assert (await client.get("/userdata/user.css")).headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize(
    "name",
    [
        "..%2Feasel.db", "%2E%2E%2Feasel.db", "..%5Ceasel.db", "workflows%2F..%2Fmain.py", "%2Fetc%2Fpasswd",
        "workflows%2F..%2F..%2Fx", "a%00b", "workflows%2Flink%2Fhostname",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["get", "post", "delete"])
async def test_names_that_lead_elsewhere_are_refused(client, folders, method, name) -> None:
    folders.workflows.mkdir()
    (folders.workflows / "link").symlink_to("/etc")
    answer = await getattr(client, method)(f"/userdata/{name}")
    assert answer.status in (403, 404)
    assert (folders.user / "easel.db").is_file()
    assert not (folders.base / "main.py").exists()


async def test_moves_cannot_lead_elsewhere(client, folders) -> None:
    await client.post("/userdata/a.py", data="evil")
    assert (await client.post("/userdata/a.py/move/..%2F..%2Fcustom_nodes%2Fa.py")).status == 403
    assert not (folders.custom_nodes / "a.py").exists()


@pytest.mark.parametrize(
    ("query", "status"), [("", 400), ("?dir=", 400), ("?dir=nowhere", 404), ("?dir=..", 403), ("?dir=/etc", 403)]
)
async def test_folders_that_cannot_be_listed(client, query, status) -> None:
    assert (await client.get(f"/userdata{query}")).status == status


async def test_settings_are_kept(client, folders) -> None:
    assert await (await client.get("/settings")).json() == {}
    assert (await client.post("/settings", json={"a": 1, "b": [2]})).status == 200
    assert (await client.post("/settings/Comfy.X", data=b'"dark"')).status == 200
    assert await (await client.get("/api/settings")).json() == {"a": 1, "b": [2], "Comfy.X": "dark"}
    assert await (await client.get("/settings/a")).json() == 1
    assert await (await client.get("/settings/none")).json() is None
    text = (folders.user / "default" / "comfy.settings.json").read_text()
    assert text.startswith('{\n    "a": 1')


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"NaN"])
async def test_settings_that_are_none_are_refused(client, body) -> None:
    assert (await client.post("/settings", data=body)).status == 400


async def test_damaged_settings_are_put_aside(client, folders) -> None:
    path = folders.user / "default" / "comfy.settings.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"a": ')
    assert await (await client.get("/settings")).json() == {}
    assert path.with_suffix(".damaged.json").read_text() == '{"a": '


async def test_there_is_one_user(client) -> None:
    assert await (await client.get("/users")).json() == {"storage": "server", "migrated": True}


async def test_the_tree_shows_all_that_is_the_users(client, folders) -> None:
    assert await (await client.get("/v2/userdata")).json() == []
    for name in ("workflows/sub/b.json", "workflows/A.json", "notes.txt"):
        await client.post(f"/userdata/{name.replace('/', '%2F')}", data=b"123")
    tree = await (await client.get("/api/v2/userdata")).json()
    assert [(entry["name"], entry["path"], entry["type"]) for entry in tree] == [
        ("sub", "workflows/sub", "directory"),
        ("workflows", "workflows", "directory"),
        ("A.json", "workflows/A.json", "file"),
        ("b.json", "workflows/sub/b.json", "file"),
        ("notes.txt", "notes.txt", "file"),
    ]
    assert (tree[2]["size"], tree[2]["modified"]) == (3, (folders.workflows / "A.json").stat().st_mtime)
    tree = await (await client.get("/v2/userdata?path=workflows%2Fsub")).json()
    assert [entry["path"] for entry in tree] == ["workflows/sub/b.json"]
    assert (await client.get("/v2/userdata?path=none")).status == 404
    assert (await client.get("/v2/userdata?path=..%2F..")).status == 403


async def test_users_are_not_added(client) -> None:
    for body, sentence in ((b"{}", "username not provided"), (b'{"username": "bob"}', "This server has one user")):
        answer = await client.post("/users", data=body)
        assert answer.status == 400
        assert (await answer.json())["error"].startswith(sentence)


async def test_a_name_no_file_can_have_is_refused_with_words(client) -> None:
    for url in ("/userdata/workflows%2F{}.json", "/userdata/a.json/move/workflows%2F{}.json"):
        await client.post("/userdata/a.json", data=b"1")
        answer = await client.post(url.format("n" * 300))
        assert answer.status == 400
        assert "File name too long" in (await answer.json())["error"]["message"]


async def test_a_file_that_somebody_else_has_saved_is_not_written_over_unasked(client) -> None:
    url = "/userdata/workflows%2Fone.json"
    mine = (await client.post(url, data=b"1")).headers["ETag"]
    assert (await client.get(url)).headers["ETag"] == mine
    theirs = await client.post(url, data=b"22", headers={"If-Match": mine})
    assert theirs.status == 200
    answer = await client.post(url, data=b"333", headers={"If-Match": mine})
    assert answer.status == 412
    assert "was changed meanwhile" in (await answer.json())["error"]["message"]
    assert await (await client.get(url)).text() == "22"
    assert (await client.post(url, data=b"333", headers={"If-Match": theirs.headers["ETag"]})).status == 200
    await client.delete(url)
    assert (await client.post(url, data=b"1", headers={"If-Match": mine})).status == 200
