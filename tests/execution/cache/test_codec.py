"""What values become on disk."""

import pytest
import torch

from execution.cache.codec import NotStorable, decode, encode


@pytest.mark.parametrize(
    "value",
    [
        ([1, 2.5, "text", True, None], {"text": ["a"]}),
        (([1, (2, [3])], {"tuple": (1,), "dict": {"tensor": 5}}), None),
        [1e300, float("inf"), 2**70, 0.1],
    ],
)
def test_plain_values_come_back_as_they_were(value):
    assert repr(decode(*encode(value))) == repr(value)


def test_tensors_stand_beside_the_text_each_once():
    image, pooled = torch.rand(1, 2, 2, 3), torch.rand(4)
    text, tensors = encode([[image, {"pooled_output": pooled}], [image, {}]])
    assert [id(one) for one in tensors] == [id(image), id(pooled)]
    back = decode(text, tensors)
    assert back[0][0] is image
    assert back[0][1]["pooled_output"] is pooled
    assert back[1] == [image, {}]


@pytest.mark.parametrize("value", [object(), {1: 2}, {1, 2}, len, torch.nn.Linear(1, 1), torch.nn.Parameter()])
def test_what_has_no_plain_form_is_refused(value):
    with pytest.raises(NotStorable):
        encode([value])
