// The side of a worker that runs a module of the caller's: how it speaks with whoever started it. module-worker.ts is the other side.
import { nodeThreads } from "../runtime/wasm/node.ts";
import type { Began, Begin } from "./module-worker.ts";

/** How this worker speaks with whoever started it. */
export interface Port<To, From> {
  say(message: From, transfer?: readonly ArrayBufferLike[]): void;
  /** Everything but the first message, which is answered. */
  hear(listener: (message: To) => void): void;
}

/** The port of this worker; undefined outside workers, and where one of that name is served already. */
export function portOf<To extends object, From>(name: string): Port<To, From> | undefined {
  const port = ownPort();
  // WebKit evaluates a worker's first module again where a chunk that a bundler made imports it: two would answer.
  const scope = globalThis as { simdgradServed?: Record<string, true> };
  scope.simdgradServed ??= {};
  if (port === undefined || scope.simdgradServed[name]) return undefined;
  scope.simdgradServed[name] = true;
  return {
    say: (message, transfer = []) => port.say(message, transfer),
    hear: (listener) =>
      port.hear((message: Begin | To) => {
        if ("begin" in message) void begin(message.begin, port.say);
        else listener(message);
      }),
  };
}

type Say = (message: unknown, transfer: readonly ArrayBufferLike[]) => void;

function ownPort(): { say: Say; hear(listener: (message: never) => void): void } | undefined {
  const parent = nodeThreads()?.parentPort;
  if (parent)
    return {
      say: (message, transfer) => parent.postMessage(message, transfer as never),
      hear: (listener) => parent.on("message", (message) => listener(message as never)),
    };
  if (typeof self === "undefined" || typeof document !== "undefined") return undefined;
  const scope = self as unknown as Worker;
  return {
    say: (message, transfer) => scope.postMessage(message, transfer as Transferable[]),
    hear: (listener) => scope.addEventListener("message", ({ data }) => listener(data as never)),
  };
}

/** Says that it is there, holding the lock by which a page learns of its end. */
async function begin(lock: string, say: Say): Promise<void> {
  const began = (locked: boolean) => say({ began: true, locked } satisfies Began, []);
  if (lock === "" || typeof navigator === "undefined" || !navigator.locks) return began(false);
  await navigator.locks.request(lock, () => {
    began(true);
    return new Promise(() => {}); // for life
  });
}
