"""How long a node was at work."""

import pytest

from execution import flight
from execution.flight import Clock


@pytest.fixture
def now(monkeypatch):
    time = [100.0]
    monkeypatch.setattr(flight.time, "perf_counter", lambda: time[0])
    return time


def test_only_work_counts_and_not_the_time_in_between(now):
    clock = Clock()
    for seconds in (2, 3):
        clock.resume()
        now[0] += seconds
        clock.pause()
        now[0] += 50
    assert clock.seconds == 5


def test_a_clock_that_runs_goes_on_when_it_is_started_again(now):
    clock = Clock()
    clock.resume()
    now[0] += 2
    clock.resume()
    now[0] += 2
    assert clock.seconds == 4
