"""/api/jobs: queue and history in one view, filtered, sorted, paged; single jobs; cancelling."""

import pytest

from execution.store import StoredJob
from tests.waiting import until
from web.server.shown_jobs import details, summary

SLOW = {
    "1": {"class_type": "FakeSteps", "inputs": {"count": 100_000, "seconds": 0.02}},
    "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "fake", "copies": 1}},
}
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def listed(client):
    async def get(query=""):
        return await (await client.get(f"/api/jobs{query}")).json()

    return get


async def test_a_finished_job_is_listed_and_shown(client, post_prompt, finished, graph, listed) -> None:
    extra = {"extra_pnginfo": {"workflow": {"id": "wf-1"}}}
    _, taken = await post_prompt(graph(copies=2), extra_data=extra)
    await finished(taken["prompt_id"])
    answer = await listed()
    assert answer["pagination"] == {"offset": 0, "limit": None, "total": 1, "has_more": False}
    (job,) = answer["jobs"]
    assert (job["id"], job["status"], job["priority"], job["workflow_id"]) == (
        taken["prompt_id"],
        "completed",
        taken["number"],
        "wf-1",
    )
    assert job["create_time"] <= job["execution_start_time"] <= job["execution_end_time"]
    assert (job["outputs_count"], job["previewable_outputs_count"]) == (2, 2)
    picture = {"filename": "fake_00001_.png", "subfolder": "", "type": "output"}
    assert job["preview_output"] == {**picture, "nodeId": "2", "mediaType": "images"}
    assert "execution_error" not in job
    shown = await (await client.get(f"/api/jobs/{job['id']}")).json()
    assert shown.items() >= job.items()
    assert shown["outputs"]["2"]["images"][0] == picture
    assert shown["execution_status"]["completed"] is True
    assert shown["workflow"]["extra_data"]["extra_pnginfo"] == {"workflow": {"id": "wf-1"}}


async def test_jobs_are_filtered_sorted_and_paged(post_prompt, finished, graph, listed) -> None:
    ids = []
    for text, workflow in (("a", "one"), ("b", "two"), ("c", "one")):
        extra = {"extra_pnginfo": {"workflow": {"id": workflow}}}
        ids.append((await post_prompt(graph(text=text), extra_data=extra))[1]["prompt_id"])
        await finished(ids[-1])
    failing = (await post_prompt({"1": {"class_type": "FakeFail", "inputs": {}}}))[1]["prompt_id"]
    await finished(failing)

    async def found(query):
        return [job["id"] for job in (await listed(query))["jobs"]]

    assert await found("") == [failing, *ids[::-1]]
    assert await found("?sort_order=asc&limit=2") == ids[:2]
    assert await found("?sort_order=asc&limit=2&offset=2") == [ids[2], failing]
    assert await found("?offset=-5&limit=1") == [failing]
    assert await found("?status=failed,pending") == [failing]
    assert await found("?status=cancelled") == []
    assert await found("?workflow_id=one") == [ids[2], ids[0]]
    page = await listed("?workflow_id=one&limit=1")
    assert page["pagination"] == {"offset": 0, "limit": 1, "total": 2, "has_more": True}
    assert len(await found("?sort_by=execution_duration")) == 4
    (job,) = (await listed("?status=failed"))["jobs"]
    assert job["execution_error"]["exception_message"].startswith("the value is no good")


