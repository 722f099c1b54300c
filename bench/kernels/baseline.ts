// A child process (child.ts) as its parent sees it.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TypedArray } from "../../src/runtime/executor.ts";

export interface Baseline {
  readonly results: readonly TypedArray[];
  /** Seconds of a step. */
  sample(): Promise<number>;
  end(): void;
}

const file = fileURLToPath(new URL("child.ts", import.meta.url));

export async function startBaseline(name: string, precision: "float32" | "float64"): Promise<Baseline> {
  const child = fork(file, [name, precision], { serialization: "advanced" });
  const results = (await answer(child)) as readonly TypedArray[];
  return {
    results,
    async sample() {
      child.send("sample");
      return (await answer(child)) as number;
    },
    end: () => child.disconnect(),
  };
}

async function answer(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const [message] = await Promise.race([
    once(child, "message", { signal: ended.signal }),
    once(child, "exit", { signal: ended.signal }).then(([code]) => {
      throw new Error(`a child process ended with ${code}`);
    }),
  ]).finally(() => ended.abort());
  return message;
}
