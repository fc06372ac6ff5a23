"""The queue, the history, and stopping what runs."""

import uuid

import pytest

from tests.waiting import until

SLOW = {
    "1": {"class_type": "FakeSteps", "inputs": {"count": 10_000, "seconds": 0.01}},
    "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "fake", "copies": 1}},
}


async def running(client):
    async def queue():
        found = await (await client.get("/queue")).json()
        return found if found["queue_running"] else None

    return await until(queue)


async def test_what_waits_is_listed_and_can_be_removed(client, post_prompt, graph) -> None:
    _, slow = await post_prompt(SLOW)
    await running(client)
    _, first = await post_prompt(graph())
    _, second = await post_prompt(graph(), front=True)
    queue = await (await client.get("/queue")).json()
    assert [item[1] for item in queue["queue_running"]] == [slow["prompt_id"]]
    assert [item[1] for item in queue["queue_pending"]] == [second["prompt_id"], first["prompt_id"]]
    assert [len(item) for item in queue["queue_pending"]] == [5, 5]
    page = await (await client.get("/queue?max_items=1&offset=1")).json()
    assert page == {"queue_running": queue["queue_running"], "queue_pending": queue["queue_pending"][1:]}
    assert (await client.post("/queue", json={"delete": [first["prompt_id"], "unknown"]})).status == 200
    assert (await client.post("/queue", json={"clear": True})).status == 200
    assert (await (await client.get("/queue")).json())["queue_pending"] == []
    await client.post("/interrupt")


async def test_interrupt_stops_only_the_prompt_it_names(client, post_prompt, finished) -> None:
    _, slow = await post_prompt(SLOW)
    await running(client)
    answer = await client.post("/interrupt", json={"prompt_id": str(uuid.uuid4())})
    assert (answer.status, await answer.text()) == (200, "")
    assert (await running(client))["queue_running"][0][1] == slow["prompt_id"]
    await client.post("/api/interrupt", data=b"not json")
    entry = await finished(slow["prompt_id"])
    assert entry["status"]["status_str"] == "error"
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"


async def test_history_is_paged_oldest_first_and_removed(client, post_prompt, finished, graph) -> None:
    ids = []
    for text in ("a", "b", "c"):
        _, taken = await post_prompt(graph(text=text))
        ids.append(taken["prompt_id"])
        await finished(ids[-1])

    async def listed(query=""):
        return list(await (await client.get(f"/history{query}")).json())

    assert await listed() == ids
    assert await listed("?max_items=2") == ids[1:]
    assert await listed("?max_items=1&offset=0") == ids[:1]
    assert await listed("?offset=9") == []
    assert await (await client.get("/history/unknown")).json() == {}
    await client.post("/history", json={"delete": [ids[0]]})
    assert await listed() == ids[1:]
    await client.post("/history", json={"clear": True})
    assert await listed() == []


@pytest.mark.parametrize("path", ["/queue", "/history"])
@pytest.mark.parametrize("query", ["max_items=x", "max_items=-1", "offset=1.5", "offset=99999999999999999999"])
async def test_pages_that_are_no_numbers_are_refused(client, path, query) -> None:
    answer = await client.get(f"{path}?{query}")
    assert answer.status == 400
    assert query.split("=")[0] in (await answer.json())["error"]["message"]


@pytest.mark.parametrize("path", ["/queue", "/history", "/free"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"delete": 5, "unload_models": 5}', b'{"clear": 1, "free_memory": 2}']
)
async def test_bodies_that_do_not_fit_are_refused(client, path, body) -> None:
    answer = await client.post(path, data=body)
    assert answer.status == 400
    assert (await answer.json())["error"]["message"]


async def test_free_answers_nothing(client) -> None:
    answer = await client.post("/free", json={"unload_models": True, "free_memory": True})
    assert (answer.status, await answer.text()) == (200, "")


async def test_history_and_jobs_are_searched_by_words(client, post_prompt, finished, graph) -> None:
    ids = {}
    for text in ("a red apple", "a green apple"):
        _, taken = await post_prompt(graph(text=text))
        ids[text] = taken["prompt_id"]
        await finished(taken["prompt_id"])
    for search, found in {"GREEN": ["a green apple"], "faketext apple": list(ids), "red green": []}.items():
        history = await (await client.get("/history", params={"search": search})).json()
        assert list(history) == [ids[text] for text in found]
        page = await (await client.get("/api/jobs", params={"search": search, "sort_order": "asc"})).json()
        assert [job["id"] for job in page["jobs"]] == list(history)
        assert page["pagination"]["total"] == len(found)


async def test_a_prompt_that_fails_says_why_in_the_history(post_prompt, finished) -> None:
    _, taken = await post_prompt({"1": {"class_type": "FakeFail", "inputs": {}}})
    entry = await finished(taken["prompt_id"])
    event, data = entry["status"]["messages"][-1]
    assert event == "execution_error"
    assert "the value is no good; use another" in data["exception_message"]
    assert (data["node_id"], data["node_type"]) == ("1", "FakeFail")
