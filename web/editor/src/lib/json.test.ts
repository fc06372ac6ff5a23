import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson, stringifyJson } from "./json";

describe("exact JSON", () => {
  it("keeps the largest 64-bit seed digit for digit", () => {
    const text = '{"seed":18446744073709551615,"list":[9007199254740993,-9007199254740993]}';
    expect(stringifyJson(parseJson(text))).toBe(text);
  });

  it("leaves ordinary numbers as numbers, also beside a long one", () => {
    expect(parseJson('{"a":1,"b":0.5,"c":1e3,"d":12345678901234567}')).toEqual({
      a: 1,
      b: 0.5,
      c: 1000,
      d: 12345678901234567n,
    });
  });

  it("reads what Python writes for non-finite numbers", () => {
    expect(parseJson('[NaN, Infinity, -Infinity, "NaN"]')).toEqual([null, null, null, "NaN"]);
  });

  it("reads the same as JSON.parse, whichever path it takes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify([value, "1234567890123456"]);
        expect(JSON.parse(stringifyJson(parseJson(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  it("indents like JSON.stringify", () => {
    const value = { a: [1, { b: [] }], c: {}, d: "x" };
    expect(stringifyJson(value, 2)).toBe(JSON.stringify(value, null, 2));
  });

  it("says where the text stops being JSON", () => {
    expect(() => parseJson("[1234567890123456, }")).toThrow(/character 20/);
  });
});
