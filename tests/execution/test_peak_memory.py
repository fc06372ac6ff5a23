"""What a node takes at its peak."""

import sys

import numpy as np
import pytest

from execution.peak_memory import NO_DEVICE, PeakMemory


class Device:
    def __init__(self):
        self.resets = 0

    def reset_peak(self):
        self.resets += 1
        return 100

    def peak(self):
        return 350


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no high-water mark")
def test_the_peak_counts_not_what_is_left_at_the_end():
    memory = PeakMemory(NO_DEVICE)
    memory.begin()
    np.ones(64 << 20, np.uint8).sum()
    first = memory.end(1.0).memory
    memory.begin()
    second = memory.end(1.0).memory
    assert 60 << 20 < first < 90 << 20
    assert second < first // 2


def test_the_devices_peak_is_beyond_what_was_taken_before():
    memory = PeakMemory(Device())
    memory.begin()
    assert memory.end(1.0).device == 250


def test_a_thousand_small_nodes_are_not_measured_one_by_one(monkeypatch):
    monkeypatch.setattr("execution.peak_memory.STALE_SECONDS", 60)
    device = Device()
    memory = PeakMemory(device)
    for _ in range(1000):
        memory.begin()
        assert memory.end(1e-5).device == 0
    assert device.resets <= 1
