// The documents say what the code says: generated parts are fresh (UPDATE_DOCS=1 writes them), public names are documented, and what
// a document points to is there.
import { existsSync, globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { pages } from "../../docs/site/sidebar.ts";
import { badInputRows } from "./bad-input.ts";
import { blocksOf, updateBlocks } from "./blocks.ts";
import { mistakes, saidOf } from "./mistakes.ts";
import { passBlocks } from "./passes.ts";
import { type Documented, exportsOf, firstSentence, root } from "./source.ts";
import { table, tables } from "./tables.ts";

const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const indexes = Object.values<string | { readonly types: string }>(manifest.exports).flatMap((target) =>
  typeof target === "string" || !target.types.endsWith("/index.d.ts")
    ? []
    : target.types.replace("./dist/", "").replace(".d.ts", ".ts"),
);
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "assembly/README.md",
  "src/compile/README.md",
  "src/worker/README.md",
  ...globSync("docs/*.md", { cwd: root }),
];
const passes = passBlocks();

/** Generated parts by document, then by name. */
const generated: Readonly<Record<string, () => Promise<ReadonlyMap<string, string>>>> = {
  "docs/scripts.md": async () => new Map([["mnist", mnistHelp()]]),
  "src/compile/README.md": async () => passes.blocks,
  "docs/errors.md": async () =>
    new Map([["errors", table(["input", "error", "message"], await badInputRows())], ...(await mistakeTables())]),
  ...Object.fromEntries(Object.entries(tables()).map(([file, parts]) => [`docs/${file}.md`, async () => parts])),
};

/** Parts that a test of their own makes from what it measures. */
const measured: Readonly<Record<string, readonly string[]>> = {
  "docs/layers.md": ["checks"],
  "docs/tuning.md": ["searches"],
};

/** The parts of a document that are made here. */
function namesIn(file: string): string[] {
  return [...blocksOf(file).keys()].filter((name) => !measured[file]?.includes(name));
}

/** What `npm run mnist -- --help` prints. */
function mnistHelp(): string {
  const help = /const HELP = `([^`]*)`/.exec(readFileSync(`${root}demo/node/mnist.ts`, "utf8"))?.[1];
  if (help === undefined) throw new Error("demo/node/mnist.ts has no HELP");
  return `\`\`\`text\n${help}\n\`\`\``;
}

/** What is said of mistakes, a table for each kind. */
async function mistakeTables(): Promise<[string, string][]> {
  const tables: [string, string][] = [];
  for (const [about, codes] of mistakes) {
    const rows = (await saidOf(codes)).map(({ code, error: { name, message } }) => [
      `\`${code}\``,
      `\`${name}\``,
      message.replaceAll(/\bv\d+\.\w+\b/g, "v0"),
    ]);
    tables.push([`mistakes about ${about}`, table(["what is typed", "error", "what is said"], rows)]);
  }
  return tables;
}

describe.each(Object.keys(generated))("%s", (file) => {
  let fresh: ReadonlyMap<string, string> = new Map();
  beforeAll(async () => {
    fresh = await generated[file]();
    if (process.env.UPDATE_DOCS === "1") updateBlocks(file, fresh);
  });

  test("has a place for every part that is generated, and no other", () => {
    expect(namesIn(file).sort()).toEqual([...fresh.keys()].sort());
  });

  test.each(namesIn(file))("says of %s what the code says", (name) => {
    expect(blocksOf(file).get(name)).toBe(fresh.get(name));
  });

  test.each(namesIn(file))("lists nothing of %s twice", (name) => {
    const rows: readonly string[] =
      blocksOf(file)
        .get(name)
        ?.match(/^\| .*? \| .*? \|/gm) ?? [];
    expect(rows.filter((row, i) => rows.indexOf(row) < i)).toEqual([]);
  });
});

test("the passes shown one by one make the program that compile makes", () => {
  expect(passes.code).toEqual(passes.program.code);
  expect(passes.arenaWords).toBe(passes.program.arenaWords);
});

test("the README is read in a few minutes, and leads to every other document", () => {
  const text = readFileSync(`${root}README.md`, "utf8");
  expect(text.split("\n").length).toBeLessThanOrEqual(240);
  for (const file of documents.slice(1)) expect(text).toContain(`](${file})`);
});

test("every document of docs/ is a page of the site, once", () => {
  const files = pages.map(({ file }) => file);
  expect(new Set(files).size).toBe(files.length);
  expect(new Set(pages.map(({ route }) => route)).size).toBe(files.length);
  expect(files.filter((file) => file.startsWith("docs/")).sort()).toEqual(globSync("docs/*.md", { cwd: root }).sort());
  expect(files.filter((file) => !existsSync(root + file))).toEqual([]);
});

test("the first example of the README has 20 lines at the most", () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readFileSync(`${root}README.md`, "utf8")) ?? [];
  expect(example.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(20);
});

test("the picture of the house has every folder", () => {
  const text = readFileSync(`${root}CONTRIBUTING.md`, "utf8");
  for (const folder of globSync("src/*/", { cwd: root })) expect(text).toContain(`\`${folder.replace(/\/$/, "")}\``);
});

/** The anchors of a document, as GitHub and the site make them of its headings. */
function anchorsOf(file: string): readonly string[] {
  const text = readFileSync(root + file, "utf8").replace(/^```[\s\S]*?^```/gm, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test.each(documents)("%s points to headings that exist", (file) => {
  const text = readFileSync(root + file, "utf8");
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
  const missing = links.filter(([, path, anchor]) => {
    const target = path === "" ? file : posix.join(posix.dirname(file), path);
    return !existsSync(root + target) || !anchorsOf(target).includes(anchor);
  });
  expect(missing.map(([link]) => link)).toEqual([]);
});

test.each(documents)("%s points to files and scripts that exist", (file) => {
  const text = readFileSync(root + file, "utf8");
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) =>
    posix.join(posix.dirname(file), link),
  );
  const paths = [...text.matchAll(/`((?:src|test|assembly|demo)\/[\w./-]+)`/g)].map(([, path]) => path);
  expect([...links, ...paths].filter((path) => !existsSync(root + path))).toEqual([]);
  const scripts = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name);
  expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
});

/** Functions and classes, and the methods of classes that are used by calling them; errors are for catching. */
function callable(item: Documented): Documented[] {
  if (item.file === "src/errors.ts" || (item.kind !== "function" && item.kind !== "class")) return [];
  const isUsed = item.name === "Tensor" || item.name === "Trainer";
  return [item, ...(isUsed ? item.methods.filter(({ name }) => name !== "constructor") : [])];
}

describe.each(indexes)("every export of %s", (index) => {
  const items = exportsOf(index);

  test("is described by a sentence", () => {
    expect(items.filter(({ doc }) => firstSentence(doc) === "").map(({ name }) => name)).toEqual([]);
  });

  test("that can be called has an example", () => {
    const missing = items
      .flatMap(callable)
      .filter(
        ({ doc, methods }) =>
          ![doc, methods.find(({ name }) => name === "constructor")?.doc ?? ""].some((text) =>
            text.includes("@example"),
          ),
      );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});
