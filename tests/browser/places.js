// The page's own hands: they open and close things as quickly as the page can, which hands outside of it cannot.
(() => {
  const PATIENCE = 90_000;

  async function until(condition, what) {
    const end = performance.now() + PATIENCE;
    for (;;) {
      const found = condition();
      if (found) return found;
      if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
      await new Promise((done) => setTimeout(done));
    }
  }

  /** `selector`, or `selector | how its text begins`. */
  function find(what) {
    const [selector, text = ""] = what.split(" | ");
    return [...document.querySelectorAll(selector)].find((one) => one.textContent.startsWith(text));
  }

  const there = (what) => until(() => find(what), what);
  const gone = (what) => until(() => !find(what), `${what} to go`);
  const loaded = (what) => gone(`${what} .panel-note | Loading`);

  /** The middle of an element, or of the way between two: `one ~ other`. */
  async function middle(what) {
    const elements = await Promise.all(what.split(" ~ ").map(there));
    const boxes = elements.map((one) => one.getBoundingClientRect());
    const mean = (start, size) =>
      boxes.reduce((sum, box) => sum + box[start] + box[size] / 2, 0) / boxes.length;
    return { clientX: mean("x", "width"), clientY: mean("y", "height") };
  }

  async function mouse(type, what) {
    const at = await middle(what);
    const target = find(what) ?? document.elementFromPoint(at.clientX, at.clientY);
    target.dispatchEvent(new MouseEvent(type, { ...at, bubbles: true, cancelable: true }));
  }

  const hands = {
    press(keys) {
      const held = keys.split("+");
      const key = held.pop();
      const [ctrlKey, altKey, shiftKey] = ["Ctrl", "Alt", "Shift"].map((name) => held.includes(name));
      const event = { key, ctrlKey, altKey, shiftKey, bubbles: true, cancelable: true };
      (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", event));
    },
    /** Writes into the field that has the focus. */
    type(text) {
      const field = document.activeElement;
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, text);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
    focus: async (what) => (await there(what)).focus(),
    click: async (what) => (await there(what)).click(),
    ctrlClick: async (what) =>
      (await there(what)).dispatchEvent(new MouseEvent("click", { ctrlKey: true, bubbles: true })),
    rightClick: (what) => mouse("contextmenu", what),
    doubleClick: (what) => mouse("dblclick", what),
    /** As another window would. */
    saveElsewhere: (path) =>
      fetch(`${path}?overwrite=true`, {
        method: "POST",
        body: JSON.stringify({ nodes: [], links: [], extra: { elsewhere: Math.random() } }),
      }),
    see: there,
    miss: gone,
  };

  async function act(steps) {
    for (const step of steps) {
      const [verb] = step.split(" ", 1);
      await hands[verb](step.slice(verb.length + 1));
    }
  }

  async function open({ open, shown }) {
    await act(open);
    await there(shown);
  }

  async function close({ close, shown }) {
    await act(close);
    await gone(shown);
  }

  window.places = {
    act,
    open: async (place) => {
      await act(place.before);
      await open(place);
      await loaded(place.shown);
    },
    close: async (place) => {
      await close(place);
      await act(place.after);
    },
    /** Every fifth time what is in it is waited for; else it is closed while that is under way. */
    async again(place, times) {
      await act(place.before);
      for (let i = 0; i < times; i++) {
        await open(place);
        if (i % 5 === 0) await loaded(place.shown);
        await close(place);
      }
      await act(place.after);
    },
  };
})();
