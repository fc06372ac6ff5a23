import { describe, expect, it } from "vitest";
import { calculate } from "./arithmetic";

describe("sums in a number field", () => {
  it.each([
    ["2*3+4", 10n],
    ["(512 + 64) / 8", 72n],
    ["2^63 + 5", 9223372036854775813n],
    ["2**3**2", 512n],
    ["-2^2", -4n],
    ["1_000 % 7", 6n],
    ["7/2", 3.5],
    ["1e3", 1000],
    ["sqrt(16) + .5", 4.5],
    ["2*pi", 2 * Math.PI],
  ])("%s", (text, value) => expect(calculate(text, 0)).toBe(value));

  it("go on from the value that is there when they begin with an operator", () => {
    expect(calculate("*2", 18446744073709551615n)).toBe(36893488147419103230n);
    expect(calculate("/4", -1)).toBe(-0.25);
    expect(calculate("-5", 100)).toBe(-5n);
  });

  it.each([
    "",
    "abc",
    "1+",
    "(1",
    "1)",
    "2 3",
    "1/0",
    "sqrt",
    "0^-1",
    "9^9^9^9^9",
    "__proto__",
    "constructor(1)",
  ])("%j is none", (text) => expect(calculate(text, 1)).toBeNull());
});
