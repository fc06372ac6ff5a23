// Paints on a node, keeps something of its own in the file, and has a node that lives in the page only.
import { app } from "../../scripts/app.js";

app.registerExtension({
  name: "styles.drawing",
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.name !== "StylesText") return;
    nodeType.prototype.onDrawForeground = function (ctx) {
      if (this.flags.collapsed) return;
      ctx.fillStyle = "rgb(0, 128, 255)";
      ctx.fillRect(0, 0, this.size[0], 4);
    };
    const onSerialize = nodeType.prototype.onSerialize;
    nodeType.prototype.onSerialize = function (o) {
      onSerialize?.apply(this, arguments);
      o.styles_count = (this.properties.count ?? 0) + 1;
    };
    const onNodeCreated = nodeType.prototype.onNodeCreated;
    nodeType.prototype.onNodeCreated = function () {
      onNodeCreated?.apply(this, arguments);
      this.addProperty("count", 41, "number");
    };
  },
  registerCustomNodes() {
    class Bookmark extends LGraphNode {
      constructor(title) {
        super(title);
        this.isVirtualNode = true;
        this.addWidget("text", "shortcut_key", "1", () => {}, {});
        this.addOutput("mark", "*");
      }
    }
    LiteGraph.registerNodeType("StylesBookmark", Object.assign(Bookmark, { title: "Bookmark", category: "styles" }));
  },
});
