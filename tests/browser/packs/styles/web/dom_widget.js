// A type of its own whose widget is an element, and a value that is worked out when a run begins.
import { app } from "../../scripts/app.js";
import { $el } from "../../scripts/ui.js";

app.registerExtension({
  name: "styles.swatch",
  getCustomWidgets() {
    return {
      SWATCH(node, inputName, inputData) {
        const input = $el("input.styles-swatch", { type: "color", value: inputData[1].default, ariaLabel: inputName });
        const widget = node.addDOMWidget(inputName, "SWATCH", $el("div", [input]), {
          getValue: () => input.value,
          setValue: (value) => {
            input.value = value;
          },
          getMinHeight: () => 32,
          getMaxHeight: () => 32,
        });
        input.addEventListener("input", () => node.setDirtyCanvas(true));
        widget.serializeValue = async () => `color(${widget.value})`;
        return { widget, minWidth: 200, minHeight: 32 };
      },
    };
  },
  nodeCreated(node) {
    if (node.comfyClass !== "StylesSwatch") return;
    node.addWidget("button", "Make it blue", null, () => {
      node.widgets.find((w) => w.name === "color").value = "#0000ff";
      node.widgets.find((w) => w.name === "amount").value = 7;
    });
  },
});
