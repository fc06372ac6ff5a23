// There is always one free input: another one comes when the last is taken, and free ones before it go.
import { app } from "/scripts/app.js";

const PREFIX = "text_";

app.registerExtension({
  name: "styles.dynamicInputs",
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.name !== "StylesJoin") return;
    const onConnectionsChange = nodeType.prototype.onConnectionsChange;
    nodeType.prototype.onConnectionsChange = function (type, index, connected, link_info) {
      onConnectionsChange?.apply(this, arguments);
      if (type !== LiteGraph.INPUT || !link_info) return;
      for (let i = this.inputs.length - 2; i >= 0; i--) {
        if (this.inputs[i].link == null && this.inputs.length > 1 && i > 0) this.removeInput(i);
      }
      const last = this.inputs[this.inputs.length - 1];
      if (last.link != null) this.addInput(`${PREFIX}${this.inputs.length + 1}`, "STRING");
      this.setDirtyCanvas(true, true);
    };
  },
});
