"""A picture to share has the same pixels and no word of its making."""

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from web.server.share import Unshareable, without_words

SECRET = "a prompt that is nobody's business"


def picture(form, **options):
    colors = np.random.default_rng(0).integers(0, 255, (24, 33, 3), dtype=np.uint8)
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", SECRET)
    info.add_itxt("workflow", SECRET, zip=False)
    exif = Image.Exif()
    exif[0x010F] = SECRET
    kept = {"pnginfo": info} if form == "png" else {"exif": exif}
    if form == "jpeg":
        kept["comment"] = SECRET.encode()
    file = io.BytesIO()
    Image.fromarray(colors).save(file, form, **kept, **options)
    return file.getvalue()


@pytest.mark.parametrize(("form", "options"), [("png", {}), ("webp", {"lossless": True}), ("webp", {}), ("jpeg", {})])
def test_the_words_are_gone_and_the_pixels_are_not(form, options) -> None:
    data = picture(form, **options)
    assert SECRET.encode() in data
    shared = without_words(data)
    assert SECRET.encode() not in shared
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(shared)) as after:
        assert np.array_equal(np.asarray(before), np.asarray(after))
        assert not after.getexif()
        assert not {"prompt", "workflow", "comment", "exif"} & after.info.keys()


def test_colour_profiles_stay() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for form in ("png", "webp", "jpeg"):
        with Image.open(io.BytesIO(without_words(picture(form, icc_profile=profile)))) as after:
            assert after.info["icc_profile"] == profile


def test_what_is_hidden_behind_the_end_is_gone() -> None:
    assert SECRET.encode() not in without_words(picture("png") + SECRET.encode())


@pytest.mark.parametrize("form", ["png", "webp", "jpeg"])
def test_damaged_pictures_are_refused(form) -> None:
    data = picture(form)
    cut = data[: data.index(SECRET.encode()) + 3]
    with pytest.raises(Unshareable, match="damaged"):
        without_words(cut)


def test_other_files_are_refused() -> None:
    for data in (b"", b"GIF89a", b"<svg/>", b"RIFF\0\0\0\0WAVE"):
        with pytest.raises(Unshareable, match="PNG, WebP and JPEG"):
            without_words(data)


async def test_view_gives_the_picture_to_share(client, folders) -> None:
    folders.output.mkdir(parents=True, exist_ok=True)
    (folders.output / "a.png").write_bytes(picture("png"))
    (folders.output / "a.txt").write_text("x")
    answer = await client.get("/view?filename=a.png&metadata=none")
    assert (answer.status, answer.content_type) == (200, "image/png")
    assert SECRET.encode() not in await answer.read()
    assert SECRET.encode() in await (await client.get("/view?filename=a.png")).read()
    assert (await client.get("/view?filename=a.png&metadata=some")).status == 400
    assert (await client.get("/view?filename=a.txt&metadata=none")).status == 400
