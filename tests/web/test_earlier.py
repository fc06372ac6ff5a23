"""/earlier: what workflows held before they were written over or deleted."""

from __future__ import annotations

import os

from web.server.earlier import KEPT


async def save(client, folders, name: str, text: str, time: int) -> None:
    """As it would be had it been saved `time` seconds after 1970."""
    assert (await client.post(f"/userdata/workflows%2F{name}", data=text)).status == 200
    os.utime(folders.workflows / name, (time, time))


async def earlier(client, name: str = "") -> list[dict]:
    answer = await client.get("/earlier", params={"file": name} if name else {})
    return await answer.json()


async def read(client, name: str, version: str) -> str:
    return await (await client.get(f"/api/earlier/{version}", params={"file": name})).text()


async def test_what_a_workflow_held_is_kept_when_it_is_written_over(client, folders) -> None:
    for time, text in ((1, "a"), (2, "b"), (3, "b"), (4, "c")):
        await save(client, folders, "one.json", text, time)
    kept = await earlier(client, "one.json")
    assert [(entry["saved"], entry["size"]) for entry in kept] == [(2000, 1), (1000, 1)]
    assert [await read(client, "one.json", entry["id"]) for entry in kept] == ["b", "a"]
    assert await earlier(client) == []


async def test_only_the_last_ones_are_kept(client, folders) -> None:
    for time in range(KEPT + 5):
        await save(client, folders, "one.json", str(time), time)
    kept = await earlier(client, "one.json")
    assert [entry["saved"] for entry in kept] == [1000 * time for time in range(KEPT + 3, 3, -1)]


async def test_a_deleted_workflow_is_listed_until_it_is_there_again(client, folders) -> None:
    await save(client, folders, "sub/one.json", "a", 1)
    await save(client, folders, "sub/one.json", "b", 2)
    await client.delete("/userdata/workflows%2Fsub%2Fone.json")
    [gone] = await earlier(client)
    assert (gone["path"], gone["saved"]) == ("sub/one.json", 2000)
    assert await read(client, gone["path"], gone["id"]) == "b"
    await save(client, folders, "sub/one.json", "b", 3)
    assert await earlier(client) == []


async def test_versions_go_along_when_a_workflow_gets_another_name(client, folders) -> None:
    await save(client, folders, "one.json", "a", 1)
    await save(client, folders, "one.json", "b", 2)
    await client.post("/userdata/workflows%2Fone.json/move/workflows%2Fsub%2Ftwo.json")
    assert [entry["saved"] for entry in await earlier(client, "sub/two.json")] == [1000]
    assert await earlier(client) == await earlier(client, "one.json") == []


async def test_other_files_have_no_versions_and_those_of_workflows_are_no_files_of_the_user(client, folders) -> None:
    for text in (b"a", b"b"):
        await client.post("/userdata/notes.txt", data=text)
    await save(client, folders, "one.json", "a", 1)
    await save(client, folders, "one.json", "b", 2)
    tree = await (await client.get("/v2/userdata")).json()
    assert [entry["path"] for entry in tree] == ["workflows", "notes.txt", "workflows/one.json"]
    assert await earlier(client, "notes.txt") == []


async def test_a_workflow_is_saved_moved_and_deleted_where_nothing_can_be_kept(client, folders) -> None:
    await save(client, folders, "two.json", "a", 1)
    (folders.user / ".earlier").write_text("in the way")
    await save(client, folders, "two.json", "b", 2)
    await client.post("/userdata/workflows%2Ftwo.json/move/workflows%2Fone.json")
    assert (folders.workflows / "one.json").read_text() == "b"
    assert (await client.delete("/userdata/workflows%2Fone.json")).status == 204
    assert not (folders.workflows / "one.json").exists()


async def test_versions_that_are_none_are_refused(client) -> None:
    assert (await client.get("/earlier", params={"file": "../.."})).status == 403
    assert (await client.get("/earlier/1", params={"file": "../../../etc"})).status == 404
    assert (await client.get("/earlier/..%2F..%2Fx", params={"file": "one.json"})).status == 404
    assert (await client.get("/earlier/1")).status == 404
