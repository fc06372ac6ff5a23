"""POST /prompt takes both formats, keeps every digit, and turns bad input down in one sentence."""

import json

import pytest

UINT64_MAX = 2**64 - 1


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_a_prompt_is_queued_and_run(client, finished, graph, prefix) -> None:
    answer = await client.post(f"{prefix}/prompt", json={"prompt": graph()})
    assert answer.status == 200
    taken = await answer.json()
    assert taken["number"] == 0
    assert taken["node_errors"] == {}
    entry = await finished(taken["prompt_id"])
    assert entry["status"]["status_str"] == "success"
    assert entry["outputs"]["2"]["images"][0]["type"] == "output"


async def test_a_saved_workflow_is_converted_and_kept_for_the_picture(post_prompt, finished, workflow) -> None:
    status, taken = await post_prompt(workflow)
    assert status == 200
    _, _, prompt, extra, _ = (await finished(taken["prompt_id"]))["prompt"]
    assert prompt["1"]["inputs"] == {"text": "hello", "seed": 0, "style": "plain"}
    assert prompt["2"]["inputs"]["value"] == ["1", 0]
    assert extra["extra_pnginfo"]["workflow"] == workflow


async def test_a_seed_of_64_bits_stays_exact(client, post_prompt, finished, graph) -> None:
    _, taken = await post_prompt(graph(seed=UINT64_MAX))
    await finished(taken["prompt_id"])
    text = await (await client.get("/history")).text()
    assert '"seed": 18446744073709551615' in text


async def test_convert_answers_the_prompt(client, workflow) -> None:
    for body in (workflow, {"workflow": workflow}):
        answer = await client.post("/api/convert", json=body)
        assert answer.status == 200
        prompt = (await answer.json())["prompt"]
        assert prompt["2"]["inputs"] == {"value": ["1", 0], "filename_prefix": "fake", "copies": 1}


async def test_a_workflow_with_a_lost_link_is_refused_by_node(client, post_prompt, workflow) -> None:
    workflow["links"] = []
    status, body = await post_prompt(workflow)
    assert status == 400
    assert body["error"]["type"] == "invalid_workflow"
    assert "Node 2 (FakeSave): input 'value' names link 1" in body["error"]["message"]
    assert body["error"]["extra_info"] == {"node_id": "2"}


BAD_BODIES = [
    (b"", "invalid_json", "not valid JSON"),
    (b"{", "invalid_json", "not valid JSON"),
    (b'{"prompt": {"1": NaN}}', "invalid_json", "NaN"),
    (b'{"prompt": {"1": {"class_type": "FakeText", "inputs": {"seed": Infinity}}}}', "invalid_json", "Infinity"),
    (b"\xff\xfe", "invalid_json", "not valid JSON"),
    (b'{"prompt": "\xff"}', "invalid_json", "not UTF-8"),
    (b'{"prompt": "\\ud800"}', "invalid_json", "half of a surrogate pair is no text"),
    (b"[" * 50_000, "invalid_json", "nests too deeply"),
    (b"[]", "invalid_request", "the body must be object, not array"),
    (b'{"client_id": "x"}', "no_prompt", "No prompt provided"),
    (b'{"nodes": [], "links": []}', "no_prompt", "saved workflow"),
    (b'{"prompt": {}}', "prompt_no_outputs", "no outputs"),
    (b'{"prompt": 5}', None, ""),
    (b'{"prompt": []}', None, ""),
    (b'{"prompt": {"1": 5}}', None, ""),
    (b'{"prompt": {"1": {"inputs": {}}}}', "missing_node_type", ""),
    (b'{"prompt": {"nodes": [5]}}', "invalid_workflow", "entry 0 of the nodes"),
    (b'{"prompt": {"nodes": [], "links": 7}}', "invalid_workflow", "links of the workflow must be a list"),
    (b'{"prompt": {}, "client_id": 5}', "invalid_request", "client_id must be str or null, not int"),
    (b'{"prompt": {}, "front": "yes"}', "invalid_request", "front must be bool or null, not str"),
    (b'{"prompt": {}, "partial_execution_targets": 3}', "invalid_request", "partial_execution_targets must be"),
    (b'{"prompt": {}, "number": "abc"}', None, ""),
    (b'{"prompt": {}, "extra_data": 3}', None, ""),
    (b'{"prompt": {}, "prompt_id": "not-a-uuid"}', "invalid_prompt_id", "valid UUID"),
]


@pytest.mark.parametrize(("body", "type", "message"), BAD_BODIES, ids=[str(body[:40]) for body, _, _ in BAD_BODIES])
async def test_bad_bodies_are_answered_400_in_the_one_shape(client, body, type, message) -> None:
    answer = await client.post("/prompt", data=body)
    assert answer.status == 400
    found = json.loads(await answer.text())
    assert set(found) == {"error", "node_errors"}
    assert set(found["error"]) == {"type", "message", "details", "extra_info"}
    assert type is None or found["error"]["type"] == type
    assert message in found["error"]["message"]


async def test_graphs_that_cannot_run_are_named_by_node(post_prompt, graph) -> None:
    unknown = graph() | {"9": {"class_type": "Nope", "inputs": {}}}
    status, body = await post_prompt(unknown)
    assert (status, body["error"]["type"]) == (400, "missing_node_type")

    dangling = graph()
    dangling["2"]["inputs"]["value"] = ["77", 0]
    status, body = await post_prompt(dangling)
    assert status == 400
    assert "77" in json.dumps(body)

    circle = graph()
    circle["1"] = {"class_type": "FakeSteps", "inputs": {"count": ["1", 0]}}
    status, body = await post_prompt(circle)
    assert status == 400

    wrong = graph()
    wrong["2"]["inputs"]["copies"] = 99
    status, body = await post_prompt(wrong)
    assert status == 400
    assert body["node_errors"]["2"]["errors"][0]["type"] == "value_bigger_than_max"


async def test_the_type_of_the_content_does_not_matter(client, graph) -> None:
    answer = await client.post("/prompt", data=json.dumps({"prompt": graph()}), headers={"Content-Type": "text/plain"})
    assert answer.status == 200


async def test_a_body_over_the_limit_is_answered_413(client) -> None:
    answer = await client.post("/prompt", data=b" " * (2 * 1024 * 1024))
    assert answer.status == 413
    assert "--max-upload-size" in (await answer.json())["error"]["message"]


async def test_remaining_prompts_are_counted(client) -> None:
    assert await (await client.get("/prompt")).json() == {"exec_info": {"queue_remaining": 0}}
