// Whatever word of a program is damaged: verifyProgram accepts or rejects and printProgram prints, neither breaks; and what is
// accepted touches nothing but what it may and relies on nothing that was not written.
import { JsExecutor, type Program } from "simdgrad";
import { printProgram, verifyProgram } from "simdgrad/debug";
import { afterAll, expect, test } from "vitest";
import { sizeOf } from "../../src/shape.ts";
import { batched, dense, maps, moving, nest, recurrent, reuse, stepping } from "../compile/programs.ts";
import { thrown } from "../thrown.ts";
import { Draft } from "./draft.ts";

const executors = [false, true].map((poison) => new JsExecutor({ precision: "float64", poison }));
afterAll(() => Promise.all(executors.map((each) => each.dispose())));

/** All outputs and variables after a step. */
async function results(executor: JsExecutor, program: Program): Promise<string> {
  const id = await executor.load(program);
  const { inputs, outputs, variables } = program;
  const slots = [
    ...inputs.map(({ name, shape }) => ({ slot: { program: id, name }, shape })),
    ...variables.map(({ key, shape }) => ({ slot: { variable: key }, shape })),
  ];
  for (const { slot, shape } of slots) {
    const data = Array.from({ length: sizeOf(shape) }, (_, i) => i % 3);
    await executor.write(slot, data);
  }
  await executor.run([[id, 1]]).done;
  const values = await Promise.all([
    ...outputs.map(({ name }) => executor.read({ program: id, name })),
    ...slots.map(({ slot }) => executor.read(slot)),
  ]);
  await executor.unload(id);
  return values.map((list) => list.join()).join("; ");
}

const bases = { dense, recurrent, moving, maps, batched, reuse, nested: () => nest(3), stepping: () => stepping(0, 1) };

test.each(Object.entries(bases))("the program %s, damaged", async (_name, base) => {
  const program = base();
  let accepted = 0;
  for (let word = 0; word < program.code.length; word++) {
    const old = program.code[word];
    for (const value of [0, -1, old + 1, old - 1, old ^ 16, old ^ (1 << 8), program.code[word - 1], 1 << 30, 1 << 31]) {
      const draft = new Draft(program);
      draft.code[word] = value;
      const message = thrown(() => verifyProgram(draft.program));
      expect(message).toMatch(/^(ProgramError|nothing)/);
      expect(printProgram(draft.program)).toContain("arena");
      if (message !== "nothing" || Math.abs(value) >= 1 << 30) continue; // a loop of so many turns is valid, but long
      accepted++;
      const [clean, poisoned] = await Promise.all(executors.map((each) => results(each, draft.program)));
      if (clean !== poisoned) expect.fail(`word ${word} from ${old} to ${value}:\n${printProgram(draft.program)}`);
    }
  }
  expect(accepted).toBeGreaterThan(0);
});
