// Makes pages of the repository's documents: front matter from their first lines, and links that hold on the site.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { type Page, pages } from "./sidebar.ts";

export const repository = "https://github.com/simdgrad/simdgrad";
const root = fileURLToPath(new URL("../../", import.meta.url));
const content = fileURLToPath(new URL("src/content/docs/", import.meta.url));

/** Code, which stays as it is, or the target of a link. */
const CODE_OR_LINK = /^```[\s\S]*?^```|`[^`\n]+`|\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)/gm;

/** Where a link of a document leads on the site, which is under `base`: to a page of it, or to the repository. */
function address(from: string, path: string, anchor: string, base: string): string {
  if (path === "") return anchor;
  const file = posix.join(posix.dirname(from), path);
  const page = pages.find((each) => each.file === file);
  if (page === undefined) return `${repository}/blob/HEAD/${file}${anchor}`;
  return `${base}${page.route}${page.route === "" ? "" : "/"}${anchor}`;
}

/** A text without Markdown, on one line. */
function plain(text: string): string {
  return text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[`*]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

function firstSentence(text: string): string {
  return /^.*?[.:](?=\s|$)/.exec(text)?.[0].replace(/:$/, ".") ?? text;
}

/** The page of a document, as Starlight reads it. */
export function pageOf({ file, route, label }: Page, text: string, base: string): string {
  const [, title = "", body = ""] = /^# (.*)\n([\s\S]*)$/.exec(text) ?? [];
  if (title === "") throw new Error(`${file} does not begin with its title`);
  const [lead] = body.trim().split("\n\n");
  const front = {
    title: plain(title),
    description: firstSentence(plain(lead)),
    editUrl: `${repository}/edit/HEAD/${file}`,
    ...(label === undefined ? {} : { sidebar: { label } }),
    ...(route === "" ? home(plain(lead), base) : {}),
  };
  const linked = (route === "" ? body.replace(lead, "") : body)
    .replace(CODE_OR_LINK, (whole, path?: string, anchor = "") =>
      path === undefined ? whole : `](${address(file, path, anchor, base)})`,
    )
    .replace(/^```(\w+) ([\w.-]+)$/gm, '```$1 title="$2"');
  // JSON is YAML.
  return `---\n${JSON.stringify(front, undefined, 2)}\n---\n${linked}`;
}

/** What the first page has above its text. */
function home(tagline: string, base: string): object {
  const actions = [
    { text: "A first page", link: `${base}first-page/`, icon: "right-arrow" },
    { text: "Questions", link: `${base}questions/`, variant: "minimal" },
    { text: "API", link: `${base}api/`, variant: "minimal" },
  ];
  return { hero: { title: "simdgrad", tagline, actions } };
}

function writePage(page: Page, base: string): void {
  const target = `${content}${page.route === "" ? "index" : page.route}.md`;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, pageOf(page, readFileSync(root + page.file, "utf8"), base));
}

/** Writes the page of every document anew. */
export function writePages(base: string): void {
  rmSync(content, { recursive: true, force: true });
  for (const page of pages) writePage(page, base);
}

/** The files that pages are made of. */
export const sources: readonly string[] = pages.map(({ file }) => root + file);

/** Writes the page of a document that has changed. */
export function writeChanged(path: string, base: string): void {
  const page = pages[sources.indexOf(path)];
  if (page !== undefined) writePage(page, base);
}
