"""What clients of the old form hear of progress stays in proportion to the graph."""

import pytest

from execution.events import NodeProgress, ProgressState
from web.server.whole_progress import EARNED_PER_SECOND, FREE, WholeProgress


def change(node, state):
    value = 1.0 if state == "finished" else 0.0
    progress = NodeProgress(value=value, max=1, state=state, node_id=node, prompt_id="p", display_node_id=node)
    return ProgressState(prompt_id="p", nodes={node: progress})


def named(progress, size):
    """The nodes named in all messages of a run of that many nodes, and what the last one says."""
    count = 0
    for number in range(size):
        for state in ("running", "finished"):
            progress.note(change(str(number), state))
            told = progress.due()
            count += len(told.nodes) if told is not None else 0
    last = progress.last().nodes
    return count + len(last), last


def test_a_small_graph_is_told_after_every_change():
    progress = WholeProgress("p")
    for number in range(10):
        progress.note(change(str(number), "running"))
        assert len(progress.due().nodes) == number + 1
    assert progress.last() is None


@pytest.mark.parametrize("size", [1_000, 5_000])
def test_a_large_one_costs_in_proportion_and_ends_with_the_state_of_all(size, monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    total, last = named(WholeProgress("p"), size)
    assert total <= FREE + 2 * size / 4 + size
    assert {one.state for one in last.values()} == {"finished"}
    assert len(last) == size


def test_time_earns_a_message_too(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    progress = WholeProgress("p")
    named(progress, 1_000)
    progress.note(change("0", "running"))
    assert progress.due() is None
    now[0] = 1_000 / EARNED_PER_SECOND
    progress.note(change("1", "running"))
    assert len(progress.due().nodes) == 1_000


def test_who_comes_in_the_middle_knows_what_went_before():
    progress = WholeProgress("p")
    progress.note(change("1", "finished"))
    other = progress.copy()
    other.note(change("2", "running"))
    assert other.due().nodes.keys() == {"1", "2"}
    assert progress.known.nodes.keys() == {"1"}
