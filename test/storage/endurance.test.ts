// A training is killed again and again, also in the middle of a checkpoint's write, and goes on each time, with another number of threads:
// in the end its state is that of an undisturbed one, to the last bit.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { numbers } from "../random.ts";

const child = fileURLToPath(new URL("./killed.ts", import.meta.url));
const KILLS = process.env.SOAK ? 50 : 5;

interface End {
  readonly isKilled: boolean;
  readonly output: string;
}

/** Runs the training, and kills it so many milliseconds after its first checkpoint. */
async function run(folder: string, { threads = 1, torn = 0, after = -1 }): Promise<End> {
  const training = spawn(process.execPath, [child, folder, String(threads), String(torn)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  training.stdout.on("data", (data) => {
    if (output === "" && after >= 0) setTimeout(() => training.kill("SIGKILL"), after);
    output += data;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    training.on("close", (...end) => resolve(end)),
  );
  if (signal === null) expect(code).toBe(0);
  return { isKilled: signal === "SIGKILL", output };
}

function sumOf({ output }: End): string {
  return /done (\w+)/.exec(output)?.[1] ?? output;
}

test(`after ${KILLS} kills a training has the bits of an undisturbed one`, { timeout: 600_000 }, async () => {
  const folder = await mkdtemp(`${tmpdir()}/simdgrad-killed-`);
  const next = numbers(4);
  try {
    const whole = sumOf(await run(`${folder}/whole`, {}));
    expect(whole).toMatch(/^\w{64}$/);
    let [killed, trained] = [0, 0];
    for (let i = 0; killed < KILLS || trained === 0; i++) {
      const isTorn = killed < KILLS && i % 2 === 0;
      const after = killed < KILLS && !isTorn ? 15 * next() : -1;
      const torn = isTorn ? 2 + Math.floor(3 * next()) : 0;
      const own = `${folder}/${trained}`;
      const end = await run(own, { threads: 1 + (i % 3), torn, after });
      const names = await readdir(own);
      if (end.isKilled) killed++;
      if (end.isKilled && isTorn) expect(names.filter((name) => name.endsWith(".new"))).toHaveLength(1);
      if (end.output.includes("done")) {
        expect(sumOf(end)).toBe(whole);
        expect(names).toHaveLength(2);
        trained++;
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
