// Users who have more than the package: frameworks and test runners, which their folders find in node_modules above them.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PORTABLE_HASH } from "../portable/expected.ts";
import { type Headers, isolation } from "./serve.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Where such folders must be. */
export const above = `${here}build/`;

const env = { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "", NEXT_TELEMETRY_DISABLED: "1" };

/** Milliseconds for a build. */
const PATIENCE = 180_000;

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** @throws Error if it fails, with what it printed */
function run(cwd: string, program: string, ...args: string[]): string {
  const options = { cwd, env, encoding: "utf8", timeout: PATIENCE } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${here}node_modules/${program}`, ...args], options);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

/** A component that trains whenever it is mounted, and tells `told` of each training. */
const component = (training: string) => `"use client";
import { createElement, useEffect, useState } from "react";
import { spawn } from "simdgrad/worker";
import { train } from "${training}";

export function Training() {
  const [shown, show] = useState("trains");
  useEffect(() => {
    let isMounted = true;
    const threads = new URL(location.href).searchParams.get("threads");
    const outcome = train(spawn, threads === null ? "auto" : Number(threads));
    told(outcome);
    outcome.then(({ hash }) => isMounted && show(hash));
    return () => {
      isMounted = false;
    };
  }, []);
  return createElement("p", null, shown);
}
`;

/** Makes \`outcome\` of the page: that of so many trainings, if it is the same. */
const told = (times: number) => `
const outcomes = [];
var outcome = new Promise((resolve, reject) => {
  window.told = (each) => {
    if (outcomes.push(each) < ${times}) return;
    Promise.all(outcomes).then((all) => {
      if (new Set(all.map((one) => JSON.stringify(one))).size === 1) resolve(all[0]);
      else reject(new Error("not the same: " + JSON.stringify(all)));
    }, reject);
  };
});
`;

/** A page of React in StrictMode, which mounts every component twice where it is served for development. */
export function writeReact(folder: string): void {
  write(folder, {
    "index.html": `<!doctype html><html lang="en"><head><title>User</title><script>${told(2)}</script></head><body><div id="root"></div><script type="module" src="/main.js"></script></body></html>`,
    "Training.js": component("./interop/app/training.js"),
    "main.js": `
import { createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Training } from "./Training.js";

createRoot(document.getElementById("root")).render(createElement(StrictMode, null, createElement(Training)));
`,
  });
}

/** A site of Next, built. Its pages are isolated where an address asks for threads. */
export function buildNext(folder: string): void {
  const list = (headers: Headers) => Object.entries(headers).map(([key, value]) => ({ key, value }));
  const asked = [{ type: "query", key: "threads" }];
  const { "Cross-Origin-Embedder-Policy": embedder } = isolation;
  const headers = [
    { source: "/", has: asked, headers: list(isolation) },
    { source: "/_next/:path*", headers: list({ "Cross-Origin-Embedder-Policy": embedder }) },
  ];
  write(folder, {
    "next.config.mjs": `export default {
  turbopack: { root: ${JSON.stringify(here)} },
  headers: async () => ${JSON.stringify(headers)},
};`,
    "app/layout.js": `
export default function Layout({ children }) {
  return (
    <html lang="en">
      <head><script dangerouslySetInnerHTML={{ __html: ${JSON.stringify(told(1))} }} /></head>
      <body>{children}</body>
    </html>
  );
}`,
    "app/Training.js": component("../interop/app/training.js"),
    "app/page.js": `
import { Training } from "./Training.js";

export default function Page() {
  return <Training />;
}`,
  });
  run(folder, "next/dist/bin/next", "build");
}

/** Serves the site that was built. */
export async function startNext(folder: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const args = [`${here}node_modules/next/dist/bin/next`, "start", "--hostname", "127.0.0.1", "--port", "0"];
  const server = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const end = () => server.kill();
  process.once("exit", end);
  return {
    url: await urlOf(server),
    async close() {
      process.off("exit", end);
      const exited = once(server, "exit");
      server.kill();
      await exited;
    },
  };
}

/** What it prints when it serves. */
function urlOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const hear = (text: string) => {
      printed += text;
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(printed) ?? [];
      if (url !== undefined && /Ready/.test(printed)) resolve(`${url}/`);
    };
    for (const stream of [server.stdout, server.stderr]) stream?.setEncoding("utf8").on("data", hear);
    server.once("exit", () => reject(new Error(`next start\n${printed}`)));
  });
}

/** Trains in a test of Vitest, beside the page that jsdom makes. */
export function testInJsdom(folder: string): string[] {
  write(folder, {
    "vitest.config.js": `export default { test: { environment: "jsdom", include: ["training.test.js"] } };`,
    "training.test.js": `
import { WasmExecutor } from "simdgrad";
import { spawn } from "simdgrad/worker";
import { expect, test } from "vitest";
import { train } from "./interop/app/training.js";

test.each([
  ["in a worker", spawn],
  ["on its own thread", ({ threads, build }) => new WasmExecutor({ threads, build })],
])("trains beside a page, %s", async (_, start) => {
  expect(document.body.tagName).toBe("BODY");
  expect(await train(start, 2)).toEqual({ hash: "${PORTABLE_HASH}", threads: 2, relaxed: "wasm-relaxed" });
}, 30_000);
`,
  });
  const printed = run(folder, "vitest/vitest.mjs", "run");
  return /Tests +2 passed/.test(printed) ? [] : [printed];
}
