// What the scripts that learn texts are made of, and short runs of them on texts whose secrets are known.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomOf } from "../../demo/node/random.ts";
import {
  Alphabet,
  allWindows,
  brown,
  drawnClass,
  drawnWindows,
  lettersOf,
  printed,
  stretches,
} from "../../demo/node/text.ts";

test("a tagged text is printed as a book would", () => {
  const tagged =
    "\n\n\t``/`` She/pps wasn't/bedz* (/( yet/rb )/) and/or/cc ready/jj ''/'' ,/, he/pps said/vbd ;/. ;/.\nWhy/wrb ?/. ?/.\n\n\n\tNo/uh";
  expect(printed(tagged)).toBe('"She wasn\'t (yet) and/or ready", he said;\nWhy?\n\nNo');
});

test("the Brown corpus is 500 documents without their tags", async () => {
  const documents = await brown(/^c[a-r]\d\d$/);
  expect(documents.length).toBe(500);
  expect(documents[0].startsWith("The Fulton County Grand Jury said Friday an investigation of Atlanta's recent")).toBe(
    true,
  );
  expect(documents.filter((text) => /\/(nn|at|vb)\b/.test(text)).length).toBe(0);
});

describe("letters", () => {
  test("are classes, and classes letters", () => {
    const alphabet = new Alphabet("banana\n");
    expect(alphabet.letters).toEqual(["\n", "a", "b", "n"]);
    expect([...alphabet.encode("nab")]).toEqual([3, 1, 2]);
    expect(alphabet.decode([3, 1, 2])).toBe("nab");
    expect(() => alphabet.encode("x")).toThrow('the text has no letter "x"');
  });

  test("the last tenth is held out, of the same alphabet", () => {
    const { alphabet, train, heldOut } = lettersOf("abababababababababcd");
    expect(alphabet.size).toBe(4);
    expect([train.length, [...heldOut]]).toEqual([18, [2, 3]]);
  });
});

