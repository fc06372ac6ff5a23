"""Where the run is, as the next start finds it."""

import pytest

from execution.place import Place


@pytest.fixture
def path(tmp_path):
    return tmp_path / "user" / "place.json"


def after_a_crash(path):
    return Place(path).read()


def test_the_next_start_finds_the_node_that_ran(path):
    place = Place(path)
    assert place.read() == ("", "")
    place.enter("job", "3")
    assert after_a_crash(path) == ("job", "3")
    place.enter("another job, with a longer name", "12:7")
    place.enter("job", "é\ud800")
    assert after_a_crash(path) == ("job", "é\ud800")


def test_the_file_does_not_grow_and_a_node_whose_name_does_not_fit_is_unknown(path):
    place = Place(path)
    place.read()
    place.enter("job", "1")
    size = path.stat().st_size
    place.enter("job", "x" * size)
    assert path.stat().st_size == size
    assert after_a_crash(path) == ("job", "")


@pytest.mark.parametrize("content", [b"", b"{]", b"[1]", b"\xff" * 2000, b"null"])
def test_a_file_that_is_damaged_says_nothing_and_is_written_anew(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    place = Place(path)
    assert place.read() == ("", "")
    place.enter("job", "1")
    place.close()
    assert after_a_crash(path) == ("job", "1")


def test_the_node_of_another_job_is_not_this_ones(path):
    place = Place(path)
    place.enter("job", "3")
    assert (place.node_of("job"), place.node_of("another")) == ("3", "")


def test_a_place_that_cannot_be_kept_is_unknown_and_disturbs_nobody(tmp_path):
    (tmp_path / "user").write_text("in the way")
    place = Place(tmp_path / "user" / "place.json")
    place.enter("job", "1")
    assert place.read() == ("", "")
    place.close()
