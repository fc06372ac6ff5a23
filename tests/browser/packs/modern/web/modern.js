import { defineExtension } from "/ext/v1.js";

export default defineExtension({
  id: "modern",
  apiVersion: 1,
  widgets: {
    MODERN_DIAL: {
      default: 0,
      height: 32,
      mount(element, { value, set, onValue, name }) {
        const dial = document.createElement("input");
        Object.assign(dial, { type: "range", min: 0, max: 360, value, ariaLabel: name });
        dial.style.width = "100%";
        dial.addEventListener("input", () => set(dial.valueAsNumber));
        onValue((next) => {
          dial.value = next;
        });
        element.append(dial);
      },
    },
  },
  actions: [
    {
      id: "modern.row",
      label: "Put dials in a row",
      keys: "Alt+J",
      run: ({ graph }) =>
        graph.transact("Put dials in a row", (tx) => {
          const first = tx.addNode("ModernDial", { x: 0, y: 900 });
          const second = tx.addNode("ModernDial", { x: 300, y: 900 });
          tx.setValue(first, "angle", 45);
          tx.setTitle(second, "Second dial");
        }),
    },
    {
      id: "modern.title",
      label: "Call dials dials",
      keys: "Ctrl+M",
      run: ({ graph }) =>
        graph.transact("Call dials dials", (tx) => {
          for (const { id } of graph.nodes()) tx.setTitle(id, "Dial");
        }),
    },
  ],
  panels: [
    {
      id: "modern.panel",
      title: "Dials",
      mount(element, { graph, events }) {
        const count = () => graph.nodes().filter(({ type }) => type === "ModernDial").length;
        const show = () => {
          element.textContent = `${count()} dials`;
        };
        show();
        return events.on("graph", show);
      },
    },
  ],
  node: {
    ModernDial: {
      badges: ({ values }) => [`${values.angle}°`],
      menu: ({ id }, { graph }) => [
        { label: "Straighten", run: () => graph.transact("Straighten", (tx) => tx.setValue(id, "angle", 0)) },
      ],
    },
  },
  settings: [{ id: "modern.step", label: "Step of dials", type: "number", default: 5 }],
});
