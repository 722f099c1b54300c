// The page that runs the browser's tests is cross-origin isolated: without the headers everything would silently run on one thread.
import { expect, test } from "vitest";

test("the page is cross-origin isolated", () => {
  expect(crossOriginIsolated).toBe(true);
  expect(new SharedArrayBuffer(8).byteLength).toBe(8);
});

test("the browser runs both builds' instructions: SIMD, threads and relaxed SIMD", () => {
  // (module (memory 1 1 shared) (func (result v128) (f32x4.relaxed_madd (v128.const ...) (v128.const ...) (v128.const ...))))
  const constant = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
  const body = [0, ...constant, ...constant, ...constant, 0xfd, 0x85, 0x02, 0x0b];
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1];
  expect(WebAssembly.validate(new Uint8Array([...bytes, 10, body.length + 2, 1, body.length, ...body]))).toBe(true);
});
