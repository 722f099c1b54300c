// Several processes at one file: one of them writes at a time, and of two that know nothing of each other the second is refused.
import { execFile, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownMark } from "../../src/storage/owner.ts";
import { StorageError } from "../../src/storage/storage-error.ts";
import { fileStorage, openStudy, random, uniform } from "../../src/tune/index.ts";
import { alone } from "../../src/tune/lock.ts";

const child = fileURLToPath(new URL("./objectives/racing.ts", import.meta.url));
const ROUNDS = process.env.SOAK ? 100 : 4;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(`${tmpdir()}/simdgrad-processes-`);
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a process to its end. @returns the values that it told, and why it was refused */
async function race(file: string, seed: number): Promise<{ readonly told: readonly number[]; readonly why: string }> {
  const { stdout } = await promisify(execFile)(process.execPath, [child, file, String(seed)]);
  return JSON.parse(stdout);
}

test(`${ROUNDS} times three processes begin one study at once: the file is sound and has all that was told`, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const file = `${folder}/${round}.jsonl`;
    const ends = await Promise.all([1, 2, 3].map((seed) => race(file, seed)));
    const study = await openStudy({ space: { x: uniform(0, 1) }, storage: fileStorage(file) });
    const values = study.history.flatMap(({ value }) => (value === undefined ? [] : [value]));
    for (const { told, why } of ends) {
      if (told.length < 10) expect(why).toMatch(/^DataError: .*: something else writes to it/);
      expect(values).toEqual(expect.arrayContaining([...told]));
    }
    expect((await readdir(folder)).filter((name) => name.startsWith(`${round}.`))).toEqual([`${round}.jsonl`]);
  }
}, 300_000);

test("of two storages that append at once one is refused, and nothing of it is in the file", async () => {
  for (let round = 0; round < 20; round++) {
    const file = `${folder}/at-once-${round}.jsonl`;
    const storages = [fileStorage(file), fileStorage(file)];
    for (const storage of storages) await storage.read();
    const lines = ["one\n", "another\n"];
    const ends = await Promise.allSettled(
      storages.map((storage, i) => storage.append(new TextEncoder().encode(lines[i]))),
    );
    const won = ends.findIndex(({ status }) => status === "fulfilled");
    expect(await readFile(file, "utf8")).toBe(lines[won]);
    const lost = ends[1 - won] as PromiseRejectedResult;
    expect(`${lost.reason}`).toContain(`that this study left: something else writes to it`);
    await expect(storages[1 - won].keepArtifact(0, Uint8Array.of(1))).rejects.toThrow("something else writes to it");
    await storages[won].keepArtifact(0, Uint8Array.of(2));
    await expect(storages[1 - won].dropArtifact(0)).rejects.toThrow("something else writes to it");
    await expect(storages[1 - won].truncate(0)).rejects.toThrow("something else writes to it");
    expect(await readFile(`${file}.0.artifact`)).toEqual(Buffer.of(2));
  }
});

describe("the lock", () => {
  /** So many tasks that no two may do at once. @returns how many did */
  async function crowd(file: string, count: number, patience?: number): Promise<number> {
    let [inside, most] = [0, 0];
    const task = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside--;
    };
    await Promise.all(Array.from({ length: count }, () => alone(file, task, patience)));
    return most;
  }

  const gone = () => ownMark().replace(/-\d+-/, `-${spawnSync("true").pid}-`);
  const elsewhere = () => ownMark().replace(/^\w+/, "00000000");

  test("lets one in after the other, and goes with the last", async () => {
    expect(await crowd(`${folder}/lock-a`, 12)).toBe(1);
    await expect(alone(`${folder}/lock-a`, () => Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
    expect((await readdir(folder)).filter((name) => name.startsWith("lock-a"))).toEqual([]);
  });

  test.each<[string, () => string, number | undefined]>([
    ["a process that died", gone, undefined],
    ["another machine, after some patience", elsewhere, 50],
    ["what nobody here writes", () => "notes.txt", 50],
  ])("of %s is taken away, and one comes in after the other", async (_, holder, patience) => {
    for (let round = 0; round < 10; round++) {
      await mkdir(`${folder}/lock-b.lock`);
      await writeFile(`${folder}/lock-b.lock/${holder()}`, "");
      expect(await crowd(`${folder}/lock-b`, 6, patience)).toBe(1);
      expect((await readdir(folder)).filter((name) => name.startsWith("lock-b"))).toEqual([]);
    }
  });

  test("of one that lives stays, and says so", async () => {
    const holder = ownMark();
    await mkdir(`${folder}/lock-c.lock`);
    await writeFile(`${folder}/lock-c.lock/${holder}`, "");
    const refused = alone(`${folder}/lock-c`, async () => {}, 50);
    await expect(refused).rejects.toThrow(`${holder}: process ${process.pid} has kept others out for 0.05 s: if it`);
    await expect(refused).rejects.toThrow(StorageError);
    expect(await readdir(`${folder}/lock-c.lock`)).toEqual([holder]);
  });

  test("of a process that died does not hold up a study", async () => {
    const file = `${folder}/d.jsonl`;
    const open = () => openStudy({ space: { x: uniform(0, 1) }, sampler: random(), storage: fileStorage(file) });
    await (await open()).ask();
    await mkdir(`${file}.lock`);
    await writeFile(`${file}.lock/${gone()}`, "");
    await (await open()).trials(3, { objective: ({ values }) => values.x });
    expect((await open()).history).toHaveLength(3);
    expect(await readdir(folder)).not.toContain("d.jsonl.lock");
  });
});