describe("windows", () => {
  const codes = Int32Array.from({ length: 11 }, (_, i) => i);

  test("stand side by side, each with what comes after its letters", () => {
    const { x, y } = allWindows(codes, 4);
    expect([x.shape, [...x.data]]).toEqual([
      [2, 4],
      [0, 1, 2, 3, 4, 5, 6, 7],
    ]);
    expect([...y.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(() => allWindows(codes, 11)).toThrow("a text of 11 letters has no window of 11");
  });

  test("are drawn from everywhere, the same for a seed", () => {
    const draw = () =>
      drawnWindows(codes, { rows: 200, length: 4 }, randomOf(1)).next().value as ReturnType<typeof allWindows>;
    const { x, y } = draw();
    expect(draw()).toEqual({ x, y });
    expect(new Set(x.data.filter((_, i) => i % 4 === 0))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
    for (const [i, code] of x.data.entries()) expect(y.data[i]).toBe(code + 1);
  });

  test("go on from batch to batch where the state does", () => {
    const { x, y, fresh, count } = stretches(codes, 2, 2);
    expect(count).toBe(2);
    expect([...x.data]).toEqual([0, 1, 5, 6, 2, 3, 7, 8]);
    expect([...y.data]).toEqual([1, 2, 6, 7, 3, 4, 8, 9]);
    expect([...fresh.data]).toEqual([1, 1, 0, 0]);
    expect(() => stretches(codes, 2, 6)).toThrow("a text of 11 letters has no 2 stretches of 6");
  });
});

test("classes are drawn by their probabilities", () => {
  const random = randomOf(3);
  const logits = [Math.log(1), Math.log(2), Math.log(5), Number.NEGATIVE_INFINITY];
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 8000; i++) counts[drawnClass(logits, 1, random)]++;
  // Deviations of counts are at most 45: off by four is one draw of 10,000.
  for (const [i, expected] of [1000, 2000, 5000, 0].entries()) expect(Math.abs(counts[i] - expected)).toBeLessThan(180);
  // At temperature 1/2, probabilities are as squares: 1, 4 and 25 of 30.
  const sharp = [0, 0, 0, 0];
  for (let i = 0; i < 3000; i++) sharp[drawnClass(logits, 0.5, random)]++;
  for (const [i, expected] of [100, 400, 2500, 0].entries()) expect(Math.abs(sharp[i] - expected)).toBeLessThan(100);
});

describe("scripts", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "simdgrad-text-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** What a script prints, and its line of JSON. */
  async function run(name: string, text: string, option: string, ...options: readonly string[]) {
    const file = join(folder, `${name}.txt`);
    await writeFile(file, text);
    const args = [`demo/node/${name}.ts`, `--${option}`, file, "--threads", "1", "--json", ...options];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 170_000 });
    const { value, baseline, ...more } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(more).toMatchObject({ name, seed: 0 });
    return { value, baseline, more, stdout };
  }

  const random = randomOf(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const several = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

  /** Lines that end as they began: what three letters before do not tell. */
  const rhymes = several(900, () => {
    const word = pick(["north", "south", "east", "west"]);
    return `${word} wind, sea and wind: ${word}`;
  }).join("\n");

  test("char-gpt learns more than triples of letters tell", async () => {
    const { value, baseline, stdout } = await run(
      "char-gpt",
      rhymes,
      "text",
      "--steps",
      "60",
      "--batch",
      "4",
      "--samples",
      "1",
    );
    expect(value).toBeLessThan(baseline);
    expect(stdout).toMatch(/wind/);
  }, 180_000);

  test("char-lstm learns to write, its state going on", async () => {
    const options = ["--epochs", "3", "--rows", "8", "--length", "16", "--width", "64", "--samples", "1"];
    const { value, stdout } = await run("char-lstm", rhymes, "text", ...options);
    // Of 17 letters evenly: 4.1 bits. What cannot be known is one of four words a line of 30 letters: 0.07.
    expect(value).toBeLessThan(0.5);
    expect(value).toBeGreaterThan(0.05);
    expect(stdout).toMatch(/wind/);
  }, 180_000);

  test("names are known better than triples tell, and new ones made", async () => {
    const syllables = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe"];
    const names = several(1200, () => {
      const first = pick(syllables);
      return `${first}${pick(syllables)}${pick(syllables)}${first}`;
    });
    const { value, baseline, more, stdout } = await run(
      "names",
      names.join("\n"),
      "data",
      "--epochs",
      "14",
      "--batch",
      "64",
    );
    expect(value).toBeLessThan(baseline);
    expect(baseline).toBe(Math.min(Number(more.bigram), Number(more.trigram)));
    for (const network of ["transformer", "gru"]) {
      const [, made] = new RegExp(`${network}: held-out loss .*; new names: (.*)`).exec(stdout) ?? [];
      expect(made.split(", ").length).toBe(20);
      expect(made.split(", ").filter((name) => names.includes(name))).toEqual([]);
    }
  }, 180_000);

  test("word-embeddings know which words stand together", async () => {
    const topics = [
      ["night", "water", "boat", "moon", "fish", "storm", "sail", "star"],
      ["city", "money", "street", "bank", "tax", "vote", "shop", "law"],
    ];
    // One piece of the text each; words as frequent as these are mostly passed over.
    const paragraphs = several(400, () => {
      const topic = pick(topics);
      return several(200, () => pick(topic)).join(" ");
    });
    const { value, baseline, stdout } = await run(
      "word-embeddings",
      paragraphs.join("\n\n"),
      "text",
      "--steps",
      "400",
      "--batch",
      "256",
    );
    expect(value).toBeLessThan(baseline - 0.05);
    for (const [i, word] of ["night", "city"].entries()) {
      const [, found] = new RegExp(`^${word}: (.*)$`, "m").exec(stdout) ?? [];
      expect(found.split(", ").filter((each) => !topics[i].includes(each))).toEqual([]);
    }
  }, 180_000);

  test("a text that is too short is refused in a line", async () => {
    await expect(run("char-gpt", "short", "text")).rejects.toThrow("a text of 1 letters has no window of 64");
  }, 180_000);
});