async def test_waiting_and_running_jobs_are_cancelled(client, post_prompt, finished, listed) -> None:
    running = (await post_prompt(SLOW))[1]["prompt_id"]
    waiting = [(await post_prompt(SLOW))[1]["prompt_id"] for _ in range(3)]

    async def in_progress():
        return (await listed("?status=in_progress"))["jobs"]

    jobs = await until(in_progress)
    assert [job["id"] for job in jobs] == [running]
    assert "execution_start_time" not in jobs[0]
    assert jobs[0]["outputs_count"] == 0
    assert (await listed("?status=pending"))["pagination"]["total"] == 3
    detail = await (await client.get(f"/api/jobs/{waiting[0]}")).json()
    assert (detail["status"], detail["workflow"]["prompt"]) == ("pending", SLOW)
    answer = await client.post(f"/api/jobs/{waiting[0]}/cancel")
    assert await answer.json() == {"cancelled": True}
    answer = await client.post("/api/jobs/cancel", json={"job_ids": [*waiting, running, NOBODY]})
    assert await answer.json() == {"cancelled": True}
    await finished(running)
    assert [(job["id"], job["status"]) for job in (await listed())["jobs"]] == [(running, "cancelled")]
    for path, body in ((f"/api/jobs/{NOBODY}/cancel", None), ("/api/jobs/cancel", {"job_ids": [NOBODY]})):
        answer = await client.post(path, json=body)
        assert (answer.status, await answer.json()) == (200, {"cancelled": False})


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "status=foo",
            "Invalid status value(s): foo. Valid values: pending, in_progress, completed, failed, cancelled",
        ),
        ("sort_by=size", "sort_by must be 'created_at' or 'execution_duration'"),
        ("sort_order=up", "sort_order must be 'asc' or 'desc'"),
        ("limit=0", "limit must be a positive integer"),
        ("limit=x", "limit must be an integer"),
        ("offset=1.5", "offset must be an integer"),
    ],
)
async def test_bad_queries_are_named(client, query, sentence) -> None:
    answer = await client.get(f"/api/jobs?{query}")
    assert (answer.status, await answer.json()) == (400, {"error": sentence})


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        (b"{", {"error": "Request body must be valid JSON"}),
        (b"[]", {"error": "job_ids must be a list"}),
        (b'{"job_ids": "x"}', {"error": "job_ids must be a list"}),
        (b'{"job_ids": ["x", 3]}', {"error": "job_ids contains invalid id(s)", "invalid_ids": ["x", "3"]}),
    ],
)
async def test_bad_lists_of_jobs_are_named(client, body, answered) -> None:
    answer = await client.post("/api/jobs/cancel", data=body)
    assert (answer.status, await answer.json()) == (400, answered)


async def test_unknown_jobs_and_addresses_are_not_found(client) -> None:
    answer = await client.get(f"/api/jobs/{NOBODY}")
    assert (answer.status, await answer.json()) == (404, {"error": "Job not found"})
    assert (await client.get("/jobs")).status == 404
    assert (await client.get("/api/jobs?limit=99999999999999999999&offset=99999999999999999999")).status == 200


def job(**outputs):
    fields = {"number": 1.0, "prompt": {}, "extra_data": {}, "targets": []}
    return StoredJob(id="j", status="completed", outputs={"1": outputs}, **fields)


@pytest.mark.parametrize(
    ("outputs", "counts", "preview"),
    [
        ({"images": [{"filename": "t.png", "type": "temp"}, {"filename": "o.png", "type": "output"}]}, (2, 2), "o.png"),
        ({"gifs": [{"filename": "a.mp4", "type": "output", "format": "video/h264-mp4"}]}, (1, 1), "a.mp4"),
        ({"images": [{"filename": "a.webp", "type": "output"}], "animated": [True]}, (1, 1), "a.webp"),
        ({"result": ["model.GLB", None, 5]}, (1, 1), "model.GLB"),
        ({"text": ["a", "b"]}, (0, 0), "a"),
        ({"files": [{"filename": "notes.md", "type": "output"}], "text": ["a"]}, (1, 1), "notes.md"),
        ({"latents": [{"filename": "a.latent", "type": "output"}]}, (1, 0), None),
        ({"odd": 5}, (0, 0), None),
    ],
)
def test_which_outputs_count_and_which_stands_for_the_job(outputs, counts, preview) -> None:
    shown = summary(job(**outputs))
    assert (shown["outputs_count"], shown["previewable_outputs_count"]) == counts
    found = shown.get("preview_output", {})
    assert found.get("filename", found.get("content")) == preview


def test_long_texts_are_cut_in_the_list() -> None:
    preview = summary(job(text=["x" * 2000]))["preview_output"]
    assert preview == {"content": "x" * 1024, "truncated": True, "nodeId": "1", "mediaType": "text"}


def test_a_bare_name_of_a_model_becomes_a_file() -> None:
    files = details(job(result=["a/b.glb"]))["outputs"]["1"]["result"]
    assert files == [{"filename": "a/b.glb", "type": "output", "subfolder": "", "mediaType": "3d"}]
