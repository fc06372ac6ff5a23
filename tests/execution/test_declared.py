"""The inputs a node has for the values it is given."""

import pytest

from execution.declared import declared_inputs
from nodes.node import AUTOGROW, Input, NodeSchema


@pytest.mark.parametrize("most", [{}, {"max": None}, {"max": 2**70}])
def test_a_list_that_says_no_sensible_limit_grows_to_a_hundred(most):
    template = {"input": {"required": {"x": ["INT", {}]}}, "prefix": "x", **most}
    grows = Input(name="xs", type=AUTOGROW, options={"template": template})
    schema = NodeSchema(id="Grows", title="", category="", inputs=(grows,))
    given = {"xs.x0": 1, "xs.x99": 1, "xs.x100": 1}
    assert [one.name for one in declared_inputs(schema, given)] == ["xs.x0", "xs.x99"]
