// Where a training runs: the choices, how each is made, and what came of it in words.
import { createExecutor, type Executor } from "simdgrad";
import { spawn } from "simdgrad/worker";

export type Place = "threads" | "one" | "js" | "page";

export const places: readonly { readonly place: Place; readonly name: string; readonly note: string }[] = [
  { place: "threads", name: "Worker, all threads", note: "The fastest. This page stays free." },
  { place: "one", name: "Worker, one thread", note: "The same numbers, bit for bit." },
  { place: "js", name: "Worker, plain TypeScript", note: "No WebAssembly at all." },
  { place: "page", name: "This page’s own thread", note: "Watch the frames below suffer." },
];

/** An executor for a place; workers that die have successors that go on. The portable build gives the same bits on every machine. */
export function open(place: Place, build: "fastest" | "portable" = "fastest"): Promise<Executor> {
  const portable = build === "portable" ? ({ build } as const) : {};
  if (place === "page") return Promise.resolve(createExecutor(portable));
  if (place === "js") return spawn({ executor: "js", respawn: true });
  return spawn({ threads: place === "one" ? 1 : "auto", respawn: true, ...portable });
}

const names: Readonly<Record<string, string>> = {
  "wasm-relaxed": "relaxed SIMD WebAssembly",
  "wasm-portable": "portable SIMD WebAssembly",
  js: "plain TypeScript",
};

/** What runs, in a sentence or two: with the reason, where it is less than was asked for. */
export function describe(place: Place, { name, threads, fallback }: Executor["info"]): string {
  const where =
    place === "page" ? "on this page’s thread" : `in a worker with ${threads} thread${threads === 1 ? "" : "s"}`;
  return `${capital(names[name] ?? name)}, ${where}.${reason(place, fallback)}`;
}

function reason(place: Place, fallback: string): string {
  if (fallback === "" || (place === "page" && !fallback.includes("SIMD"))) return "";
  if (fallback.includes("not cross-origin isolated")) return ` ${isolationHint}`;
  return ` ${capital(fallback)}.`;
}

/** Where pages cannot share memory with workers. */
export const isolationHint =
  "One thread, because this page is not cross-origin isolated: its server can send Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.";

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
