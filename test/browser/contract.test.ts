// The executors keep the contract in a page, too, where turns come by messages.
import { JsExecutor, UnsupportedError, WasmExecutor } from "simdgrad";
import { describe, expect, inject, test } from "vitest";
import { executorContract } from "../runtime/contract.ts";

const { relaxedSimd } = inject("features");

describe.skipIf(!relaxedSimd)("where there is relaxed SIMD", () => {
  executorContract("WasmExecutor, relaxed, in a page", (options) => new WasmExecutor({ ...options, build: "relaxed" }));

  test("it is what an executor takes", async () => {
    const executor = new WasmExecutor({ threads: 1 });
    expect(executor.info).toMatchObject({ name: "wasm-relaxed", fallback: "" });
    await executor.dispose();
  });
});

describe.skipIf(relaxedSimd)("where there is no relaxed SIMD", () => {
  test("an executor takes the portable build, and says why", async () => {
    const executor = new WasmExecutor({ threads: 1 });
    expect(executor.info).toMatchObject({ name: "wasm-portable", fallback: "no relaxed SIMD on this platform" });
    await executor.dispose();
  });

  test("asking for the relaxed build is an error", () => {
    expect(() => new WasmExecutor({ build: "relaxed" })).toThrow(UnsupportedError);
  });
});

executorContract("WasmExecutor, portable, in a page", (options) => new WasmExecutor({ ...options, build: "portable" }));
executorContract("JsExecutor in a page", (options) => new JsExecutor(options));
