"""POST /explain: a forecast in either format, and nothing runs."""

import pytest

PROMPT = {
    "1": {"class_type": "FakeText", "inputs": {"text": "a", "seed": 1, "style": "plain"}},
    "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "a", "copies": 1}},
}
WORKFLOW = {
    "nodes": [
        {"id": 1, "type": "FakeText", "widgets_values": ["a", 1, "fixed", "plain"]},
        {
            "id": 2,
            "type": "FakeSave",
            "inputs": [{"name": "value", "type": "NUMBER", "link": 1}],
            "widgets_values": ["a", 1],
        },
    ],
    "links": [[1, 1, 0, 2, 0, "NUMBER"]],
    "version": 0.4,
}


@pytest.fixture
def explain(client):
    async def explain(body, path="/explain"):
        answer = await client.post(path, json=body)
        return answer.status, await answer.json()

    return explain


@pytest.mark.parametrize("path", ["/explain", "/api/explain"])
@pytest.mark.parametrize("body", [{"prompt": PROMPT}, PROMPT, {"prompt": WORKFLOW}, WORKFLOW])
async def test_a_prompt_or_a_workflow_bare_or_wrapped(client, explain, folders, body, path) -> None:
    status, forecast = await explain(body, path)
    assert (status, forecast["runs"], forecast["error"]) == (200, ["1", "2"], None)
    assert forecast["nodes"]["1"]["because"] == "it has not run before"
    assert not folders.output.exists()
    assert await (await client.get("/history")).json() == {}


async def test_after_a_run_it_knows_what_is_cached_what_changed_and_how_long_it_takes(
    explain, post_prompt, finished
) -> None:
    _, taken = await post_prompt(PROMPT)
    await finished(taken["prompt_id"])
    assert (await explain(PROMPT))[1]["cached"] == ["1", "2"]
    changed = PROMPT | {"1": {"class_type": "FakeText", "inputs": {"text": "b", "seed": 1, "style": "plain"}}}
    _, forecast = await explain(changed)
    first, second = forecast["nodes"]["1"], forecast["nodes"]["2"]
    assert (first["why"]["kind"], first["why"]["input"]) == ("input_changed", "text")
    assert (second["why"]["kind"], second["why"]["node"]) == ("upstream_changed", "1")
    assert forecast["seconds"] == pytest.approx(first["seconds"] + second["seconds"]) != 0


async def test_missing_nodes_and_files_are_named_with_their_input_and_value(explain) -> None:
    _, forecast = await explain({"prompt": PROMPT | {"3": {"class_type": "Nobodys", "inputs": {}}}})
    assert forecast["missing_nodes"] == [{"node": "3", "class_type": "Nobodys"}]
    _, forecast = await explain({"1": {"class_type": "FakeLoad", "inputs": {"image": "gone.png"}}})
    assert forecast["missing_models"] == [
        {"node": "1", "class_type": "FakeLoad", "input": "image", "value": "gone.png", "folder": "input"}
    ]
    assert forecast["error"]["type"] == "prompt_outputs_failed_validation"


async def test_only_the_outputs_that_are_asked_for_count(explain) -> None:
    prompt = PROMPT | {"3": {"class_type": "FakeSave", "inputs": PROMPT["2"]["inputs"]}}
    _, forecast = await explain({"prompt": prompt, "partial_execution_targets": ["3"]})
    assert (forecast["runs"], forecast["nodes"]["2"]["status"]) == (["1", "3"], "not_needed")


@pytest.mark.parametrize("body", [[], "x", {}, {"prompt": None}, {"prompt": [1]}, {"1": 2}])
async def test_what_is_no_graph_gets_the_error_that_a_prompt_gets(explain, body) -> None:
    status, forecast = await explain(body)
    assert status == 200
    assert forecast["error"]["type"] in ("invalid_prompt", "prompt_no_outputs", "missing_node_type")


async def test_targets_that_are_none_are_refused(explain) -> None:
    status, answer = await explain({"prompt": PROMPT, "partial_execution_targets": 5})
    assert (status, answer["error"]["message"]) == (400, "partial_execution_targets must be array or null, not int")
