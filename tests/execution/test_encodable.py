"""Bounds beyond 64 bits, which packs (and one of our nodes) declare, stop neither the worker nor the catalogue."""

import msgspec

from execution.encodable import encoded
from execution.load_nodes import load_nodes
from execution.worker import PackServices
from execution.workers import messages
from nodes.schema import Input, NodeSchema

WIDE = Input(name="x", type="INT", options={"min": -(2**64), "max": 2**64, "default": [2**64 - 1, -(2**63)]})
SCHEMA = NodeSchema(id="Wide", title="Wide", category="test", inputs=(WIDE,))


def test_wide_numbers_travel_as_floating_point_and_the_others_as_they_are():
    framed = messages.frame(messages.Ready([SCHEMA], PackServices()))
    (schema,) = msgspec.msgpack.decode(framed[4:], type=messages.FromWorker).catalogue
    assert schema.inputs[0].options == {"min": -(2.0**64), "max": 2.0**64, "default": [2**64 - 1, -(2**63)]}


def test_the_catalogue_is_written_and_read():
    made = encoded(msgspec.json.Encoder(enc_hook=str).encode, [SCHEMA])
    (read,) = msgspec.json.decode(made, type=list[NodeSchema])
    assert read.inputs[0].options["max"] == 2.0**64


def test_all_nodes_of_ours_travel():
    schemas = [node.schema for node in load_nodes().values()]
    assert len(msgspec.msgpack.decode(encoded(msgspec.msgpack.Encoder(enc_hook=str).encode, schemas))) == len(schemas)
