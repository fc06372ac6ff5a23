"""Tables are read strictly, and manifests remember what was done."""

import pytest

from execution.batch import Manifest, Row, read_table


def table(path, text):
    path.write_text(text, "utf-8")
    return path


def test_rows_are_values_by_input(tmp_path):
    rows = read_table(table(tmp_path / "a.csv", '\ufeff6.text, 3.seed\n"a cat,\nred",5\n\n,7\nb\n'), b"wf")
    assert [row.values for row in rows] == [{"6.text": "a cat,\nred", "3.seed": "5"}, {"3.seed": "7"}, {"6.text": "b"}]
    assert [row.number for row in rows] == [1, 2, 3]
    assert rows[0].words == ["6.text=a cat,\nred", "3.seed=5"]


def test_a_row_is_the_same_wherever_it_stands_and_another_in_another_workflow(tmp_path):
    first = read_table(table(tmp_path / "a.csv", "a,b\n1,2\n3,4\n"), b"wf")
    second = read_table(table(tmp_path / "b.csv", "b,a\n4,3\n2,1\n"), b"wf")
    assert [row.key for row in first] == [row.key for row in reversed(second)]
    assert read_table(tmp_path / "a.csv", b"other")[0].key != first[0].key


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a,a\n1,2", "a name of its own"),
        ("a,\n1,2", "a name of its own"),
        ("a,b\n1,2,3", "row 1: 3 cells for 2 columns; quote commas"),
    ],
)
def test_what_is_no_table_is_told(tmp_path, text, said):
    with pytest.raises(ValueError, match=said.replace("a name of its own", "an input's name of its own")):
        read_table(table(tmp_path / "a.csv", text), b"")


def test_bytes_that_are_no_text_are_told(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is no CSV table"):
        read_table(tmp_path / "a.csv", b"")


def test_a_row_is_done_as_long_as_its_files_are_there(tmp_path):
    manifest, picture = Manifest(tmp_path / "m.jsonl"), tmp_path / "a.png"
    assert manifest.done() == set()
    picture.touch()
    manifest.add(Row(1, {"a": "ä"}, "one"), files=[str(picture)])
    manifest.add(Row(2, {}, "two"), error="no")
    manifest.add(Row(3, {}, "three"), files=[])
    assert manifest.done() == {"one"}
    picture.unlink()
    assert manifest.done() == set()


def test_a_line_that_a_crash_broke_off_does_no_harm(tmp_path):
    manifest, picture = Manifest(tmp_path / "m.jsonl"), tmp_path / "a.png"
    picture.touch()
    manifest.path.write_text('{"key": "half", "fi')
    manifest.add(Row(1, {}, "one"), files=[str(picture)])
    assert manifest.done() == {"one"}
    assert len(manifest.path.read_text().splitlines()) == 2
