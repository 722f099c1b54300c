// The training as a program for Node: what the page's worker runs, without the page.
import { excerpt } from "./excerpt.ts";
import { type Settings, ways } from "./settings.ts";

/** Of the modules of demo/node that the trainings are made of. */
export type Sources = Readonly<Record<"shared" | Settings["way"], readonly string[]>>;

/** The program that makes so many updates, or all if there are none yet, and prints the loss of the last. */
export function codeOf({ way, length, gravity, force, seed }: Settings, updates: number, sources: Sources): string {
  const { name, steps } = ways[way];
  const main = `// ${name}, on a pole of ${length} m under a gravity of ${gravity} m/s², with pushes of ${force} N.
import { WasmExecutor } from "simdgrad";

const executor = new WasmExecutor({ build: "portable", threads: 1 }); // the same bits on every machine
const pole = { length: ${length}, gravity: ${gravity}, force: ${force} };
const learner = await ${way}({ executor, seed: ${seed}, steps: ${steps}, pole });
let last: Update | undefined;
let made = 0;
for await (const update of learner.updates) {
  last = update;
  for (const length of update.lengths) console.log(\`an episode of \${length} steps\`);
  if (++made === ${updates || "Number.POSITIVE_INFINITY"}) break;
}
await learner.end();
await executor.dispose();
console.log("loss of the last update:", last?.loss);
`;
  return excerpt([...sources.shared, ...sources[way]], main);
}
