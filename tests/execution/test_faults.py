"""A real server process and what nodes, disks and kills do to it. In each case the queue goes on."""

import random
import resource
import shutil
import signal
import urllib.error

import psutil
import pytest

from benchmarks.kill import run_round
from benchmarks.torchless import Torchless
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Torchless(tmp_path_factory.mktemp("faults")) as server:
        yield server


@pytest.fixture
def output(server):
    """The output folder, empty."""
    output = server.base / "output"
    shutil.rmtree(output, ignore_errors=True)
    yield output
    if output.is_file():
        output.unlink()


def prompt_of(kind, value=0):
    return {"1": {"class_type": f"Fault{kind}", "inputs": {"value": value}}}


def submit(server, kind, value=0, **extra_data):
    return server.post("/prompt", {"prompt": prompt_of(kind, value), "extra_data": extra_data})["prompt_id"]


def end_of(server, prompt_id):
    """The job, once it has ended."""
    return wait_until(lambda: (job := server.job(prompt_id))["status"] not in ("pending", "in_progress") and job)


def run(server, kind, value=0, **extra_data):
    return end_of(server, submit(server, kind, value, **extra_data))


def has_started(server, prompt_id):
    wait_until(lambda: server.job(prompt_id)["status"] == "in_progress")


def error_of(job):
    assert job["status"] == "failed"
    return job["execution_error"]


def worker_of(server):
    return psutil.Process(server.process.pid).children()[0].pid


def goes_on(server):
    return run(server, "Sleep")["status"] == "completed"


# --- nodes ---


def test_a_node_that_raises(server):
    error = error_of(run(server, "Raise", 7))
    assert (error["node_id"], error["exception_message"]) == ("1", "7 is no good; use another")
    assert goes_on(server)


@pytest.mark.parametrize(
    ("kind", "value", "manner"), [("Exit", 3, "ended with exit code 3"), ("Segfault", 0, "crashed (SIGSEGV)")]
)
def test_a_node_that_ends_its_process_every_time(server, kind, value, manner):
    error = error_of(run(server, kind, value))
    assert (error["node_id"], error["node_type"], error["exception_type"]) == ("1", f"Fault{kind}", "Crashed")
    assert error["exception_message"] == (
        f"The worker {manner} while node 1 (Fault{kind}) was running, 3 times by now. "
        "The prompt is not tried again; others run."
    )
    assert goes_on(server)


def test_a_node_that_ends_its_process_twice_makes_it_at_the_third_attempt_with_the_pictures_of_the_first(
    server, output
):
    job = run(server, "Crash", 2)
    names = ["crash_00001_.png", "crash_00002_.png"]
    assert (job["status"], [one["filename"] for one in job["outputs"]["1"]["images"]]) == ("completed", names)
    assert sorted(path.name for path in output.iterdir()) == names
    assert (server.base / "temp" / "crashes").stat().st_size == 3


def test_a_node_that_dies_and_leaves_processes_behind_that_hold_what_it_had_open(tmp_path):
    server = Torchless(tmp_path)
    error = error_of(run(server, "Orphan", 600))
    assert error["exception_message"].startswith("The worker was killed (SIGKILL)")
    orphans = [psutil.Process(int(path.stem)) for path in (tmp_path / "temp").glob("*.orphan")]
    try:
        assert goes_on(server)
        server.end(signal.SIGTERM)  # which waits for none of them either
        assert [one.status() for one in orphans] == ["sleeping"] * 3
    finally:
        for one in orphans:
            one.kill()


def test_a_node_that_lets_nobody_speak_is_stopped_and_holds_up_nobody(server):
    prompt_id = submit(server, "HoldOn", 600)
    has_started(server, prompt_id)
    assert server.get("/system_stats")["devices"] == []
    server.post("/interrupt", {"prompt_id": prompt_id})
    assert end_of(server, prompt_id)["status"] == "cancelled"
    assert goes_on(server)


def test_a_node_that_takes_all_the_memory_there_is(server):
    worker = worker_of(server)
    assert error_of(run(server, "Eat", 256))["exception_type"] == "MemoryError"
    assert goes_on(server)
    assert worker_of(server) == worker


def test_a_node_that_prints_without_end_neither_waits_nor_fills_the_log(server):
    log = server.base / "log"
    before = log.stat().st_size
    assert run(server, "Print", 50)["status"] == "completed"
    assert goes_on(server)
    wait_until(lambda: b"bytes that a node printed are left out" in log.read_bytes())
    assert log.stat().st_size - before < 25 * 1024 * 1024


@pytest.mark.parametrize("kind", ["Sleep", "Hang"])
def test_an_interrupted_node_ends_whether_it_heeds_it_or_not(server, kind):
    prompt_id = submit(server, kind, 60_000)
    has_started(server, prompt_id)
    server.post("/interrupt", {"prompt_id": prompt_id})
    assert end_of(server, prompt_id)["status"] == "cancelled"
    assert goes_on(server)


