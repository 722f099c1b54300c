// A test file whose process crashes is run once more, and nothing else that goes wrong is.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(`${root}build`, { recursive: true });
const folder = mkdtempSync(`${root}build/crashes-`);
afterAll(() => rmSync(folder, { recursive: true }));

/** Exit status and output of all.ts over one test file, of which all runs but so many crash. */
function runs(name: string, crashes: number, also = "") {
  const path = `${folder}/${name}`;
  mkdirSync(path);
  writeFileSync(
    `${path}/config.ts`,
    `import { Crashes } from "../../../test/crashes.ts";
    export default { test: { root: ${JSON.stringify(path)}, include: ["*.test.ts"], reporters: ["default", new Crashes()], pool: "forks" } };`,
  );
  writeFileSync(
    `${path}/some.test.ts`,
    `import { appendFileSync, readFileSync } from "node:fs";
    import { test } from "vitest";
    test("it crashes some times", async () => {
      const log = ${JSON.stringify(`${path}/log`)};
      appendFileSync(log, "x");
      if (readFileSync(log).length <= ${crashes}) process.kill(process.pid, "SIGSEGV");
      await new Promise((resolve) => setTimeout(resolve, 200));
    });`,
  );
  if (also !== "") writeFileSync(`${path}/other.test.ts`, `import { expect, test } from "vitest"; ${also}`);
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(VITEST|NODE_OPTIONS|TEST$|CRASHED)/.test(key)),
  );
  const args = [`${root}test/all.ts`, "--config", `${path}/config.ts`];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8", env });
  return { status, again: stdout.includes("once more") };
}

test.each([
  ["no crash", 0, "", { status: 0, again: false }],
  ["one", 1, "", { status: 0, again: true }],
  ["two", 2, "", { status: 1, again: true }],
  ["one beside a failure", 1, 'test("it fails", () => expect(1).toBe(2));', { status: 1, again: false }],
] as const)("%s", (name, crashes, also, outcome) => {
  expect(runs(name.replaceAll(" ", "-"), crashes, also)).toEqual(outcome);
});
