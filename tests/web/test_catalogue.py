"""What the server says about nodes and itself."""

import json
import os
import time

import pytest

from web.server import described


async def test_object_info_has_the_contracts_shape(client, folders) -> None:
    (folders.input / "cat.png").touch()
    everything = await (await client.get("/api/object_info")).json()
    info = everything["FakeText"]
    assert info["input"]["required"]["text"] == ["STRING", {"default": "", "multiline": True, "dynamicPrompts": True}]
    assert info["input"]["required"]["seed"][1]["max"] == 2**64 - 1
    assert info["input_order"]["required"][:2] == ["text", "seed"]
    assert info["output"] == ["NUMBER"]
    assert everything["FakeLoad"]["input"]["required"]["image"][0] == ["cat.png"]
    one = await (await client.get("/object_info/FakeText")).json()
    assert one == {"FakeText": info}
    assert await (await client.get("/object_info/Nope")).json() == {}


async def test_clients_find_what_they_ask_for_at_start(client) -> None:
    assert await (await client.get("/extensions")).json() == []
    assert await (await client.get("/i18n")).json() == {}
    features = await (await client.get("/features")).json()
    assert features["supports_preview_metadata"] is True
    assert features["max_upload_size"] == 1024 * 1024
    stats = await (await client.get("/system_stats")).json()
    assert stats["system"]["ram_total"] > stats["system"]["ram_free"] > 0
    assert isinstance(stats["devices"], list)


async def test_json_is_written_as_json_dumps_writes_it(client, folders) -> None:
    (folders.input / "é.png").touch()
    answer = await client.get("/object_info/FakeLoad")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert '"image": [["\\u00e9.png"], ' in await answer.text()


@pytest.fixture
def long_ago(folders):
    """Folders that changed an hour before, as they mostly have."""

    def age(seconds=3600):
        for path in (folders.input, *folders.input.rglob("*")):
            os.utime(path, (time.time() - seconds,) * 2)

    age()
    return age


async def test_who_has_the_catalogue_is_not_sent_it_again(client, long_ago, monkeypatch) -> None:
    first = await client.get("/api/object_info")
    made = []
    monkeypatch.setattr(described, "describe", lambda *asked: made.append(asked))
    for tag in (first.headers["ETag"], f'"x", {first.headers["ETag"]}'):
        answer = await client.get("/object_info", headers={"If-None-Match": tag})
        assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (await client.get("/object_info", headers={"If-None-Match": 'W/"old"'})).status == 200
    assert made == []


@pytest.mark.parametrize("name", ["cat.png", "sub/deep/cat.png"])
async def test_a_new_file_makes_a_new_catalogue(client, folders, long_ago, name) -> None:
    (folders.input / "sub" / "deep").mkdir(parents=True)
    long_ago()
    first = await client.get("/object_info")
    (folders.input / name).touch()
    answer = await client.get("/object_info", headers={"If-None-Match": first.headers["ETag"]})
    assert (answer.status, (await answer.json())["FakeLoad"]["input"]["required"]["image"][0]) == (200, [name])
    (folders.input / name).unlink()
    answer = await client.get("/object_info", headers={"If-None-Match": first.headers["ETag"]})
    assert answer.status == 304


async def test_a_folder_that_changes_twice_within_a_tick_is_looked_at_again(client, folders) -> None:
    now = time.time_ns() + 3_600_000_000_000  # a moment ago, however long the test takes
    os.utime(folders.input, ns=(now, now))
    await client.get("/object_info")
    (folders.input / "cat.png").touch()
    os.utime(folders.input, ns=(now, now))
    assert "cat.png" in await (await client.get("/object_info")).text()


async def test_the_catalogue_is_compressed_for_who_can_unpack_it(client) -> None:
    packed = await client.get("/object_info", headers={"Accept-Encoding": "gzip, br"})
    plain = await client.get("/object_info", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"])
    assert json.loads(await packed.read()) == await plain.json()
