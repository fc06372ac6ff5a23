"""POST /infotext: texts as JSON, pictures as forms, refusals in words."""

import io

import pytest
from aiohttp import FormData
from PIL import Image
from PIL.PngImagePlugin import PngInfo

SETTINGS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model: gone"


def png(parameters=""):
    info = PngInfo()
    if parameters:
        info.add_text("parameters", parameters)
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "png", pnginfo=info)
    return out.getvalue()


def form(data, field="image"):
    made = FormData()
    made.add_field(field, data, filename="a.png")
    return made


@pytest.mark.parametrize("path", ["/infotext", "/api/infotext"])
async def test_a_text_becomes_a_graph_in_both_formats(client, path):
    answer = await client.post(path, json={"text": f"a cat\n{SETTINGS}"})
    made = await answer.json()
    assert (answer.status, sorted(made)) == (200, ["prompt", "warnings", "workflow"])
    (sampler,) = [node for node in made["prompt"].values() if node["class_type"] == "KSampler"]
    assert sampler["inputs"]["sampler_name"] == "euler_ancestral"
    assert len(made["workflow"]["nodes"]) == len(made["prompt"]) + 1  # the note
    assert made["warnings"] == ["the checkpoint 'gone' is not in models/checkpoints/"]


async def test_a_picture_becomes_a_graph_and_leaves_nothing_behind(client, folders):
    answer = await client.post("/infotext", data=form(png(f"a cat\n{SETTINGS}")))
    assert answer.status == 200
    assert "KSampler" in {node["class_type"] for node in (await answer.json())["prompt"].values()}
    assert list(folders.temp.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"json": {"text": "a cat"}}, "no line of settings"),
        ({"json": {"text": 3}}, "text must be str"),
        ({"json": {}}, "text"),
        ({"json": []}, "the body must be object"),
        ({"data": b"{"}, "not valid JSON"),
        ({"data": form(png())}, "the picture does not say how it was made"),
        ({"data": form(b"MZ")}, "the picture does not say how it was made"),
        ({"data": form(png(), field="file")}, "a field called image"),
        ({"data": b"", "headers": {"Content-Type": "multipart/form-data"}}, "damaged"),
    ],
)
async def test_what_is_no_infotext_is_refused_in_words(client, body, said):
    answer = await client.post("/infotext", **body)
    message = (await answer.json())["error"]["message"]
    assert (answer.status, said in message) == (400, True), message


async def test_a_picture_beyond_the_limit_is_refused(client):
    answer = await client.post("/infotext", data=form(bytes(2 << 20)))
    assert answer.status == 413


async def test_it_is_described(client):
    document = await (await client.get("/openapi.json")).json()
    content = document["paths"]["/infotext"]["post"]["requestBody"]["content"]
    assert sorted(content) == ["application/json", "multipart/form-data"]
