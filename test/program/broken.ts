// The catalogue of broken programs: each is a valid one with one thing changed, and is rejected for that.
import { verifyProgram } from "simdgrad/debug";
import { describe, expect, test } from "vitest";
import type { Program } from "../../src/program/program.ts";
import { thrown } from "../thrown.ts";
import { Draft } from "./draft.ts";

/** What is broken, in which program, by which change, and the end of the message (all of it, where it names no instruction). */
export type Broken = readonly [name: string, base: () => Program, damage: (draft: Draft) => unknown, reason: string];

/** A change that is in the program already. */
export const asItIs = (): void => {};

export function rejects(what: string, catalogue: readonly Broken[]): void {
  describe(`verifyProgram rejects ${what}`, () => {
    test.each(catalogue)("%s", (_name, base, damage, reason) => {
      if (damage !== asItIs) expect(thrown(() => verifyProgram(base()))).toBe("nothing");
      const draft = new Draft(base());
      damage(draft);
      const message = thrown(() => verifyProgram(draft.program));
      expect(message.slice(0, 14)).toBe("ProgramError: ");
      expect(message.slice(-reason.length)).toBe(reason);
    });
  });
}
