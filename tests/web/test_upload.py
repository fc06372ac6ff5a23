"""POST /upload/image and /upload/mask: names are kept, nothing is overwritten unasked, nothing lands elsewhere."""

import json
from io import BytesIO

import pytest
from aiohttp import FormData
from PIL import Image
from PIL.PngImagePlugin import PngInfo


@pytest.fixture
def upload(client):
    async def send(name="a.png", data=b"picture", **fields):
        form = FormData()
        form.add_field("image", data, filename=name)
        for key, value in fields.items():
            form.add_field(key, value)
        answer = await client.post("/upload/image", data=form)
        return answer.status, json.loads(await answer.text())

    return send


async def test_a_file_arrives_in_input(upload, folders) -> None:
    assert await upload() == (200, {"name": "a.png", "subfolder": "", "type": "input"})
    assert (folders.input / "a.png").read_bytes() == b"picture"
    assert list(folders.temp.iterdir()) == []


async def test_other_bytes_under_a_known_name_get_a_number(upload, folders) -> None:
    await upload()
    assert (await upload(data=b"other"))[1]["name"] == "a (1).png"
    assert (await upload(data=b"third"))[1]["name"] == "a (2).png"
    assert (await upload(data=b"other"))[1]["name"] == "a (1).png"
    assert (await upload())[1]["name"] == "a.png"
    assert sorted(path.name for path in folders.input.iterdir()) == ["a (1).png", "a (2).png", "a.png"]


@pytest.mark.parametrize("word", ["true", "1"])
async def test_overwrite_replaces(upload, folders, word) -> None:
    await upload()
    assert (await upload(data=b"other", overwrite=word))[1]["name"] == "a.png"
    assert (folders.input / "a.png").read_bytes() == b"other"


async def test_subfolders_are_made_and_types_obeyed(upload, folders) -> None:
    assert (await upload(subfolder="deep/er", type="temp"))[1] == {
        "name": "a.png",
        "subfolder": "deep/er",
        "type": "temp",
    }
    assert (folders.temp / "deep/er/a.png").is_file()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"type": "bogus"}, 400),
        ({"type": "models"}, 400),
        ({"subfolder": "../custom_nodes"}, 400),
        ({"subfolder": "/etc"}, 400),
        ({"subfolder": "a/../../custom_nodes"}, 400),
        ({"subfolder": "..\\custom_nodes"}, 400),
        ({"subfolder": "link"}, 400),
        ({"name": ""}, 400),
        ({"name": ".."}, 400),
        ({"name": "n" * 300 + ".png"}, 400),
        ({"subfolder": "s" * 5000}, 400),
        ({"data": b"x" * (1024 * 1024 + 1)}, 413),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_leaves_the_folder_or_is_too_large_is_refused(upload, folders, fields, status) -> None:
    (folders.input / "link").symlink_to("/tmp")
    answered, body = await upload(**fields)
    assert answered == status
    assert body["error"]["message"]
    assert received(folders.base) == []


def received(folder) -> list:
    """The files that hold what was uploaded."""
    return [path for path in folder.rglob("*") if path.is_file() and path.read_bytes() in (b"picture", b"x" * 1048577)]


