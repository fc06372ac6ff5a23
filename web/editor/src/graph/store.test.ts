import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecordStore } from "./store";

interface Item {
  readonly id: string;
  readonly value: number;
}

const make = () => new RecordStore<string, Item>((item) => item.id);
const state = (store: RecordStore<string, Item>) =>
  [...store.all()].map(({ id, value }) => `${id}=${value}`).sort();

describe("the record store", () => {
  it("takes everything back when a transaction throws", () => {
    const store = make();
    store.transact("a", (tx) => tx.put({ id: "a", value: 1 }));
    expect(() =>
      store.transact("b", (tx) => {
        tx.put({ id: "a", value: 2 });
        tx.put({ id: "b", value: 3 });
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(state(store)).toEqual(["a=1"]);
    expect(store.history.undoLabel).toBe("a");
  });

  it("tells listeners once per transaction, with what it was before and is after", () => {
    const store = make();
    const seen: unknown[] = [];
    store.changed.on((diff) => seen.push([...diff]));
    store.transact("a", (tx) => {
      tx.put({ id: "a", value: 1 });
      tx.put({ id: "a", value: 2 });
    });
    expect(seen).toEqual([[["a", { before: undefined, after: { id: "a", value: 2 } }]]]);
  });

  it("makes one step of a gesture that lasts", () => {
    const store = make();
    const typing = (value: number) => store.transact("type", (tx) => tx.put({ id: "a", value }), "a");
    for (const value of [1, 2, 3]) typing(value);
    store.endMerge();
    typing(4);
    store.undo();
    expect(state(store)).toEqual(["a=3"]);
    store.undo();
    expect(state(store)).toEqual([]);
  });

  it("takes a gesture that lasts back as if it had never been, and nothing that came before it", () => {
    const store = make();
    const drag = (value: number) => store.transact("drag", (tx) => tx.put({ id: "a", value }), "a");
    store.transact("a", (tx) => tx.put({ id: "a", value: 1 }));
    store.transact("b", (tx) => tx.put({ id: "a", value: 2 }));
    store.undo();
    for (const value of [5, 6]) drag(value);
    store.takeBack("a");
    expect(state(store)).toEqual(["a=1"]);
    expect(store.history).toMatchObject({ undoLabel: "a", redoLabel: "b" });
    store.redo();
    expect(state(store)).toEqual(["a=2"]);
    drag(7);
    store.endMerge("a");
    store.takeBack("a");
    store.takeBack("other");
    expect(state(store)).toEqual(["a=7"]);
  });

  it("does not count a transaction that changed nothing", () => {
    const store = make();
    store.transact("a", (tx) => {
      tx.put({ id: "a", value: 1 });
      tx.remove("a");
    });
    expect(store.history.canUndo).toBe(false);
  });

  it("undoes and redoes any sequence of edits exactly", () => {
    const edit = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      value: fc.integer(),
      remove: fc.boolean(),
      merge: fc.option(fc.constantFrom("m", "n"), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(fc.array(edit, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), (gestures) => {
        const store = make();
        for (const gesture of gestures) {
          store.transact(
            "edit",
            (tx) => {
              for (const { id, value, remove } of gesture) remove ? tx.remove(id) : tx.put({ id, value });
            },
            gesture[0]?.merge,
          );
        }
        const end = state(store);
        let steps = 0;
        while (store.undo()) steps++;
        expect(state(store)).toEqual([]);
        for (let i = 0; i < steps; i++) store.redo();
        expect(state(store)).toEqual(end);
        expect(store.history.canRedo).toBe(false);
      }),
    );
  });
});
