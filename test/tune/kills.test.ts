// A process that searches is killed again and again, and each time another one goes on: in the end there is what one alone would have made.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fileStorage, openStudy, uniform } from "../../src/tune/index.ts";
import { numbers } from "../random.ts";

const child = fileURLToPath(new URL("./objectives/killed.ts", import.meta.url));
const space = { x: uniform(0, 1), y: uniform(0, 1) };
const TRIALS = 30;
const KILLS = process.env.SOAK ? 50 : 5;

/** Runs the process, and kills it so long after its first trial. @returns the trials that it began, and whether it came to its end */
async function run(
  file: string,
  after = Number.POSITIVE_INFINITY,
): Promise<readonly [begun: readonly number[], isDone: boolean]> {
  const process_ = spawn(process.execPath, [child, file, String(TRIALS)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  process_.stdout.on("data", (data) => {
    if (output === "" && after < Number.POSITIVE_INFINITY) setTimeout(() => process_.kill("SIGKILL"), after);
    output += data;
  });
  const code = await new Promise((resolve) => process_.on("close", resolve));
  return [output.split("\n").slice(0, -1).map(Number), code === 0];
}

test("no trial is lost, none that ended is run again, and the trials are those of an undisturbed search", async () => {
  const folder = await mkdtemp(`${tmpdir()}/simdgrad-kills-`);
  const next = numbers(8);
  const open = (file: string) => openStudy({ space, storage: fileStorage(file) });
  try {
    expect((await run(`${folder}/whole.jsonl`))[1]).toBe(true);
    const { history: whole } = await open(`${folder}/whole.jsonl`);
    let file = `${folder}/0.jsonl`;
    let killed = 0;
    for (let i = 0; killed < KILLS; i++) {
      const ended = new Set(
        (await open(file)).history.filter(({ state }) => state !== "running").map((each) => each.number),
      );
      const [begun, isDone] = await run(file, 60 * next());
      expect(begun.filter((number) => ended.has(number))).toEqual([]);
      if (!isDone) killed++;
      else file = `${folder}/${i + 1}.jsonl`;
    }
    expect((await run(file))[1]).toBe(true);
    const study = await open(file);
    expect(study.history).toEqual(whole);
    expect(await study.bestArtifact()).toEqual(new Uint8Array(10_000).fill(study.best?.number ?? -1));
    const [own] = [file.split("/").at(-1) ?? ""];
    const files = (await readdir(folder)).filter((name) => name.startsWith(own));
    expect(files.sort()).toEqual([own, `${own}.${study.best?.number}.artifact`]);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 600_000);
