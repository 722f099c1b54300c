// One of our executors in a process of its own: `node step-child.ts FOLDER KIND THREADS`, FOLDER with a start. It speaks the protocol
// of child.ts, as the peers do.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { type OwnKind, startFloor, startOwn } from "./own.ts";
import { decodeStart } from "./start-file.ts";

const [folder, kind, threads] = process.argv.slice(2);
const start = decodeStart(
  readFileSync(`${folder}/start.json`, "utf8"),
  Uint8Array.from(readFileSync(`${folder}/start.bin`)).buffer,
);
const runner = await (kind === "floor" ? startFloor(start) : startOwn(start, kind as OwnKind, Number(threads)));
console.log(JSON.stringify({ engine: runner.engine }));
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await runner.ask(Number(line))));
await runner.end();
