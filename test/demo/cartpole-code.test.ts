// The trainings of the page of the cart and its pole as programs for Node.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dqn } from "../../demo/node/reinforcement/dqn.ts";
import { ppo } from "../../demo/node/reinforcement/ppo.ts";
import { reinforce } from "../../demo/node/reinforcement/reinforce.ts";
import { codeOf, type Sources } from "../../demo/web/cartpole/code.ts";
import { excerpt } from "../../demo/web/cartpole/excerpt.ts";
import { ways, worthInWords } from "../../demo/web/cartpole/settings.ts";
import { WasmExecutor } from "../../src/index.ts";
import { printedLast } from "../site/code.ts";

const text = (name: string) => readFileSync(new URL(`../../demo/node/${name}.ts`, import.meta.url), "utf8");
const part = (name: string) => text(`reinforcement/${name}`);
const sources: Sources = {
  shared: [
    ...["environment", "cartpole"].map((name) => text(`environments/${name}`)),
    ...["networks", "agent", "cartpole-agents", "episodes", "returns", "replay"].map(part),
  ],
  reinforce: [part("reinforce")],
  ppo: [part("ppo")],
  dqn: [part("dqn")],
};

test.each(["reinforce", "ppo", "dqn"] as const)("what a later step of %s counts is what the page says", (way) => {
  const discount = Number(/const DISCOUNT = ([\d.]+);/.exec(sources[way][0])?.[1]);
  expect(ways[way].discount).toBe(discount);
  expect(worthInWords(way)).toContain(`after it ${discount}`);
});

test("a program holds what it needs of its modules, and nothing else", () => {
  const module = `// Of sums.
import { a, b, type C } from "package";
import { other } from "./other.ts";

/** Not one; see two. */
export function one(): number {
  const x = a.two;

  return x;
}

export const two = 2; // one

export interface Three {
  readonly c: C;
}
`;
  expect(
    excerpt([module, "// Elsewhere.\n\nexport const other = 1;\n"], 'import { print } from "p";\n\nprint(one());\n'),
  ).toBe(`import { print } from "p";
import { a } from "package";

// Of sums.

/** Not one; see two. */
function one(): number {
  const x = a.two;

  return x;
}

print(one());
`);
});

test.each([
  { way: "reinforce", learn: reinforce, updates: 3 },
  { way: "ppo", learn: ppo, updates: 45 },
  { way: "dqn", learn: dqn, updates: 30 },
] as const)("the program of $way makes the same loss as its modules", async ({ way, learn, updates }) => {
  const pole = { length: 0.8, gravity: 5, force: 8 };
  const executor = new WasmExecutor({ build: "portable", threads: 1 });
  const learner = await learn({ executor, seed: 3, steps: ways[way].steps, pole });
  let loss = Number.NaN;
  for (let made = 0; made < updates; made++) loss = (await learner.updates.next()).value?.loss ?? Number.NaN;
  await learner.end();
  await executor.dispose();
  const last = await printedLast(codeOf({ way, seed: 3, ...pole }, updates, sources));
  expect(last).toBe(String(loss));
});
