// Every mistake that docs/errors.md lists gets an error on purpose, which says more than that something went wrong.
import { expect, test, vi } from "vitest";
import { SimdgradError } from "../../src/index.ts";
import { mistakes, saidOf } from "./mistakes.ts";

test.each([...mistakes])(
  "mistakes about %s are told in words",
  async (_, codes) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    for (const { code, error } of await saidOf(codes)) {
      expect({ code, typed: error instanceof SimdgradError, error }).toMatchObject({ typed: true });
      expect({ code, long: error.message.length > 300 }).toEqual({ code, long: false });
    }
    warn.mockRestore();
  },
  30_000,
);

test("there are mistakes of all kinds", () => {
  expect([...mistakes.values()].flat().length).toBeGreaterThan(100);
});
