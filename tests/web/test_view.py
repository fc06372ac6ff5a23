"""GET /view shows pictures and lets nothing else run or leak."""

import io

import pytest
from PIL import Image


@pytest.fixture
def output(folders):
    folders.output.mkdir(parents=True, exist_ok=True)
    (folders.output / "sub").mkdir()
    Image.new("RGBA", (4, 4), (255, 0, 0, 128)).save(folders.output / "a.png")
    Image.new("RGB", (4, 4), "blue").save(folders.output / "sub" / "b.png")
    (folders.output / "x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    for name in ("x.html", "x.HTM", "x.js", "x.xml", "x.mhtml", "x.pdf", "x.css", "noending", "x.xhtml"):
        (folders.output / name).write_text("<script>alert(1)</script>")
    return folders.output


async def test_a_picture_comes_as_it_is(client, output) -> None:
    answer = await client.get("/view?filename=a.png&rand=0.5")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == 'filename="a.png"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert await answer.read() == (output / "a.png").read_bytes()
    again = await client.get("/view?filename=a.png", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    part = await client.get("/api/view?filename=a.png", headers={"Range": "bytes=0-3"})
    assert (part.status, await part.read()) == (206, b"\x89PNG")


@pytest.mark.parametrize(
    "query",
    ["filename=b.png&subfolder=sub", "filename=sub/b.png", "filename=b.png [output]&type=input&subfolder=sub"],
)
async def test_subfolders_and_suffixes_are_understood(client, output, query) -> None:
    assert (await client.get(f"/view?{query}")).status == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("filename=missing.png", 404),
        ("filename=sub", 404),
        ("filename=../secret.txt", 400),
        ("filename=/etc/passwd", 400),
        ("filename=..%5C..%5Csecret.txt", 400),
        ("filename=....//secret.txt", 404),
        ("filename=%2e%2e%2fsecret.txt", 400),
        ("filename=%252e%252e%252fsecret.txt", 404),
        ("filename=a%00.png", 400),
        ("filename=secret.txt&subfolder=..", 403),
        ("filename=passwd&subfolder=/etc", 403),
        ("filename=hostname&subfolder=link", 403),
        ("filename=secret.txt [bogus]", 404),
        ("filename=../secret.txt [input]", 400),
        ("filename=blake3:00", 404),
        ("filename=" + "a" * 5000, 404),
        ("filename=a.png&type=bogus", 400),
        ("filename=a.png&type=models", 400),
        ("filename=a.png&channel=bogus", 400),
        ("filename=x.html&preview=webp", 400),
    ],
)
async def test_nothing_outside_the_folders_is_shown(client, output, folders, query, status) -> None:
    (folders.base / "secret.txt").write_text("secret")
    (output / "link").symlink_to("/etc")
    answer = await client.get(f"/view?{query}")
    assert answer.status == status
    assert "secret" not in (await answer.text()).replace("secret.txt", "")
    assert str(folders.base) not in await answer.text()


@pytest.mark.parametrize(
    "name", ["x.html", "x.HTM", "x.js", "x.xml", "x.svg", "x.mhtml", "x.pdf", "x.css", "noending", "x.xhtml"]
)
async def test_what_a_browser_might_run_is_a_download(client, output, name) -> None:
    answer = await client.get(f"/view?filename={name}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_an_svg_inside_an_image_is_shown_without_scripts(client, output) -> None:
    answer = await client.get("/view?filename=x.svg", headers={"Sec-Fetch-Dest": "image"})
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    ("query", "type", "mode"),
    [
        ("preview=webp", "image/webp", "RGBA"),
        ("preview=webp;50", "image/webp", "RGBA"),
        ("preview=jpeg;90", "image/jpeg", "RGB"),
        ("preview=jpeg;nonsense", "image/jpeg", "RGB"),
        ("preview=bogus", "image/webp", "RGBA"),
        ("preview=webp&channel=rgb", "image/webp", "RGB"),
        ("channel=rgb", "image/png", "RGB"),
        ("channel=a", "image/png", "RGBA"),
    ],
)
async def test_previews_and_channels(client, output, query, type, mode) -> None:
    answer = await client.get(f"/view?filename=a.png&{query}")
    assert answer.headers["Content-Type"] == type
    image = Image.open(io.BytesIO(await answer.read()))
    assert (image.mode, image.size) == (mode, (4, 4))


async def test_the_alpha_channel_comes_alone(client, output) -> None:
    image = Image.open(io.BytesIO(await (await client.get("/view?filename=a.png&channel=a")).read()))
    assert image.getpixel((0, 0)) == (0, 0, 0, 128)


async def test_names_that_are_not_latin_survive(client, output) -> None:
    (output / "夜 “x”.png").write_bytes((output / "a.png").read_bytes())
    answer = await client.get("/view", params={"filename": "夜 “x”.png"})
    assert "filename*=UTF-8''%E5%A4%9C" in answer.headers["Content-Disposition"]
