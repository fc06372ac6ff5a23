"""What packs may bring in the ways of the ecosystem, and how little a broken class in them costs."""

import pytest

import nodes
from execution.load_nodes import load_nodes
from nodes import registry
from nodes.schema import Output
from tests.execution.written_packs import CLASSIC, GOOD


def test_a_later_pack_takes_the_place_of_a_class_of_an_earlier_one(tmp_path, load, caplog):
    (tmp_path / "a.py").write_text(GOOD.format(name="Same") + CLASSIC.format(name="Classic", body="return {}"))
    (tmp_path / "b.py").write_text(GOOD.format(name="Same") + CLASSIC.format(name="Classic", body="return {}"))
    found = load()
    assert {node.schema.python_module for node in found.values()} == {"custom_nodes.b"}
    assert nodes.NODE_CLASS_MAPPINGS["Classic"].__module__ == "custom_nodes.b"
    assert "b.py: its node class 'Same' takes the place of that of custom_nodes.a" in caplog.text


def test_class_mappings_are_taken_with_their_display_names(tmp_path, load):
    (tmp_path / "pack.py").write_text(CLASSIC.format(name="A", body="return {}"))
    found = load()
    assert [(name, node.schema.title) for name, node in found.items()] == [("A", "The A"), ("OtherA", "OtherA")]
    assert found["A"].make_instance.RELATIVE_PYTHON_MODULE == "custom_nodes.pack"


def test_a_class_that_is_broken_costs_only_itself(tmp_path, load, failures):
    (tmp_path / "pack.py").write_text(CLASSIC.format(name="A", body="raise OSError('no disk')"))
    assert list(load()) == ["OtherA"]
    assert list(failures) == ["custom_nodes.pack, class A"]


def test_a_class_that_the_server_would_not_understand_costs_only_itself(tmp_path, load, failures):
    code = CLASSIC.format(name="A", body="return {}") + "A.OUTPUT_TOOLTIPS, A.RETURN_TYPES = (5,), ('INT',)\n"
    (tmp_path / "pack.py").write_text(code + "NODE_CLASS_MAPPINGS['OtherA'].OUTPUT_TOOLTIPS = ()")
    assert list(load()) == ["OtherA"]
    assert "got `int` - at `$.outputs[0].tooltip`" in str(failures["custom_nodes.pack, class A"])


def test_a_combo_whose_values_are_no_list_takes_any(tmp_path, load, failures):
    body = "return {'required': {'x': ('COMBO', {'options': print}), 'y': ('COMBO', {'options': 5})}}"
    (tmp_path / "pack.py").write_text(CLASSIC.format(name="A", body=body))
    assert [one.choices for one in load()["A"].schema.inputs] == [None, None]
    assert failures == {}


def test_a_display_name_that_is_no_text_is_passed_over(tmp_path, load, failures):
    code = CLASSIC.format(name="A", body="return {}")
    (tmp_path / "pack.py").write_text(code + "NODE_DISPLAY_NAME_MAPPINGS = {'A': None, 'OtherA': 5}")
    assert [node.schema.title for node in load().values()] == ["A", "OtherA"]
    assert failures == {}


def test_an_entry_point_may_fail(tmp_path, load, failures):
    (tmp_path / "pack.py").write_text("async def comfy_entrypoint():\n    raise OSError('no disk')")
    assert load() == {}
    assert isinstance(failures["custom_nodes.pack"], OSError)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def comfy_entrypoint(): return None", "comfy_entrypoint returned a NoneType, not a ComfyExtension"),
        (
            "from comfy_api.latest import ComfyExtension\nclass Pack(ComfyExtension):\n"
            "    async def get_node_list(self): return None\ncomfy_entrypoint = Pack",
            "get_node_list returned a NoneType, not a list of node classes",
        ),
    ],
)
def test_an_entry_point_that_offers_nothing_is_told_of(tmp_path, load, failures, code, said):
    (tmp_path / "pack.py").write_text(code)
    assert load() == {}
    assert str(failures["custom_nodes.pack"]) == said


SCHEMAS = """
from comfy_api.latest import ComfyExtension, io

class Bad(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        raise OSError("no disk")

class Good(Bad):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="Good", inputs=[], outputs=[])

class Pack(ComfyExtension):
    async def get_node_list(self):
        return [Bad, 5, Good]

comfy_entrypoint = Pack
"""


def test_a_schema_that_is_broken_and_what_is_no_class_cost_only_themselves(tmp_path, load, failures):
    (tmp_path / "pack.py").write_text(SCHEMAS)
    assert list(load()) == ["Good"]
    assert list(failures) == ["custom_nodes.pack, class Bad", "custom_nodes.pack, class 5"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("NODE_CLASS_MAPPINGS = [1]", "its NODE_CLASS_MAPPINGS is a list, not a dict of classes"),
        ("NODE_CLASS_MAPPINGS = {5: object}", "the name of a node class is text, not 5"),
        ("NODE_CLASS_MAPPINGS = {'A': None}\nNODE_DISPLAY_NAME_MAPPINGS = ['A']", "'NoneType' object has no attribute"),
    ],
)
def test_mappings_that_are_none_cost_only_their_pack(tmp_path, load, failures, code, said):
    (tmp_path / "pack.py").write_text(code)
    (tmp_path / "well.py").write_text(GOOD.format(name="A"))
    assert list(load()) == ["A"]
    (error,) = failures.values()
    assert str(error).startswith(said)


