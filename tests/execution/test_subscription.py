"""Who listens hears everything in order, unless it is slow; then it loses what matters least."""

import asyncio

import pytest

from execution.events import Executed, ExecutionSuccess, NodeProgress, Preview, Progress, ProgressState
from execution.subscription import Hub, QueueStatus, Subscription

PICTURE = Preview(
    prompt_id="p", node="1", display_node="1", parent_node=None, real_node_id="1", image_type="image/png", data=b""
)
STEP = Progress(prompt_id="p", node="1", value=1, max=2)
OUTPUT = Executed(prompt_id="p", node="1", display_node="1", parent_node=None, real_node_id="1", output=None)
END = ExecutionSuccess(prompt_id="p", timestamp=1)


async def heard(subscription):
    subscription.close()
    return [envelope.event async for envelope in subscription]


async def test_everyone_hears_everything_in_order_with_growing_numbers():
    hub = Hub()
    first, second = hub.subscribe(), hub.subscribe()
    hub.publish(STEP, "client")
    hub.publish(QueueStatus(1))
    hub.close()
    for subscription in (first, second):
        a, b = [envelope async for envelope in subscription]
        assert (a.event, a.client_id, b.event, b.client_id) == (STEP, "client", QueueStatus(1), None)
        assert a.seq < b.seq


async def test_a_later_hub_continues_the_numbers_of_an_earlier_one():
    def number(hub):
        subscription = hub.subscribe()
        hub.publish(STEP)
        return subscription.waiting(1)[0].seq

    before = number(Hub())
    await asyncio.sleep(0.005)
    assert number(Hub()) > before


async def test_a_listener_that_comes_back_hears_what_it_missed_but_no_old_pictures():
    hub = Hub()
    with hub.subscribe() as events:
        hub.publish(STEP)
        last = (await anext(events)).seq
    for event in (PICTURE, OUTPUT, END):
        hub.publish(event)
    again = hub.subscribe(since=last)
    hub.publish(PICTURE)
    assert await heard(again) == [OUTPUT, END, PICTURE]


@pytest.mark.parametrize(
    ("put", "kept"),
    [
        ([PICTURE, STEP, OUTPUT, END], [STEP, OUTPUT, END]),
        ([STEP, OUTPUT, OUTPUT, PICTURE], [STEP, OUTPUT, OUTPUT]),
        ([OUTPUT, STEP, END, END], [OUTPUT, END, END]),
        ([END, OUTPUT, END, END], [END, END, END]),
        ([END, END, END, END], [END, END, END, END]),
    ],
)
async def test_a_slow_reader_loses_pictures_then_progress_then_the_rest_and_never_an_end(put, kept):
    hub, slow = Hub(), Subscription(capacity=3)
    hub._subscriptions.append(slow)
    for event in put:
        hub.publish(event)
    assert await heard(slow) == kept


async def test_waiting_ends_when_something_comes_and_when_the_subscription_closes():
    hub = Hub()
    with hub.subscribe() as events:
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        hub.publish(STEP)
        assert (await waiting).event == STEP
        waiting = asyncio.create_task(anext(events, "over"))
        await asyncio.sleep(0)
    assert await waiting == "over"


async def test_an_observer_hears_each_event_the_moment_it_is_told():
    hub, heard = Hub(), []
    hub.observe(heard.append)
    hub.publish(STEP, "client")
    assert [(one.client_id, one.event) for one in heard] == [("client", STEP)]


async def test_a_closed_subscription_is_forgotten():
    hub = Hub()
    with hub.subscribe():
        pass
    hub.publish(STEP)
    assert hub._subscriptions == []


def progress(node, value):
    state = NodeProgress(value=value, max=9, state="running", node_id=node, prompt_id="p", display_node_id=node)
    return ProgressState(prompt_id="p", nodes={node: state})


async def test_what_a_lost_message_said_of_progress_is_in_a_later_one():
    hub, slow = Hub(), Subscription(capacity=3)
    hub._subscriptions.append(slow)
    for event in (progress("1", 1), progress("1", 2), progress("2", 1), OUTPUT, progress("3", 1), END):
        hub.publish(event)
    output, state, end = await heard(slow)
    assert {name: one.value for name, one in state.nodes.items()} == {"1": 2, "2": 1, "3": 1}
    assert (output, end) == (OUTPUT, END)
