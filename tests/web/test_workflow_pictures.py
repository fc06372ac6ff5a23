"""/workflow_pictures: what each workflow made last."""

import json

import pytest

PICTURES = "/workflow_pictures"


@pytest.fixture
def keep(folders):
    """Keep a workflow, as the text of its file."""

    def keep(path: str, text: str | bytes) -> None:
        file = folders.workflows / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    return keep


@pytest.fixture
def made(post_prompt, finished):
    """Run a prompt that a workflow of this id was made into."""

    async def made(id: object, prompt: dict) -> None:
        _, taken = await post_prompt(prompt, extra_data={"extra_pnginfo": {"workflow": {"id": id}}})
        await finished(taken["prompt_id"])

    return made


@pytest.fixture
def shown(client):
    async def shown() -> dict:
        answer = await client.get(PICTURES)
        assert answer.status == 200
        return await answer.json()

    return shown


async def test_every_workflow_has_the_picture_that_its_newest_run_made(keep, made, graph, shown) -> None:
    keep("one.json", json.dumps({"id": "a", "nodes": []}))
    keep("portraits/two.json", json.dumps({"nodes": [{"id": 1}], "id": "b"}))
    keep("never run.json", json.dumps({"id": "c"}))
    assert await shown() == {}
    for id, text in (("a", "first"), ("b", "second"), ("a", "third")):
        await made(id, graph(text=text))
    assert await shown() == {
        "one.json": {"filename": "fake_00003_.png", "subfolder": "", "type": "output"},
        "portraits/two.json": {"filename": "fake_00002_.png", "subfolder": "", "type": "output"},
    }


async def test_a_picture_that_is_gone_or_an_id_that_changed_shows_nothing(keep, made, graph, shown, folders) -> None:
    keep("one.json", '{"id": "a"}')
    keep("two.json", '{"id": "b"}')
    await made("a", graph(text="one"))
    await made("b", graph(text="two"))
    assert set(await shown()) == {"one.json", "two.json"}
    (folders.output / "fake_00001_.png").unlink()
    keep("two.json", '{"id": "another"}')
    assert await shown() == {}


async def test_files_that_are_no_workflows_are_passed_over(keep, made, graph, shown) -> None:
    bad = ["", "nonsense", "[]", "null", '"a"', '{"id": 7}', '{"id": ["a"]}', '{"id": ""}', '{"id": "a"', "[" * 100_000]
    for number, text in enumerate(bad):
        keep(f"bad {number}.json", text)
    keep("latin.json", b'{"id": "\xff"}')
    keep("folder.json/inside.json", '{"id": "a"}')
    await made("a", graph())
    await made({"not": "an id"}, graph(text="other"))
    assert set(await shown()) == {"folder.json/inside.json"}


async def test_a_run_without_a_picture_shows_none(keep, made, shown) -> None:
    keep("one.json", '{"id": "a"}')
    await made("a", {"1": {"class_type": "FakeFail", "inputs": {}}})
    assert await shown() == {}
