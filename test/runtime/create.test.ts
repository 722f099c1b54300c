// Which executor a platform gets, what is said about it, and that it lets the process end.
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import { UnsupportedError } from "../../src/errors.ts";
import { createExecutor } from "../../src/runtime/create.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";

const threads = Math.min(16, availableParallelism());

afterEach(() => {
  vi.restoreAllMocks();
});

/** Makes this platform one whose engine takes modules of up to so many bytes: the probe of relaxed SIMD is the longer one. */
function engineThatTakes(bytes: number): void {
  vi.spyOn(WebAssembly, "validate").mockImplementation((module) => module.byteLength <= bytes);
}

test("with relaxed SIMD, the relaxed build", async () => {
  const executor = createExecutor();
  expect(executor.info).toEqual({ name: "wasm-relaxed", tile: "6x8", threads, fallback: "" });
  await executor.dispose();
});

test("without relaxed SIMD, the portable build, and why", async () => {
  engineThatTakes(31);
  const executor = createExecutor();
  expect(executor.info).toEqual({
    name: "wasm-portable",
    tile: "4x8",
    threads,
    fallback: "no relaxed SIMD on this platform",
  });
  await executor.dispose();
  expect(() => new WasmExecutor({ build: "relaxed" })).toThrow(UnsupportedError);
});

test("without any SIMD, JavaScript, with one warning; a WasmExecutor by name is an error", async () => {
  engineThatTakes(0);
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  const executor = createExecutor();
  expect(executor.info.name).toBe("js");
  expect(executor.info.fallback).toContain("no WebAssembly SIMD");
  expect(warn).toHaveBeenCalledTimes(1);
  await executor.dispose();
  expect(() => new WasmExecutor()).toThrow(UnsupportedError);
});

test("idle and paused executors let the process end", () => {
  const index = new URL("../../src/index.ts", import.meta.url).href;
  const script = `
    import { compile, createExecutor, JsExecutor, Variable } from ${JSON.stringify(index)};
    for (const executor of [createExecutor(), new JsExecutor()]) {
      const n = new Variable([], 0);
      const id = await executor.load(compile({ assignments: [[n, n.add(1)]] }));
      await executor.run([[id, 3]]).done;
      const run = executor.run([[id, 1]], { repeat: Infinity });
      while (run.steps === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await run.pause();
    }
    console.log("paused");
  `;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 20_000,
  });
  expect(printed.trim()).toBe("paused");
});
