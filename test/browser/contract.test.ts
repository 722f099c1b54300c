// The executors keep the contract in a page, too, where turns come by messages.
import { JsExecutor, UnsupportedError, WasmExecutor } from "simdgrad";
import { describe, expect, inject, test } from "vitest";
import { executorContract } from "../runtime/contract.ts";

const { relaxedSimd } = inject("features");

describe.skipIf(!relaxedSimd)("where there is relaxed SIMD", () => {
  executorContract("WasmExecutor, relaxed, in a page", (options) => new WasmExecutor({ ...options, build: "relaxed" }));
});
executorContract("WasmExecutor, portable, in a page", (options) => new WasmExecutor({ ...options, build: "portable" }));
executorContract("JsExecutor in a page", (options) => new JsExecutor(options));

test("an executor takes the relaxed build, or the portable one and says why", async () => {
  const executor = new WasmExecutor({ threads: 1 });
  expect(executor.info).toMatchObject(
    relaxedSimd
      ? { name: "wasm-relaxed", fallback: "" }
      : { name: "wasm-portable", fallback: "no relaxed SIMD on this platform" },
  );
  await executor.dispose();
});

if (!relaxedSimd)
  test("asking for a build that the engine lacks is an error", () => {
    expect(() => new WasmExecutor({ build: "relaxed" })).toThrow(UnsupportedError);
  });
