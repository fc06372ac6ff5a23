"""Events that leave the worker process together, and none of them late."""

import time

from execution.events import Executing, ExecutionStart
from execution.workers.outbox import MOST_AT_ONCE, Outbox

START = ExecutionStart(prompt_id="p", timestamp=0)
NODE = Executing(prompt_id="p", node="1")
CLOSING = Executing(prompt_id="p", node=None)


def test_what_closes_a_run_leaves_at_once_with_all_before_it(monkeypatch):
    monkeypatch.setattr("execution.workers.outbox.SECONDS_HELD", 60)
    sent = []
    outbox = Outbox(sent.append)
    for event in (START, NODE, CLOSING):
        outbox.add(event)
    assert sent == [[START, NODE, CLOSING]]


def test_so_many_leave_without_waiting(monkeypatch):
    monkeypatch.setattr("execution.workers.outbox.SECONDS_HELD", 60)
    sent = []
    outbox = Outbox(sent.append)
    for _ in range(MOST_AT_ONCE + 1):
        outbox.add(NODE)
    assert sent == [[NODE] * MOST_AT_ONCE]


def test_what_waits_is_sent_though_nothing_follows_and_after_a_long_rest_too(monkeypatch):
    monkeypatch.setattr("execution.workers.outbox.SECONDS_AWAKE", 0.05)
    sent = []
    outbox = Outbox(sent.append)
    for event in (START, NODE):
        outbox.add(event)
        while not sent or sent[-1] != [event]:
            time.sleep(0.001)
        while outbox._awake.is_set():
            time.sleep(0.001)
    assert sent == [[START], [NODE]]
