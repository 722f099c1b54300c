// What the script that reads reviews is made of, and a short run of it on reviews whose words say nothing but in their order.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomOf } from "../../demo/node/random.ts";
import { loadReviews, partsOf, praiseOf, reviewsOf } from "../../demo/node/review-data.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simdgrad-reviews-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("reviews are texts without HTML's ends of lines, each once", () => {
  const rows = [
    { t: "Good.<br /><br />Very good. ", s: 1 },
    { t: "Bad", s: 0 },
    { t: "Good.<br/><br>Very good.", s: 1 },
  ];
  expect(reviewsOf(rows, "file")).toEqual([
    { text: "Good.  Very good.", praise: true },
    { text: "Bad", praise: false },
  ]);
  expect(() => reviewsOf([{ t: "Bad", s: 2 }], "file.json")).toThrow("file.json: 0 is no review { t, s }");
  expect(() => reviewsOf({}, "file.json")).toThrow("file.json is no list of reviews");
});

test("parts have nothing in common, and hold all", () => {
  const all = Array.from({ length: 100 }, (_, i) => ({ text: `${i}`, praise: i % 2 === 0 }));
  const { train, validation, test } = partsOf(all);
  expect([train.length, validation.length, test.length]).toEqual([72, 8, 20]);
  expect([...test, ...validation, ...train]).toEqual(all);
  expect(praiseOf(test)).toEqual({ data: Float32Array.from(test, (_, i) => (i + 1) % 2), shape: [20, 1] });
});

test("a file that is not there is told of", async () => {
  await expect(loadReviews(join(folder, "none.json"))).rejects.toThrow("none.json");
});

test("the network knows what words say in their order alone", async () => {
  const random = randomOf(11);
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)];
  const fillers = ["film", "actors", "story", "music", "ending", "camera", "plot", "scene"];
  // Both kinds of reviews hold the same words: praise ends with "fine", blame with "dull".
  const rows = Array.from({ length: 1500 }, (_, i) => {
    const [first, last] = i % 2 === 0 ? ["dull", "fine"] : ["fine", "dull"];
    const around = () => Array.from({ length: Math.floor(6 * random()) }, () => pick(fillers)).join(" ");
    return { t: `${around()} ${i} ${first} so ${last} ${around()}`, s: i % 2 === 0 ? 1 : 0 };
  });
  const file = join(folder, "reviews.json");
  await writeFile(file, JSON.stringify(rows));
  const options = ["--epochs", "12", "--batch", "32", "--length", "20", "--threads", "1", "--out", folder, "--json"];
  const args = ["demo/node/reviews.ts", "--data", file, ...options];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 170_000 });
  const { name, value, baseline, seed } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  expect({ name, seed }).toEqual({ name: "reviews", seed: 0 });
  // Of 300, half are right by chance, with a deviation of 2.9 %.
  expect(baseline).toBeLessThan(0.65);
  expect(value).toBeGreaterThan(0.95);
  expect(await readFile(join(folder, "reviews.svg"), "utf8")).toMatch(/^<svg .*network/s);
}, 180_000);
