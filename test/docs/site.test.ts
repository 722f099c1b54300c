// The pages of the site, as they are made of documents: links lead to pages and to the repository, and code stays as it is.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pageOf, repository } from "../../docs/site/documents.ts";
import { pages } from "../../docs/site/sidebar.ts";
import { root } from "./source.ts";

const base = "/under/";
const made = pages.map((page) => ({ ...page, text: pageOf(page, readFileSync(root + page.file, "utf8"), base) }));

test.each(made)("links of $file lead to pages of the site, or to the repository", ({ text }) => {
  const routes = new Set(pages.map(({ route }) => `${base}${route}${route === "" ? "" : "/"}`));
  const prose = text.replace(/^```[\s\S]*?^```|`[^`\n]+`/gm, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  const [paths, others] = [targets.filter((to) => to.startsWith("/")), targets.filter((to) => !to.startsWith("/"))];
  expect(paths.filter((path) => !routes.has(path.split("#")[0]))).toEqual([]);
  expect(others.filter((other) => !/^(#|https:\/\/)/.test(other))).toEqual([]);
});

test("a page has its title, its first sentence and what follows, with files named above their code", () => {
  const text =
    "# A `name`\n\nSays [this](layers.md). And more.\n\n```ts main.ts\nf[0](layers.md);\n```\n\n[Code](../src/op.ts), `[a](b)`.\n";
  const page = { file: "docs/a.md", route: "a", label: "Short" };
  const [, front, body] = pageOf(page, text, base).split(/^---$/m);
  expect(JSON.parse(front)).toEqual({
    title: "A name",
    description: "Says this.",
    editUrl: `${repository}/edit/HEAD/docs/a.md`,
    sidebar: { label: "Short" },
  });
  expect(body.trim()).toBe(
    `Says [this](/under/layers/). And more.\n\n\`\`\`ts title="main.ts"\nf[0](layers.md);\n\`\`\`\n\n[Code](${repository}/blob/HEAD/src/op.ts), \`[a](b)\`.`,
  );
});

test("what has no title is no page", () => {
  expect(() => pageOf({ file: "docs/a.md", route: "a" }, "Text.", base)).toThrow(
    "docs/a.md does not begin with its title",
  );
});