def test_a_pack_that_brings_no_nodes_is_told_of(tmp_path, load, failures, caplog):
    (tmp_path / "pack.py").write_text("x = 1")
    assert (load(), failures) == ({}, {})
    assert "custom_nodes.pack brings no nodes: it has neither NODE_CLASS_MAPPINGS nor comfy_entrypoint" in caplog.text


def test_a_core_class_is_never_replaced(tmp_path, failures, caplog):
    (tmp_path / "pack.py").write_text(CLASSIC.format(name="PreviewAny", body="return {}"))
    found = load_nodes(("nodes.preview",), tmp_path, failures.__setitem__)
    assert found["PreviewAny"].schema.style == "function"
    assert nodes.NODE_CLASS_MAPPINGS["PreviewAny"].__module__ != "custom_nodes.pack"
    assert "pack.py: 'PreviewAny' is a built-in node, its own is left out" in caplog.text


def test_forgotten_commas_and_sections_are_forgiven(tmp_path, load, failures):
    code = CLASSIC.format(name="A", body="return {'required': {'x': 'INT'}, 'optional': None, 'hidden': None}")
    code += "A.RETURN_TYPES, A.RETURN_NAMES, A.OUTPUT_IS_LIST, A.OUTPUT_TOOLTIPS = 'IMAGE', 'picture', True, 'seen'\n"
    code += "A.SEARCH_ALIASES, A.DESCRIPTION, A.CATEGORY = 'look', None, None\n"
    (tmp_path / "pack.py").write_text(code)
    schema = load()["A"].schema
    assert failures == {}
    assert schema.outputs == (Output(type="IMAGE", name="picture", is_list=True, tooltip="seen"),)
    assert (schema.search_aliases, schema.description, schema.category) == (("look",), "", "sd")


PLACING = (
    CLASSIC
    + """
from nodes import NODE_CLASS_MAPPINGS as ALL
ALL["{name}"], ALL["PreviewAny"] = A, type("Mine", (A,), {{}})
{then}
"""
)


@pytest.mark.parametrize(
    "then", ["NODE_CLASS_MAPPINGS = ALL", "del NODE_CLASS_MAPPINGS", "NODE_CLASS_MAPPINGS = dict()"]
)
def test_a_pack_may_put_its_classes_among_all_others_by_its_own_hand(tmp_path, failures, monkeypatch, caplog, then):
    monkeypatch.setattr(registry, "CLASSES", {})
    monkeypatch.setattr(registry, "NODES", {})
    (tmp_path / "pack.py").write_text(PLACING.replace("{then}", then).format(name="A", body="return {}"))
    (tmp_path / "later.py").write_text(CLASSIC.format(name="B", body="return {}"))
    found = load_nodes(("nodes.preview",), tmp_path, failures.__setitem__)
    assert failures == {}
    modules = {name: found[name].schema.python_module for name in ("A", "B", "PreviewAny")}
    assert modules == {"A": "custom_nodes.pack", "B": "custom_nodes.later", "PreviewAny": "custom_nodes.pack"}
    assert "its node class 'PreviewAny' takes the place of that of" in caplog.text


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("('COMFY_DYNAMICCOMBO_V3', {'options': ['a']})", "Expected `object`, got `str` - at `$.options[0]`"),
        ("('COMFY_AUTOGROW_V3', {})", "Object missing required field `template`"),
        ("('COMFY_AUTOGROW_V3', {'template': {'input': {'required': {'x': 5}}}})", "Expected `array`, got `int`"),
        ("('COMFY_DYNAMICSLOT_V3', {'inputs': {'required': {'x': ()}}})", "Expected `array` of length >= 1"),
        (
            "('COMFY_DYNAMICCOMBO_V3', {'options': [{'key': 1, 'inputs': {'required': {'x': "
            "('COMFY_AUTOGROW_V3', {})}}}]})",
            "the options of input 'x.x' (COMFY_AUTOGROW_V3): Object missing required field `template`",
        ),
    ],
)
def test_inputs_that_bring_others_along_must_say_which(tmp_path, load, failures, entry, said):
    (tmp_path / "pack.py").write_text(CLASSIC.format(name="A", body=f"return {{'required': {{'x': {entry}}}}}"))
    assert list(load()) == ["OtherA"]
    assert said in str(failures["custom_nodes.pack, class A"])


def test_an_empty_name_is_a_name(tmp_path, load, failures):
    (tmp_path / "pack.py").write_text(CLASSIC.format(name="", body="return {}"))
    assert list(load()) == ["", "Other"]
    assert failures == {}
