// The page that runs the browser's tests is cross-origin isolated, and the engine has what it is known to have: without the headers,
// or with a feature gone, everything would silently run on one thread or in the portable build.
import { expect, inject, test } from "vitest";
import { hasRelaxedSimd, hasSimd } from "../../src/runtime/features.ts";

const { sharedMemory, relaxedSimd } = inject("features");

test("the page is cross-origin isolated", () => {
  expect(crossOriginIsolated).toBe(true);
});

test("memory can be shared with workers in engines that are known for it", () => {
  expect(typeof SharedArrayBuffer).toBe(sharedMemory ? "function" : "undefined");
});

test("a memory of the shared kind works whether or not it can be sent to a worker", () => {
  const memory = new WebAssembly.Memory({ shared: true, initial: 1, maximum: 65536 });
  const words = new Int32Array(memory.buffer);
  Atomics.store(words, 3, 7);
  expect(Atomics.load(words, 3)).toBe(7);
  memory.grow(1);
  expect(memory.buffer.byteLength).toBe(2 * 65536);
  expect(new Int32Array(memory.buffer)[3]).toBe(7);
});

test("the browser runs SIMD, and relaxed SIMD in engines that are known for it", () => {
  expect(hasSimd()).toBe(true);
  expect(hasRelaxedSimd()).toBe(relaxedSimd);
  // (module (memory 1 1 shared) (func (result v128) (f32x4.relaxed_madd (v128.const ...) (v128.const ...) (v128.const ...))))
  const constant = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
  const body = [0, ...constant, ...constant, ...constant, 0xfd, 0x85, 0x02, 0x0b];
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1];
  const module = new Uint8Array([...bytes, 10, body.length + 2, 1, body.length, ...body]);
  expect(WebAssembly.validate(module)).toBe(relaxedSimd);
});
