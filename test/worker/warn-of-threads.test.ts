// Who has one thread for want of headers hears of it when there is work for more, and once.
import { compile, input } from "simdgrad";
import { expect, test, vi } from "vitest";
import type { Program } from "../../src/program/program.ts";
import { warnOfThreads } from "../../src/worker/warn-of-threads.ts";

function product(size: number): Program {
  const [a, b] = [input([size, size]), input([size, size])];
  return compile({ inputs: { a, b }, outputs: { c: a.matmul(b) } });
}

test("one thread is warned of with the first program that more would be faster for, once", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const info = { name: "wasm-relaxed", tile: "", threads: 1, fallback: "one thread: no headers" } as const;
  const executor: Parameters<typeof warnOfThreads>[0] = { info, onLoad: undefined };
  warnOfThreads(executor);
  for (const size of [4, 512, 512]) {
    await executor.onLoad?.(product(size));
    expect(warn.mock.calls).toEqual(size === 4 ? [] : [["simdgrad: one thread: no headers"]]);
  }
  warn.mockRestore();
});
