// A script for Node that imports all of the package where there is no page, and prints what that touched and left running.
import { readFileSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const touched: string[] = [];
for (const name of ["window", "document", "self", "navigator", "location", "Worker", "crossOriginIsolated"]) {
  const get = () => void touched.push(name);
  Object.defineProperty(globalThis, name, { configurable: true, get });
}
process.on("worker", () => touched.push("worker_threads"));

const manifest = fileURLToPath(import.meta.resolve("simdgrad/package.json"));
const { exports } = JSON.parse(readFileSync(manifest, "utf8")) as { exports: Record<string, string | object> };
const names = Object.keys(exports).filter((name) => !name.endsWith(".js") && typeof exports[name] === "object");
for (const name of names) await import(name.replace(".", "simdgrad"));
// Node 20 is a moment behind with closing the files of modules.
for (let i = 0; i < 50 && process.getActiveResourcesInfo().length > 0; i++) await setTimeout(20);
const left = process.getActiveResourcesInfo();
// Not console.log, which would open standard output as a resource.
writeSync(1, JSON.stringify({ touched, left }));
