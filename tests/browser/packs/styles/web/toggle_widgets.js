// Which widgets are shown depends on another one; hidden ones keep their values.
import { app } from "../../scripts/app.js";

const original = new Map();

function show(node, widget, visible) {
  if (!original.has(widget)) original.set(widget, { type: widget.type, computeSize: widget.computeSize });
  const before = original.get(widget);
  widget.type = visible ? before.type : `converted-widget`;
  widget.computeSize = visible ? before.computeSize : () => [0, -4];
}

function update(node) {
  const find = (name) => node.widgets.find((w) => w.name === name);
  const isCircle = find("kind").value === "circle";
  show(node, find("radius"), isCircle);
  show(node, find("width"), !isCircle);
  node.setSize([node.size[0], node.computeSize()[1]]);
}

app.registerExtension({
  name: "styles.toggle",
  nodeCreated(node) {
    if (node.comfyClass !== "StylesShape") return;
    const kind = node.widgets.find((w) => w.name === "kind");
    const callback = kind.callback;
    kind.callback = function () {
      callback?.apply(this, arguments);
      update(node);
    };
    setTimeout(() => update(node), 10);
  },
});
