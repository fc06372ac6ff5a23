import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addFloat, addInt, decimals, randomInt, readFloat, readInt, snap } from "./numeric";

const MAX64 = 18446744073709551615n;

describe("number widgets", () => {
  it("steps a 64-bit seed by exactly one", () => {
    expect(addInt(MAX64 - 1n, 1, { min: 0, max: MAX64 })).toBe(MAX64);
    expect(addInt(MAX64, 1, { min: 0, max: MAX64 })).toBe(MAX64);
    expect(addInt(2 ** 53 - 1, 2, {})).toBe(9007199254740993n);
  });

  it("steps floats without binary dust", () => {
    expect(addFloat(0.1, 0.2, 0.01, {})).toBe(0.3);
    expect(addFloat(0.95, 0.1, 0.01, { max: 1 })).toBe(1);
    expect(snap(7.04999, 0.05)).toBe(7.05);
    expect(decimals(1e-7)).toBe(7);
  });

  it("reads what people type", () => {
    expect(readInt(" 18446744073709551615 ")).toBe(MAX64);
    expect(readInt("1 000")).toBe(1000n);
    expect(readInt("1e3")).toBe(1000n);
    expect(readInt("red")).toBeNull();
    expect(readInt("")).toBeNull();
    expect(readFloat("0,5")).toBe(0.5);
    expect(readFloat("-")).toBeNull();
  });

  it("draws random integers inside any 64-bit range", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, MAX64), fc.bigInt(0n, MAX64), (a, b) => {
        const [min, max] = a < b ? [a, b] : [b, a];
        const drawn = randomInt(min, max);
        expect(drawn >= min && drawn <= max).toBe(true);
      }),
    );
  });
});
