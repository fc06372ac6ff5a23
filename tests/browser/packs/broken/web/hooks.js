import { app } from "../../scripts/app.js";

app.registerExtension({
  name: "broken.hooks",
  async setup() {
    throw new Error("setup gave up");
  },
  nodeCreated(node) {
    if (node.comfyClass === "StylesText") node.notThere.call();
  },
});
