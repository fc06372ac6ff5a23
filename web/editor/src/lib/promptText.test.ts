import { describe, expect, it } from "vitest";
import { changeWeight, completeName, nameBeingTyped, type TextEdit } from "./promptText";

const done = (text: string, edit: TextEdit | null) =>
  edit && text.slice(0, edit.start) + edit.text + text.slice(edit.end);
/** `|` marks the caret, or the two ends of a selection. */
function weigh(marked: string, by: number): string | null {
  const [start, end = start] = [...marked.matchAll(/\|/g)].map((m, i) => m.index - i);
  const text = marked.replaceAll("|", "");
  return done(text, changeWeight(text, start as number, end as number, by));
}

describe("weights", () => {
  it("are put around the word at the caret, and taken away at 1", () => {
    expect(weigh("a red app|le", 0.05)).toBe("a red (apple:1.05)");
    expect(weigh("a red (ap|ple:1.05)", -0.05)).toBe("a red apple");
    expect(weigh("|apple, pear", -0.05)).toBe("(apple:0.95), pear");
  });
  it("hold for a whole selection, without the blanks at its ends", () => {
    expect(weigh("a |red apple |on a table", 0.1)).toBe("a (red apple:1.1) on a table");
    expect(weigh("|(a (b:1.2):1.1)|", 0.1)).toBe("(a (b:1.2):1.2)");
  });
  it("change those of the innermost brackets", () => {
    expect(weigh("(a (b| c:1.2) d:1.1)", 0.1)).toBe("(a (b c:1.3) d:1.1)");
    expect(weigh("(a (b c:1.2) |d:1.1)", 0.1)).toBe("(a (b c:1.2) d:1.2)");
  });
  it("do nothing where there is no word", () => expect(weigh("a,  |  ,b", 0.1)).toBeNull());
  it("leave the same thing selected, so that the key can be pressed again", () => {
    let [text, start, end] = ["cat", 0, 3];
    for (let i = 0; i < 3; i++) {
      const edit = changeWeight(text, start, end, 0.05);
      [text, start, end] = [done(text, edit) ?? "", edit?.from ?? 0, edit?.to ?? 0];
    }
    expect(text).toBe("(cat:1.15)");
  });
});

describe("names", () => {
  it("are completed behind their word", () => {
    const text = "a pear, embedding:sof";
    const typed = nameBeingTyped(text, text.length);
    expect(typed).toMatchObject({ kind: "embedding", query: "sof" });
    expect(done(text, typed && completeName(typed, text.length, "light/soft.pt"))).toBe(
      "a pear, embedding:light/soft",
    );
  });
  it("of LoRAs get a strength", () => {
    const typed = nameBeingTyped("<lora:", 6);
    expect(done("<lora:", typed && completeName(typed, 6, "ink.safetensors"))).toBe("<lora:ink:1>");
  });
  it("end with them", () => {
    expect(nameBeingTyped("embedding:soft, and", 19)).toBeNull();
    expect(nameBeingTyped("<lora:ink:1>", 12)).toBeNull();
  });
});
