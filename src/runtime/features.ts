// What the platform offers. Asked when an executor is made, never at import.
// (module (func (result v128) (i8x16.popcnt (i8x16.splat (i32.const 0))))), and the same with i8x16.relaxed_swizzle.
const HEADER = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0];
const SIMD = [...HEADER, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
const RELAXED = [...HEADER, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11];

function validates(module: readonly number[]): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(new Uint8Array(module));
}

/** Fixed-width SIMD in WebAssembly. */
export function hasSimd(): boolean {
  return validates(SIMD);
}

/** Relaxed SIMD (fused multiply-add) in WebAssembly. */
export function hasRelaxedSimd(): boolean {
  return validates(RELAXED);
}

/**
 * V8 before 11.4 (Node 20, Chrome 113). It schedules all loads of a loop first, so a tile of 3 x 12 does not fit into registers: 17
 * GFLOP/s where 4 x 8 has 24 to 33.
 */
export function isOldV8(): boolean {
  const isV8 =
    globalThis.process?.versions?.v8 !== undefined || /Chrom(e|ium)\//.test(globalThis.navigator?.userAgent ?? "");
  return isV8 && !hasRelaxedSimd();
}
