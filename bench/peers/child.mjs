// One peer in a process of its own: `node child.mjs FOLDER PEER [SETTING]`, FOLDER with a start. It speaks the protocol of ../child.ts.
// A peer is a module here: `startPeer(start, setting)` gives a function that makes so many steps and gives the last loss.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { decodeStart } from "../start-file.ts";
import { answer } from "./runner.mjs";
import { engineOf, packages } from "./versions.mjs";

const [folder, peer, setting] = process.argv.slice(2);
console.log = console.error; // some engines greet on stdout, where only answers belong
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** What a peer cannot do, it says in its own words. */
async function answered(run, steps) {
  try {
    return await answer(run, steps);
  } catch (error) {
    return { missing: error instanceof Error ? error.message.split("\n")[0] : `${error}` };
  }
}

const needed = packages[peer];
const engine = needed === undefined ? "JavaScript" : engineOf(needed);
if (engine === undefined) say({ missing: `${needed} is not installed (npm run bench:peers)` });
else {
  const { startPeer } = await import(`./${peer}.mjs`);
  const binary = Uint8Array.from(readFileSync(`${folder}/start.bin`)).buffer;
  const run = await startPeer(decodeStart(readFileSync(`${folder}/start.json`, "utf8"), binary), setting);
  say({ engine });
  for await (const line of createInterface({ input: process.stdin })) say(await answered(run, Number(line)));
}
