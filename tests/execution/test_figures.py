"""What nodes took, remembered over restarts."""

import pytest

from execution.figures import Figure, Figures, Work, total, works
from execution.graph import parse

SAMPLER = Work("KSampler", 20, 1)


def test_the_median_of_the_same_work_is_expected(tmp_path):
    figures = Figures(tmp_path / "figures.json")
    for seconds in (1.0, 50.0, 2.0):
        figures.note(SAMPLER, Figure(seconds, 100, 10))
    assert figures.expect(SAMPLER) == Figure(2.0, 100, 10)
    assert figures.expect(Work("VAEDecode", 20, 1)) is None


def test_work_never_done_is_guessed_from_the_nearest_size_with_the_same_models_first(tmp_path):
    figures = Figures(tmp_path / "figures.json")
    figures.note(SAMPLER, Figure(1.0, 0, 0))
    figures.note(SAMPLER._replace(models=2), Figure(3.0, 0, 0))
    figures.note(SAMPLER._replace(size=24), Figure(16.0, 0, 0))
    assert figures.expect(SAMPLER._replace(size=21, models=2)).seconds == 3.0
    assert figures.expect(SAMPLER._replace(size=23)).seconds == 16.0


def test_only_the_last_few_count(tmp_path):
    figures = Figures(tmp_path / "figures.json")
    for seconds in [100.0] * 50 + [1.0] * 9:
        figures.note(SAMPLER, Figure(seconds, 0, 0))
    assert figures.expect(SAMPLER).seconds == 1.0


def test_a_restart_forgets_nothing(tmp_path):
    figures = Figures(tmp_path / "user" / "figures.json")
    figures.note(SAMPLER, Figure(1.5, 7, 8))
    figures.save(now=True)
    assert Figures(tmp_path / "user" / "figures.json").expect(SAMPLER) == Figure(1.5, 7, 8)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[[1]]", b"\xff"])
def test_a_damaged_file_costs_the_predictions_only(tmp_path, content, caplog):
    (tmp_path / "figures.json").write_bytes(content)
    assert Figures(tmp_path / "figures.json").expect(SAMPLER) is None
    assert "not readable" in caplog.text


def test_kinds_of_work_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("execution.figures.MOST_KEYS", 3)
    figures = Figures()
    for size in range(5):
        figures.note(SAMPLER._replace(size=size), Figure(size, 0, 0))
    assert figures.expect(SAMPLER._replace(size=0)).seconds == 2


def test_the_rough_size_follows_what_a_node_depends_on():
    from nodes.schema import Input, NodeSchema

    def schema(id, **kinds):
        inputs = tuple(Input(name=name, type="*", folder=folder) for name, folder in kinds.items())
        return NodeSchema(id=id, title="", category="", inputs=inputs)

    schemas = {
        "Load": schema("Load", ckpt_name="checkpoints"),
        "Empty": schema("Empty", width=None, height=None, batch_size=None),
        "Sample": schema("Sample", model=None, latent=None, steps=None),
        "Decode": schema("Decode", samples=None),
    }

    def works_of(width, model="a.safetensors"):
        prompt = {
            "m": {"class_type": "Load", "inputs": {"ckpt_name": model}},
            "e": {"class_type": "Empty", "inputs": {"width": width, "height": 512, "batch_size": 2}},
            "s": {"class_type": "Sample", "inputs": {"model": ["m", 0], "latent": ["e", 0], "steps": 16}},
            "d": {"class_type": "Decode", "inputs": {"samples": ["s", 0]}},
        }
        graph = parse(prompt, schemas.__getitem__)
        return works(graph, graph.order(["d"]))

    small, large = works_of(512), works_of(1024)
    assert {one: work.size for one, work in small.items()} == {"m": 0, "e": 19, "s": 23, "d": 23}
    assert large["s"].size == 24
    assert small["m"] == large["m"]
    assert works_of(512, "b.safetensors")["d"].models != small["d"].models == large["d"].models


def test_times_add_up_and_the_highest_peak_counts():
    assert total([Figure(1, 5, 6), None, Figure(2, 7, 1)]) == Figure(3, 7, 6)


def test_a_process_that_runs_once_leaves_its_figures_and_many_runs_do_not_write_each_time(tmp_path):
    path = tmp_path / "figures.json"
    figures = Figures(path)
    figures.note(SAMPLER, Figure(1.5, 7, 8))
    figures.save()
    first = path.read_bytes()
    figures.note(SAMPLER, Figure(2.5, 7, 8))
    figures.save()
    assert path.read_bytes() == first
    assert Figures(path).expect(SAMPLER).seconds == 1.5