@pytest.mark.parametrize("kind", ["Sleep", "Hang"])
def test_a_node_that_takes_longer_than_it_may(server, kind):
    error = error_of(run(server, kind, 60_000, node_timeout=0.2))
    assert (error["node_id"], error["exception_type"]) == ("1", "NodeTimeout")
    assert error["exception_message"] == (
        f"node 1 (Fault{kind}) took longer than 0.2 s and was stopped. --node-timeout sets the limit."
    )
    assert goes_on(server)


def test_the_limit_of_the_whole_prompt_names_the_node_it_was_at(tmp_path):
    with Torchless(tmp_path, limits={"job": 2}) as server:
        error = error_of(run(server, "Sleep", 60_000))
        assert (error["exception_type"], error["node_id"]) == ("JobTimeout", "1")
        assert error["exception_message"] == (
            "The prompt took longer than 2 s and was stopped at node 1 (FaultSleep). --job-timeout sets the limit."
        )
        assert run(server, "Sleep", 2_100, job_timeout=0)["status"] == "completed"


def test_a_limit_that_is_no_number_is_refused(server):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        submit(server, "Sleep", node_timeout="soon")


# --- disks ---


@pytest.fixture
def full():
    """`full(pid)`: for that process no file can grow, until `full.over()`."""
    limited = {}

    def full(pid):
        limited[pid] = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limited[pid][1]))

    def over():
        for pid, limits in limited.items():
            if psutil.pid_exists(pid):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        limited.clear()

    full.over = over
    yield full
    over()


def test_no_room_for_pictures_fails_the_prompt_until_there_is_some(server, output, full):
    full(worker_of(server))
    error = error_of(run(server, "Picture", 1))
    assert (error["node_id"], error["exception_message"]) == ("1", "output/ cannot be written: File too large.")
    assert goes_on(server)
    assert list(output.iterdir()) == []
    full.over()
    assert run(server, "Picture", 1)["status"] == "completed"
    assert [path.name for path in output.iterdir()] == ["picture_00001_.png"]


def test_no_room_for_the_queue_refuses_prompts_and_what_was_taken_runs_when_there_is_some(server, full):
    running, waiting = submit(server, "Sleep", 60_000), submit(server, "Sleep", 1)
    has_started(server, running)
    full(server.process.pid)
    with pytest.raises(urllib.error.HTTPError, match="503") as refusal:
        submit(server, "Sleep")
    assert b"the queue cannot be written" in refusal.value.read()
    full.over()
    server.post("/interrupt", {"prompt_id": running})
    assert [end_of(server, one)["status"] for one in (running, waiting)] == ["cancelled", "completed"]
    assert goes_on(server)


def test_no_room_for_the_cache_costs_only_the_cache(tmp_path, full):
    with Torchless(tmp_path, cache_disk=str(tmp_path / "cache")) as server:
        full(worker_of(server))
        assert run(server, "Sleep", 1)["status"] == "completed"
        full.over()
        assert run(server, "Sleep", 2)["status"] == "completed"
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept
    assert all(path.stat().st_size for path in kept)


def test_an_output_folder_that_is_none(server, output):
    output.write_text("in the way")
    error = error_of(run(server, "Picture", 2))
    assert error["exception_message"] == "output/ cannot be written: File exists."
    assert goes_on(server)


def test_a_second_server_on_the_same_folder_is_refused(server):
    with pytest.raises(RuntimeError, match="did not start"):
        Torchless(server.base)
    assert b"Another Easel is using" in (server.base / "log").read_bytes()
    assert goes_on(server)


# --- kills ---


def test_a_killed_server_has_all_that_was_queued_and_goes_on_with_what_ran(tmp_path):
    first = Torchless(tmp_path)
    running, *queued = [submit(first, "Sleep", value) for value in (60_000, *[0] * 100)]
    has_started(first, running)
    first.kill()
    with Torchless(tmp_path) as second:
        has_started(second, running)
        queue = second.get("/queue")
        assert [item[1] for item in queue["queue_running"]] == [running]
        assert [item[1] for item in queue["queue_pending"]] == queued
        second.post("/interrupt", {})
        wait_until(lambda: second.get("/prompt")["exec_info"]["queue_remaining"] == 0)
        assert list(second.get("/history")) == [running, *queued]


@pytest.mark.parametrize(("workers", "kills"), [(1, 6), (2, 3)])
def test_killed_at_random_moments_nothing_is_lost_doubled_or_half(tmp_path, workers, kills):
    chance = random.Random(8)
    outcome = run_round(tmp_path, jobs=200, kills=kills, chance=chance, work_seconds=0.1, workers=workers)
    assert outcome.problems == []
    assert outcome.kills > 0
