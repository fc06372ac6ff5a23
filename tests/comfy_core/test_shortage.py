"""Which exceptions mean that memory ran out."""

import pytest
import torch

from comfy_core.memory.shortage import is_out_of_memory


def test_torch_says_in_two_ways_that_memory_ran_out():
    with pytest.raises(RuntimeError) as on_the_processor:
        torch.empty(1 << 46)
    assert is_out_of_memory(on_the_processor.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."), True),  # Windows
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("no memory of DefaultCPUAllocator"), False),
    ],
)
def test_only_those_that_are_about_memory_mean_it(error, expected):
    assert is_out_of_memory(error) is expected
