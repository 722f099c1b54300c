// Files that went wrong on their way: what is read of them is what was written, or a typed error tells.
import { parseCheckpoint, parseSafetensors, serializeSafetensors } from "simdgrad/io";
import { expect, test } from "vitest";
import { mutated, outcomeOf } from "../data/mutations.ts";
import { bytes, sealed, state } from "./saved.ts";

const MUTATIONS = process.env.SOAK ? 100_000 : 1000;

test(`${MUTATIONS} changed checkpoints: a typed error or what was written`, { timeout: 600_000 }, async () => {
  const written = await outcomeOf(parseCheckpoint, bytes);
  let refused = 0;
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const file = mutated(bytes, seed);
    const outcome = await outcomeOf(parseCheckpoint, file);
    if (/^DataError: (safetensors|checkpoint): /.test(outcome)) refused++;
    else expect({ seed, outcome }).toEqual({ seed, outcome: written });
    // Where the checksum does not find it: the checks behind it have to.
    if (file.length > 50) await outcomeOf(parseCheckpoint, sealed(file));
  }
  expect(refused).toBeGreaterThan(0.9 * MUTATIONS);
});

test(`${MUTATIONS} changed safetensors: a typed error, or arrays as long as their shapes`, {
  timeout: 600_000,
}, async () => {
  const file = serializeSafetensors(state, { note: "x" });
  for (let seed = 0; seed < MUTATIONS; seed++)
    await outcomeOf(
      (given) => {
        const { tensors } = parseSafetensors(given);
        for (const { data, shape } of Object.values(tensors))
          expect(data.length).toBe(shape.reduce((size, length) => size * length, 1));
        return tensors;
      },
      mutated(file, seed),
    );
});
