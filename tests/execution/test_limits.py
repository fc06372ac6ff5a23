"""How long prompts and nodes may take. Time passes when the test says so."""

import pytest

from execution import limits
from execution.events import (
    Executing,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    NodeTiming,
    Progress,
)
from execution.limits import Limits, Watch


class Clock:
    """Stands in for the event loop."""

    def __init__(self):
        self.now, self.timers = 0.0, []

    def call_later(self, seconds, callback, *arguments):
        timer = Timer(self.now + seconds, lambda: callback(*arguments))
        self.timers.append(timer)
        return timer

    def pass_to(self, now):
        self.now = now
        for timer in [one for one in self.timers if one.due <= now]:
            self.timers.remove(timer)
            timer.ring()


class Timer:
    def __init__(self, due, ring):
        self.due, self.ring = due, ring

    def cancel(self):
        self.ring = lambda: None


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(limits.asyncio, "get_running_loop", lambda: clock)
    return clock


@pytest.fixture
def start(clock):
    """`start(job=, node=)`: a watch over a run that begins now; `.stops` counts how often it was stopped."""

    def start(**seconds):
        stops = []
        watch = Watch(Limits(**seconds), lambda: stops.append(clock.now))
        watch.stops = stops
        watch.hear(ExecutionStart(prompt_id="p", timestamp=0))
        return watch

    return start


STARTS = Executing(prompt_id="p", node="1")
ENDS = NodeTiming(prompt_id="p", node="1", seconds=1)
INTERRUPTED = ExecutionInterrupted(prompt_id="p", node_id="1", node_type="KSampler", executed=["0"], timestamp=5)
SUCCESS = ExecutionSuccess(prompt_id="p", timestamp=5)


def test_a_node_counts_from_when_the_last_one_started_or_ended(start, clock):
    watch = start(node=10)
    for now, event in ((0, STARTS), (9, ENDS), (18, STARTS)):
        clock.pass_to(now)
        watch.hear(event)
    clock.pass_to(27.9)
    assert watch.stops == []
    watch.hear(Progress(prompt_id="p", node="1", value=1, max=2))
    clock.pass_to(28)
    assert watch.stops == [28]


def test_a_prompt_counts_from_its_start_whatever_happens_in_it(start, clock):
    watch = start(job=10)
    for now in range(10):
        clock.pass_to(now)
        watch.hear(STARTS)
    assert watch.stops == []
    clock.pass_to(10)
    assert watch.stops == [10]


@pytest.mark.parametrize(
    ("seconds", "reason", "message"),
    [
        (
            {"node": 2.5},
            "NodeTimeout",
            "node 1 (KSampler) took longer than 2.5 s and was stopped. --node-timeout sets the limit.",
        ),
        (
            {"job": 60},
            "JobTimeout",
            "The prompt took longer than 60 s and was stopped at node 1 (KSampler). --job-timeout sets the limit.",
        ),
    ],
)
def test_the_end_names_the_limit_and_the_node(start, clock, seconds, reason, message):
    watch = start(**seconds)
    watch.hear(STARTS)
    clock.pass_to(100)
    end = watch.verdict(INTERRUPTED, "node 1 (KSampler)")
    assert (end.exception_type, end.exception_message, end.node_id, end.executed) == (reason, message, "1", ["0"])


def test_a_run_that_makes_it_at_the_last_moment_has_succeeded_and_an_interrupt_is_one(start, clock):
    watch = start(node=1)
    assert watch.verdict(INTERRUPTED, "node 1") is INTERRUPTED
    watch.hear(STARTS)
    clock.pass_to(1)
    assert watch.verdict(SUCCESS, "node 1") is SUCCESS


def test_without_limits_and_after_the_end_nothing_is_stopped(start, clock):
    for seconds in ({}, {"node": 1, "job": 1}):
        watch = start(**seconds)
        watch.hear(STARTS)
        watch.close()
        clock.pass_to(clock.now + 1e9)
        assert watch.stops == []


def test_a_prompt_may_bring_limits_of_its_own():
    usual = Limits(job=10, node=5)
    assert usual.of({}) == usual
    assert usual.of({"node_timeout": 1, "job_timeout": 0}) == Limits(job=0, node=1)
