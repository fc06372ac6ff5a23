"""Drawings made of lines and curves, in files."""

from __future__ import annotations

import json
from io import BytesIO
from xml.etree import ElementTree

import pytest

from comfy_core import folders
from comfy_core.media.errors import ImageError
from nodes.drawings import save_svg


def test_a_drawing_is_saved_with_the_workflow_inside():
    class Drawings:
        data = [BytesIO(b'<?xml version="1.0"?>\n<svg width="4"><g/></svg>')]

    made = save_svg(Drawings(), "svg/mine", prompt={"1": {"text": "]]>"}}, extra_pnginfo={"workflow": {}})
    assert made["ui"]["images"] == [{"filename": "mine_00001_.svg", "subfolder": "svg", "type": "output"}]
    content = (folders.current().output / "svg" / "mine_00001_.svg").read_text()
    root = ElementTree.fromstring(content)
    assert json.loads(root.find("metadata").text)["prompt"] == {"1": {"text": "]]>"}}  # type: ignore[union-attr, arg-type]
    assert root.find("g") is not None


def test_what_is_no_drawing_is_refused():
    class Drawings:
        data = [BytesIO(b"<html></html>")]

    with pytest.raises(ImageError, match="is not SVG"):
        save_svg(Drawings(), "mine")
