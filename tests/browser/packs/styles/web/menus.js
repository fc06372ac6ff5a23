// Entries in the menus of nodes and canvas, the latter by taking the place of litegraph's own function.
import { app } from "../../scripts/app.js";

app.registerExtension({
  name: "styles.menus",
  async setup() {
    const getCanvasMenuOptions = LGraphCanvas.prototype.getCanvasMenuOptions;
    LGraphCanvas.prototype.getCanvasMenuOptions = function () {
      const options = getCanvasMenuOptions.apply(this, arguments);
      options.push(null, {
        content: "Add two texts",
        callback: () => {
          for (const [i, text] of ["one", "two"].entries()) {
            const node = LiteGraph.createNode("StylesText");
            node.widgets[0].value = text;
            node.pos = [100 + 300 * i, 900];
            app.graph.add(node);
          }
        },
      });
      return options;
    };
  },
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (!nodeData.category.startsWith("styles")) return;
    const getExtraMenuOptions = nodeType.prototype.getExtraMenuOptions;
    nodeType.prototype.getExtraMenuOptions = function (_, options) {
      getExtraMenuOptions?.apply(this, arguments);
      options.unshift({
        content: "Paint it",
        has_submenu: true,
        submenu: {
          options: ["red", "green"].map((name) => ({
            content: name,
            callback: () => {
              this.color = LGraphCanvas.node_colors[name].color;
              this.bgcolor = LGraphCanvas.node_colors[name].bgcolor;
            },
          })),
        },
      });
      return [];
    };
  },
});
