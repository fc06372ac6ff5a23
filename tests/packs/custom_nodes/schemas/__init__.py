"""A pack in the schema style: every feature of `io.Schema` and `io.ComfyNode` that the engine knows."""

from comfy_api.latest import ComfyAPISync, ComfyExtension, io, ui
from comfy_execution.graph_utils import GraphBuilder

WEB_DIRECTORY = "web"
T = io.MatchType.Template("T")


class Probe(io.ComfyNode):
    """The node whose catalogue entry was captured from the ecosystem's server."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeV3",
            display_name="Probe V3",
            category="probe/v3",
            description="desc",
            inputs=[
                io.Int.Input("i", tooltip="tt", default=1, min=0, max=9, control_after_generate=True),
                io.Float.Input("f", default=0.5, round=0.01, display_mode=io.NumberDisplay.slider, advanced=True),
                io.String.Input("s", multiline=True, dynamic_prompts=True),
                io.Boolean.Input("b", label_on="y", label_off="n"),
                io.Combo.Input("c", options=["a", "b"], default="b"),
                io.MultiCombo.Input("mc", options=["a", "b"], optional=True),
                io.Image.Input("img", optional=True, lazy=True),
                io.MatchType.Input("mt", T, optional=True),
                io.Autogrow.Input("ag", io.Autogrow.TemplatePrefix(io.Image.Input("img"), prefix="img", min=0, max=3)),
                io.DynamicCombo.Input(
                    "dc",
                    options=[
                        io.DynamicCombo.Option("one", [io.Int.Input("p")]),
                        io.DynamicCombo.Option("two", [io.Float.Input("q")]),
                    ],
                ),
                io.MultiType.Input(io.Float.Input("mu", default=1.0), types=[io.Int], optional=True),
            ],
            outputs=[
                io.String.Output(display_name="Out", tooltip="o"),
                io.MatchType.Output(T, id="mo"),
                io.Int.Output(is_output_list=True),
            ],
            hidden=[io.Hidden.unique_id],
            search_aliases=["pv3"],
            is_output_node=True,
            is_experimental=True,
            essentials_category="Basic",
        )

    @classmethod
    def execute(cls, i, f, s, b, c, ag, dc, mc=None, img=None, mt=None, mu=None):
        text = repr({"i": i, "ag": ag, "dc": dc, "mt": mt, "id": cls.hidden.unique_id})
        return io.NodeOutput(text, mt, [1, 2], ui=ui.PreviewText(text))


class Number(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema("SchemaNumber", inputs=[io.Int.Input("value", min=0)], outputs=[io.Int.Output()])

    @classmethod
    def execute(cls, value):
        return io.NodeOutput(value)


class Show(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema("SchemaShow", inputs=[io.AnyType.Input("value")], is_output_node=True)

    @classmethod
    async def execute(cls, value):
        return io.NodeOutput(ui=ui.PreviewText(str(value)))


class Choice(io.ComfyNode):
    """A switch over lazy inputs, one of them inside a growing list."""

    @classmethod
    def define_schema(cls):
        lazy = io.AnyType.Input("case", lazy=True)
        return io.Schema(
            "SchemaChoice",
            inputs=[
                io.Int.Input("which"),
                io.Autogrow.Input("cases", io.Autogrow.TemplateNames(lazy, ["a", "b", "c"], min=1)),
            ],
            outputs=[io.AnyType.Output()],
        )

    @classmethod
    def check_lazy_status(cls, which, cases):
        value, name = cases["abc"[which]]
        return [name] if value is None else []

    @classmethod
    def execute(cls, which, cases):
        return io.NodeOutput(cases["abc"[which]])


class Resize(io.ComfyNode):
    """Combos inside combos."""

    @classmethod
    def define_schema(cls):
        inner = io.DynamicCombo.Input(
            "by",
            options=[
                io.DynamicCombo.Option("width", [io.Int.Input("width", min=1)]),
                io.DynamicCombo.Option("nothing", []),
            ],
        )
        outer = io.DynamicCombo.Input(
            "how", options=[io.DynamicCombo.Option("size", [inner]), io.DynamicCombo.Option("not", [])]
        )
        return io.Schema("SchemaResize", inputs=[outer], outputs=[io.String.Output()])

    @classmethod
    def execute(cls, how):
        return io.NodeOutput(repr(how))


class Twice(Resize):
    """Two choices with one key."""

    @classmethod
    def define_schema(cls):
        same = [io.DynamicCombo.Option("same", [io.Int.Input(name)]) for name in ("first", "second")]
        combo = io.DynamicCombo.Input("how", options=same)
        return io.Schema("SchemaTwice", inputs=[combo], outputs=[io.String.Output()])


class Slot(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        slot = io.DynamicSlot.Input(io.Int.Input("base"), [io.Float.Input("strength")])
        return io.Schema("SchemaSlot", inputs=[slot], outputs=[io.String.Output()])

    @classmethod
    def execute(cls, base):
        return io.NodeOutput(repr(base))


class Checked(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema("SchemaChecked", inputs=[io.Int.Input("value", max=5)], is_output_node=True)

    @classmethod
    def validate_inputs(cls, value):
        return value != 13 or "unlucky"

    @classmethod
    def fingerprint_inputs(cls, value):
        return value

    @classmethod
    def execute(cls, value):
        return io.NodeOutput(ui={"text": [str(value)]})


class Expanding(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            "SchemaExpanding", inputs=[io.Int.Input("value")], outputs=[io.Int.Output()], enable_expand=True
        )

    @classmethod
    def execute(cls, value):
        graph = GraphBuilder()
        return io.NodeOutput(graph.node("SchemaNumber", value=value).out(0), expand=graph.finalize())


class SecretlyExpanding(Expanding):
    @classmethod
    def define_schema(cls):
        return io.Schema("SchemaSecretlyExpanding", inputs=[io.Int.Input("value")], outputs=[io.Int.Output()])


class Blocking(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema("SchemaBlocking", outputs=[io.Int.Output()])

    @classmethod
    def execute(cls):
        return io.NodeOutput(block_execution="closed")


class Stateful(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema("SchemaStateful", outputs=[io.Int.Output()])

    @classmethod
    def execute(cls):
        cls.count = 1
        return io.NodeOutput(1)


class TakesAll(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema("SchemaTakesAll", outputs=[io.String.Output()], accept_all_inputs=True)

    @classmethod
    def execute(cls, **inputs):
        ComfyAPISync().execution.set_progress(1, 2)
        return io.NodeOutput(repr(sorted(inputs.items())))


class Prompt(io.ComfyNode):
    """An input is called as a hidden one is."""

    @classmethod
    def define_schema(cls):
        text = io.String.Input("prompt")
        return io.Schema("SchemaPrompt", inputs=[text], hidden=[io.Hidden.unique_id], is_output_node=True)

    @classmethod
    def validate_inputs(cls, prompt):
        return prompt != "none" or f"node {cls.hidden.unique_id} wants a prompt"

    @classmethod
    def fingerprint_inputs(cls, prompt):
        return [prompt, cls.hidden.unique_id]

    @classmethod
    def execute(cls, prompt):
        hidden = cls.hidden
        if prompt == "fail":
            raise ValueError(prompt)
        return io.NodeOutput(ui={"text": [repr(prompt), hidden.unique_id, sorted(hidden.prompt), hidden.extra_pnginfo]})


class PromptList(Prompt):
    """The same for a whole list."""

    @classmethod
    def define_schema(cls):
        schema = super().define_schema()
        schema.node_id, schema.is_input_list = "SchemaPromptList", True
        return schema

    @classmethod
    def validate_inputs(cls, prompt):
        return super().validate_inputs(prompt[0])


class Extension(ComfyExtension):
    loaded = False

    async def on_load(self):
        Extension.loaded = True

    async def get_node_list(self):
        assert Extension.loaded
        return [
            *(Probe, Number, Show, Choice, Resize, Twice, Slot, Checked),
            *(Expanding, SecretlyExpanding, Blocking, Stateful, TakesAll, Prompt, PromptList),
        ]


async def comfy_entrypoint():
    return Extension()
