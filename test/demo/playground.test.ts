// What a link of the playground says, and which of it can be followed.
import { describe, expect, test } from "vitest";
import { fields, sound } from "../../demo/web/playground/settings.ts";

function followed(text: string) {
  const entries = Object.entries(fields).map(([name, { fallback }]) => [name, fallback]);
  return sound({ ...Object.fromEntries(entries), changes: fields.changes.parse(text) ?? [] }).changes;
}

describe("changes of a link", () => {
  test("are followed as they are written", () => {
    const text = "5*rate_0.01*data_circles**9*2.weight_7_0.25";
    expect(fields.changes.write(followed(text))).toBe(text);
  });

  test.each(["10*toString_1", "10*constructor_1", "10*rate"])("%s is none", (text) => {
    expect(fields.changes.parse(text)).toBeUndefined();
  });

  test("leave out own points that are missing, other classes and weights that are not there, and nothing else", () => {
    expect(followed("5*data_own")).toEqual([]);
    expect(followed("5*data_spiral3*rate_1")).toEqual([{ step: 5, set: { rate: 1 } }]);
    expect(followed("5*99.weight_0_1**6*0.weight_16_1**7*4.bias_1_2")).toEqual([
      { step: 7, set: {}, weight: { path: "4.bias", index: 1, value: 2 } },
    ]);
  });
});
