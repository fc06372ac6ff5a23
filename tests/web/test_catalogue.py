"""What the server says about nodes and itself."""


async def test_object_info_has_the_contracts_shape(client, folders) -> None:
    (folders.input / "cat.png").touch()
    everything = await (await client.get("/api/object_info")).json()
    info = everything["FakeText"]
    assert info["input"]["required"]["text"] == ["STRING", {"multiline": True, "dynamicPrompts": True}]
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
