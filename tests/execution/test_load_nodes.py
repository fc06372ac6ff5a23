"""How nodes are found, and how little a broken module costs."""

import os

from execution.load_nodes import load_nodes, prepare_packs
from nodes import registry
from tests.execution.written_packs import GOOD


def test_a_file_and_a_folder_in_custom_nodes_are_packs(tmp_path, load):
    (tmp_path / "one_file.py").write_text(GOOD.format(name="A"))
    pack = tmp_path / "a-pack"
    pack.mkdir()
    (pack / "__init__.py").write_text("from .inside import function")
    (pack / "inside.py").write_text(GOOD.format(name="B"))
    found = load()
    assert list(found) == ["B", "A"]
    assert found["A"].schema.python_module == "custom_nodes.one_file"
    assert found["B"].schema.python_module == "custom_nodes.a-pack"


def test_a_broken_pack_is_named_and_costs_only_itself(tmp_path, load, failures):
    (tmp_path / "broken.py").write_text("import a_module_that_is_not_there")
    (tmp_path / "leaving.py").write_text("raise SystemExit('no licence')")
    (tmp_path / "stopping.py").write_text("raise KeyboardInterrupt")
    (tmp_path / "odd.py").write_text("class Odd(BaseException): pass\nraise Odd")
    (tmp_path / "entering.py").write_text("async def comfy_entrypoint(): raise KeyboardInterrupt")
    (tmp_path / "answering.py").write_text("def __getattr__(name): raise SystemExit(name)")
    (tmp_path / "syntax.py").write_text("def")
    (tmp_path / "well.py").write_text(GOOD.format(name="A"))
    assert list(load()) == ["A"]
    kinds = {name: type(error).__name__ for name, error in failures.items()}
    assert kinds == {
        "custom_nodes.broken": "ModuleNotFoundError",
        "custom_nodes.leaving": "SystemExit",
        "custom_nodes.stopping": "KeyboardInterrupt",
        "custom_nodes.odd": "Odd",
        "custom_nodes.entering": "KeyboardInterrupt",
        "custom_nodes.answering.py": "SystemExit",
        "custom_nodes.syntax": "SyntaxError",
    }


def test_disabled_hidden_and_other_files_are_passed_over(tmp_path, load, failures):
    for name in (".hidden.py", "__init__.py", "notes.txt"):
        (tmp_path / name).write_text("raise ValueError")
    (tmp_path / "pack.disabled").mkdir()
    (tmp_path / "pack.disabled" / "__init__.py").write_text("raise ValueError")
    (tmp_path / "just a folder").mkdir()
    assert (load(), failures) == ({}, {})


def test_a_pack_whose_name_begins_with_an_underscore_is_one(tmp_path, load):
    (tmp_path / "_mine.py").write_text(GOOD.format(name="A"))
    assert list(load()) == ["A"]


def test_packages_are_searched_in_depth_and_a_broken_module_costs_only_itself(tmp_path, failures, monkeypatch):
    package = tmp_path / "some_nodes"
    (package / "deeper").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "broken.py").write_text("1 / 0")
    (package / "well.py").write_text(GOOD.format(name="A"))
    (package / "deeper" / "__init__.py").write_text(GOOD.format(name="B"))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert sorted(load_nodes(("some_nodes",), None, failures.__setitem__)) == ["A", "B"]
    assert list(failures) == ["some_nodes.broken"]


def test_a_package_that_is_not_there_is_reported(load, failures):
    assert load(("no_such_package",)) == {}
    assert list(failures) == ["no_such_package"]


def test_scripts_run_before_anything_is_loaded_and_may_fail(tmp_path, failures, monkeypatch):
    good = "import os; os.environ['EASEL_EARLY'] = 'yes'"
    for name, code in {"good": good, "bad": "1 / 0", "bye": "exit()", "stop": "raise KeyboardInterrupt"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "prestartup_script.py").write_text(code)
    monkeypatch.delenv("EASEL_EARLY", raising=False)
    prepare_packs(tmp_path, failures.__setitem__)
    assert os.environ.pop("EASEL_EARLY") == "yes"
    assert list(failures) == [f"custom_nodes.{name}.prestartup_script" for name in ("bad", "bye", "stop")]


def test_web_directories_are_noted_by_folder_and_by_project_name(tmp_path, load):
    pack = tmp_path / "some.pack"
    for folder in ("web", "more"):
        (pack / folder).mkdir(parents=True)
    (pack / "__init__.py").write_text("WEB_DIRECTORY = './web'\nNODE_CLASS_MAPPINGS = {}")
    (pack / "pyproject.toml").write_text('[project]\nname = "some-project"\n[tool.comfy]\nweb = "more"')
    load()
    assert registry.WEB_DIRECTORIES["some.pack"] == str(pack / "web")
    assert registry.WEB_DIRECTORIES["some-project"] == str(pack / "more")


def test_a_change_in_any_file_of_a_pack_makes_other_nodes_of_its_nodes(tmp_path, load):
    pack = tmp_path / "pack"
    pack.mkdir()
    classic = (
        "class C:\n    FUNCTION = 'f'\n    RETURN_TYPES = ()\n\n    @classmethod\n    def INPUT_TYPES(cls):\n"
        "        return {}\n\n    def f(self):\n        return ()\n\n\nNODE_CLASS_MAPPINGS = {'C': C}\n"
    )
    (pack / "__init__.py").write_text("from .inside import function\n\n\n" + classic)
    (pack / "inside.py").write_text(GOOD.format(name="B"))
    (pack / "helper.py").write_text("FACTOR = 1")
    (tmp_path / "other.py").write_text(GOOD.format(name="A"))

    def versions():
        return {name: (node.schema.version, node.current_schema().version) for name, node in load().items()}

    before = versions()
    assert versions() == before
    (pack / "helper.py").write_text("FACTOR = 2")
    after = versions()
    assert {name for name in before if before[name] != after[name]} == {"B", "C"}
    assert all(version and version == now for version, now in after.values())


def test_a_built_in_node_that_stands_in_for_a_packs_gives_way_to_it(tmp_path, load, failures, monkeypatch):
    built_in = tmp_path / "lib" / "stand_ins"
    built_in.mkdir(parents=True)
    (built_in / "__init__.py").write_text("")
    (built_in / "one.py").write_text(GOOD.format(name="Stand").replace("is_output=True", "gives_way=True"))
    monkeypatch.syspath_prepend(tmp_path / "lib")
    assert load(("stand_ins",))["Stand"].schema.category == "test"
    (tmp_path / "the_pack.py").write_text(
        "class Own:\n"
        "    CATEGORY, FUNCTION, RETURN_TYPES = 'of the pack', 'run', ()\n"
        "    INPUT_TYPES = classmethod(lambda cls: {'required': {}})\n"
        "    run = lambda self: ()\n"
        "NODE_CLASS_MAPPINGS = {'Stand': Own}\n"
    )
    assert load(("stand_ins",))["Stand"].schema.category == "of the pack"
    assert registry.class_mappings()["Stand"].__name__ == "Own"
    assert not failures
