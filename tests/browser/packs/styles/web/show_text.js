// What a node said is shown in text fields, which are made anew after each run and filled again from a saved file.
import { app } from "../../scripts/app.js";
import { ComfyWidgets } from "../../scripts/widgets.js";

app.registerExtension({
  name: "styles.showText",
  async beforeRegisterNodeDef(nodeType, nodeData, app) {
    if (nodeData.name !== "StylesShowText") return;

    function populate(lines) {
      for (let i = this.widgets.length - 1; i >= 0; i--) this.widgets[i].onRemove?.();
      this.widgets.length = 0;
      for (const line of lines) {
        const made = ComfyWidgets["STRING"](this, `line_${this.widgets.length}`, ["STRING", { multiline: true }], app);
        made.widget.inputEl.readOnly = true;
        made.widget.inputEl.style.opacity = 0.8;
        made.widget.value = line;
      }
      requestAnimationFrame(() => {
        const size = this.computeSize();
        if (size[0] < this.size[0]) size[0] = this.size[0];
        this.onResize?.(size);
        app.graph.setDirtyCanvas(true, false);
      });
    }

    const onExecuted = nodeType.prototype.onExecuted;
    nodeType.prototype.onExecuted = function (message) {
      onExecuted?.apply(this, arguments);
      populate.call(this, message.text);
    };

    const onConfigure = nodeType.prototype.onConfigure;
    nodeType.prototype.onConfigure = function () {
      onConfigure?.apply(this, arguments);
      const values = arguments[0].widgets_values;
      if (values?.length) populate.call(this, values);
    };
  },
});
