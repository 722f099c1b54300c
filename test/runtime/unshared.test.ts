// Who is alone shares no memory: engines have had faults in shared ones that grow.
import { expect, test } from "vitest";
import { wasm } from "../../src/runtime/wasm/generated/portable.ts";
import { createWasmMachine, decoded } from "../../src/runtime/wasm/machine.ts";
import { unshared } from "../../src/runtime/wasm/unshared.ts";

const bytes = decoded(wasm);

test.each([
  [1, ArrayBuffer],
  [2, SharedArrayBuffer],
])("a machine of %i threads has the memory that it needs, also when it has grown", async (threads, kind) => {
  const machine = await createWasmMachine(bytes, { threads });
  expect(machine.memory.f.buffer).toBeInstanceOf(kind);
  const before = machine.memory.f.length;
  machine.grow(before + 1);
  expect(machine.memory.f.buffer).toBeInstanceOf(kind);
  expect(machine.memory.f.length).toBeGreaterThan(before);
  await machine.dispose();
});

test("a team's memory has room for most networks from the start", async () => {
  const machine = await createWasmMachine(bytes, { threads: 2 });
  const { buffer } = machine.memory.f;
  machine.grow(2 ** 23);
  expect(machine.memory.f.buffer).toBe(buffer);
  await machine.dispose();
});

test("only a module that imports a shared memory is changed, and in one byte", () => {
  const own = unshared(bytes);
  expect(own.filter((byte, at) => byte !== bytes[at])).toHaveLength(1);
  expect(() => unshared(own)).toThrow(RangeError);
  expect(() => unshared(new Uint8Array(8))).toThrow(RangeError);
});
