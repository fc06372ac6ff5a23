// A command with a key, settings in both ways, events of the server, and prompts that are changed on their way.
import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";

window.stylesSeen = { settings: [], executed: [], status: 0, prompts: [] };
const seen = window.stylesSeen;

app.registerExtension({
  name: "styles.commands",
  settings: [
    {
      id: "styles.suffix",
      name: "Suffix of texts",
      type: "text",
      defaultValue: "!",
      onChange: (value) => seen.settings.push(value),
    },
  ],
  commands: [
    {
      id: "styles.mute",
      label: "Mute all texts",
      function: () => {
        for (const node of app.graph.findNodesByType("StylesText")) node.mode = 2;
      },
    },
  ],
  keybindings: [{ commandId: "styles.mute", combo: { key: "u", ctrl: true, alt: true } }],
  async setup() {
    app.ui.settings.addSetting({
      id: "styles.loud",
      name: "Loud",
      type: "boolean",
      defaultValue: false,
    });
    api.addEventListener("executed", ({ detail }) => seen.executed.push(detail.output));
    api.addEventListener("status", () => seen.status++);
    const response = await api.fetchApi("/system_stats");
    seen.stats = (await response.json()).system;

    const graphToPrompt = app.graphToPrompt;
    app.graphToPrompt = async function () {
      const made = await graphToPrompt.apply(app, arguments);
      const suffix = app.ui.settings.getSettingValue("styles.suffix", "");
      for (const node of Object.values(made.output)) {
        if (node.class_type === "StylesText") node.inputs.text += suffix;
      }
      seen.prompts.push(made.output);
      return made;
    };
  },
});
