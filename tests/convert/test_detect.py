"""Which of the two formats a file is in, and what is said about files in neither."""

from typing import Any

import pytest

from execution.convert import kind_of

NODE = {"class_type": "A", "inputs": {}}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"nodes": [], "links": []}, "workflow"),
        ({"1": NODE}, "prompt"),
        ({"nodes": NODE}, "prompt"),
        ({"1": {"class_type": "A"}}, "prompt"),
        ({}, "prompt"),
    ],
)
def test_each_format_is_recognised(data: Any, kind: str) -> None:
    assert kind_of(data) == kind


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "this is a list"),
        (None, "this is null"),
        ("x", "this is a text"),
        ({"hello": 1}, "this JSON is no workflow.*found 'hello'"),
        ({"1": NODE, "2": {"inputs": {}}}, "'2' has none"),
        ({"1": NODE, "2": 7}, "'2' has none"),
        ({"nodes": [], "3": NODE}, "mixes the two formats"),
        ({"1": NODE, "2": {"class_type": ["A"]}}, "the class_type of node '2' is a name, this is a list"),
        ({"1": NODE, "2": {"class_type": "A", "inputs": 5}}, "the inputs of node '2' are a JSON object, this is a num"),
    ],
)
def test_what_is_neither_is_explained(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind_of(data)
