"""Files from outside: what carries a workflow opens in a tab of its own, what carries none says so, loses nothing."""

from __future__ import annotations

import base64
import io
import json

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
import av
import numpy as np
import torch
from PIL import Image
from playwright.sync_api import Page, expect
from safetensors.torch import save

from tests.browser.hands import drag, drop_file, node, slot, tab, type_number, widget

PROMPT = {"1": {"class_type": "EmptyImage", "inputs": {"width": 77, "height": 8, "batch_size": 1, "color": 0}},
          "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}}  # fmt: skip
TEXT = json.dumps(PROMPT)
INFOTEXT = (
    "a pear\nNegative prompt: blurry\nSteps: 7, Sampler: Euler a, CFG scale: 6.5, Seed: 42, Size: 64x64, Model: x"
)


def picture(form: str) -> bytes:
    """With the prompt where ComfyUI puts it: in the Exif tag of the camera's model."""
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{TEXT}"
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, form, exif=exif)
    return file.getvalue()


def media(form: str, codec: str, name: str = "prompt") -> bytes:
    """A tenth of a second of nothing, with the prompt among what the container says of itself."""
    file = io.BytesIO()
    options = {"movflags": "use_metadata_tags"} if form == "mp4" else {}
    with av.open(file, "w", format=form, options=options) as container:
        container.metadata[name] = TEXT
        if form == "mp4":
            video = container.add_stream(codec, rate=10, width=16, height=16, pix_fmt="yuv420p")
            frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
            container.mux(video.encode(frame))
            container.mux(video.encode())
        else:
            sound = container.add_stream(codec, rate=48000, layout="mono")
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), format="s16", layout="mono")
            frame.sample_rate = 48000
            resampler = av.AudioResampler(format=sound.format, layout="mono", rate=48000, frame_size=sound.frame_size)
            for part in resampler.resample(frame):
                container.mux(sound.encode(part))
            container.mux(sound.encode())
    return file.getvalue()


FILES = {
    "a.webp": lambda: picture("WEBP"),
    "a.jpg": lambda: picture("JPEG"),
    "a.avif": lambda: picture("AVIF"),
    "a.flac": lambda: media("flac", "flac"),
    "a.mp3": lambda: media("mp3", "libmp3lame"),
    "a.opus": lambda: media("ogg", "libopus"),
    "a.mp4": lambda: media("mp4", "mpeg4"),
    "a.latent": lambda: save({"latent_tensor": torch.zeros(1)}, {"prompt": TEXT}),
    "a.svg": lambda: f"<svg><metadata><![CDATA[{json.dumps({'prompt': PROMPT})}]]></metadata></svg>".encode(),
}


def drop(page: Page, name: str, content: bytes, kind: str = "", at: tuple[float, float] = (0, 0)) -> None:
    page.evaluate(
        """([name, content, type, x, y]) => {
            const data = new DataTransfer();
            data.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name, {type}));
            const event = {dataTransfer: data, bubbles: true, cancelable: true, clientX: x, clientY: y};
            window.dispatchEvent(new DragEvent('drop', event));
        }""",
        [name, base64.b64encode(content).decode(), kind, *at],
    )


def paste(page: Page, text: str) -> None:
    page.evaluate(
        """text => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', text);
            document.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true}));
        }""",
        text,
    )


def test_every_kind_of_file_that_carries_a_workflow_opens_it(page: Page):
    for count, (name, make) in enumerate(FILES.items(), 2):
        drop(page, name, make())
        expect(page.get_by_role("tab")).to_have_count(count)
        expect(widget(page, "1", "width").get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "77")


def test_the_same_file_again_opens_another_tab_and_leaves_the_edited_one_alone(page: Page):
    drop_file(page, "made.json", TEXT)
    type_number(page, "1", "width", "99")
    drop_file(page, "made.json", TEXT)
    expect(tab(page)).to_have_text("made (2)")
    tab(page, "made, not saved").click()
    expect(widget(page, "1", "width").get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "99")


def test_a_workflow_is_pasted_as_text(page: Page):
    page.locator(".canvas").focus()
    paste(page, TEXT)
    expect(tab(page)).to_have_text("Imported")
    paste(page, "only words")
    expect(page.get_by_role("tab")).to_have_count(2)


def test_a_picture_of_the_web_ui_becomes_a_graph(page: Page):
    info = Image.new("RGB", (16, 16))
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + INFOTEXT.encode("utf-16-be")
    file = io.BytesIO()
    info.save(file, "JPEG", exif=exif)
    drop(page, "pear.jpg", file.getvalue(), "image/jpeg")
    expect(tab(page)).to_have_text("pear")
    expect(page.locator("textarea", has_text="a pear").nth(1)).to_have_value("a pear")  # the first is a note
    page.locator(".canvas").focus()
    paste(page, INFOTEXT)
    expect(page.get_by_role("tab")).to_have_count(3)


def test_a_chosen_file_with_nothing_inside_says_so_and_may_be_loaded_in_a_node(page: Page):
    page.expected_errors.append("400")
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(file, "PNG")
    page.get_by_role("button", name="File", exact=True).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("menuitem", name="Open file…").click()
    chooser.value.set_files({"name": "plain.png", "mimeType": "image/png", "buffer": file.getvalue()})
    said = page.get_by_role("alert")
    expect(said).to_contain_text("plain.png carries no workflow")
    expect(page.get_by_role("tab")).to_have_count(1)
    said.get_by_role("button", name="Load it in a node").click()
    expect(page.locator("[data-node-root]")).to_have_count(8)
    expect(node(page, "10").locator(".preview img")).to_be_visible()


def test_what_is_missing_is_told_with_what_to_do(page: Page):
    strange = {
        "1": {"class_type": "NotInstalled", "inputs": {}},
        "2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd/easel-starter.safetensors"}},
    }
    drop_file(page, "strange.json", json.dumps(strange))
    page.get_by_role("alert").get_by_role("button", name="What to do").click()
    dialog = page.get_by_role("dialog", name="What is missing")
    expect(dialog).to_contain_text("NotInstalled")
    expect(dialog).to_contain_text("models/checkpoints/")
    dialog.get_by_role("button", name="Use easel-starter.safetensors").click()
    expect(dialog).not_to_contain_text("models/checkpoints/")
    dialog.get_by_role("button", name="Show").click()
    expect(node(page, "1")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("needs 1 thing")
    page.keyboard.press("Delete")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_notice_that_the_workflow_cannot_run_goes_with_its_reason(page: Page):
    page.expected_errors += ["400"]
    type_number(page, "3", "steps", "2")
    link = slot(page, "9", "images")
    drag(page, link, (link[0] - 40, link[1] + 200))
    page.keyboard.press("Control+Enter")
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("The workflow cannot run yet")
    drag(page, slot(page, "8", "IMAGE"), slot(page, "9", "images"))
    expect(notice).to_have_count(0)