@pytest.mark.parametrize("name", ["../evil.py", "..\\evil.py", "/tmp/evil.py", "a/../../evil.py", "C:\\evil.py"])
async def test_a_path_in_a_files_name_does_not_lead_out_of_the_folder(client, folders, name) -> None:
    head = f'Content-Disposition: form-data; name="image"; filename="{name}"'
    body = f"--x\r\n{head}\r\n\r\npicture\r\n--x--\r\n".encode()
    answer = await client.post("/upload/image", data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status in (200, 400)
    assert all(path.is_relative_to(folders.input) for path in received(folders.base))


async def test_control_characters_in_a_name_are_refused(client, folders) -> None:
    head = b"Content-Disposition: form-data; name=\"image\"; filename*=utf-8''a%00b%0Ac.png"
    body = b"--x\r\n" + head + b"\r\n\r\npicture\r\n--x--\r\n"
    answer = await client.post("/upload/image", data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status == 400
    assert received(folders.base) == []


@pytest.mark.parametrize(
    ("body", "type"),
    [
        (b"hello", "text/plain"),
        (b"hello", "multipart/form-data"),
        (b"hello", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data; boundary=" + "y" * 5000),
    ],
)
async def test_damaged_forms_are_refused(client, body, type) -> None:
    answer = await client.post("/upload/image", data=body, headers={"Content-Type": type})
    assert answer.status == 400
    assert (await answer.json())["error"]["message"]


# --- masks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def original(folders):
    """A picture in output/ that carries its workflow."""
    folders.output.mkdir()
    info = PngInfo()
    info.add_text("workflow", '{"nodes": []}')
    Image.new("RGB", (4, 2), (10, 20, 30)).save(folders.output / "a.png", pnginfo=info)
    return {"filename": "a.png"}


@pytest.fixture
def upload_mask(client):
    async def send(reference, size=(4, 2), name="mask.png", data=None):
        mask = BytesIO()
        Image.new("RGBA", size, (0, 0, 0, 77)).save(mask, "png")
        form = FormData()
        form.add_field("image", data or mask.getvalue(), filename=name)
        form.add_field("type", "input")
        form.add_field("subfolder", "clipspace")
        if reference is not None:
            form.add_field("original_ref", reference if isinstance(reference, str) else json.dumps(reference))
        answer = await client.post("/upload/mask", data=form)
        return answer.status, await answer.json()

    return send


async def test_a_mask_becomes_the_transparency_of_its_picture(upload_mask, original, folders) -> None:
    assert await upload_mask(original) == (200, {"name": "mask.png", "subfolder": "clipspace", "type": "input"})
    masked = Image.open(folders.input / "clipspace" / "mask.png")
    assert masked.mode == "RGBA"
    assert masked.getpixel((0, 0)) == (10, 20, 30, 77)
    assert masked.text == {"workflow": '{"nodes": []}'}
    assert list(folders.temp.iterdir()) == []
    assert (await upload_mask(original))[1]["name"] == "mask.png"
    assert Image.open(folders.output / "a.png").mode == "RGB"


async def test_a_picture_that_lies_on_its_side_is_masked_as_it_is_seen(upload_mask, folders) -> None:
    folders.output.mkdir()
    turned = Image.Exif()
    turned[0x0112] = 6  # seen a quarter turn clockwise
    picture = Image.new("RGB", (2, 4), (10, 20, 30))
    picture.putpixel((0, 3), (200, 0, 0))
    picture.save(folders.output / "phone.png", exif=turned)
    assert (await upload_mask({"filename": "phone.png"}))[0] == 200
    masked = Image.open(folders.input / "clipspace" / "mask.png")
    assert (masked.size, masked.getpixel((0, 0))) == ((4, 2), (200, 0, 0, 77))


@pytest.mark.parametrize(
    ("reference", "more", "sentence"),
    [
        (None, {}, "original_ref must name the picture"),
        ("{", {}, "original_ref must name the picture"),
        ({"filename": 5}, {}, "original_ref must name the picture"),
        ({"filename": "b.png"}, {}, "'b.png' is not in output/"),
        ({"filename": "a.png", "type": "bogus"}, {}, "type 'bogus' is not one of input, output, temp"),
        ({"filename": "../user/x.png"}, {}, "leaves output/"),
        ({"filename": "a.png", "subfolder": "../user"}, {}, "leaves output/"),
        ({"filename": "a.png"}, {"size": (5, 2)}, "the mask has 5 × 2 pixels and a.png 4 × 2"),
        ({"filename": "a.png"}, {"data": b"text"}, "mask.png is not a picture"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_masks_that_fit_nothing_are_refused(upload_mask, original, folders, reference, more, sentence) -> None:
    status, body = await upload_mask(reference, **more)
    assert status == 400
    assert sentence in body["error"]["message"]
    assert list(folders.input.rglob("*.png")) == []
