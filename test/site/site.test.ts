// What holds the site together: pages, their files and their tests agree, and every link leads somewhere.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, test } from "vitest";
import { present } from "../../demo/web/frame.ts";
import { pages } from "../../demo/web/pages.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const code = "https://github.com/simdgrad/simdgrad";
const built = (file: string) => readFileSync(join(inject("site"), file), "utf8");

function found(html: string, pattern: RegExp): string[] {
  return [...html.matchAll(pattern)].map(([, text]) => text);
}

test("each HTML file is a page of the list, and each page has a test", () => {
  const htmls = readdirSync(join(root, "demo/web")).filter((name) => name.endsWith(".html"));
  expect(htmls.sort()).toEqual(present.map(({ file }) => file).sort());
  expect(pages.map(({ file }) => file)).toEqual([...new Set(pages.map(({ file }) => file))]);
  const tests = present.map(({ file }) => (file === "index.html" ? "front" : file.replace(".html", "")));
  expect(tests.filter((name) => !existsSync(join(root, `test/site/${name}.test.ts`)))).toEqual([]);
});

describe.each(present.map(({ file, name }) => ({ file, name })))("$file", ({ file, name }) => {
  test("says what it is, once, and has the site's frame", () => {
    const html = built(file);
    expect(found(html, /<title>([^<]+)<\/title>/g)).toEqual([expect.stringMatching(/simdgrad/)]);
    const [description] = found(html, /<meta name="description" content="([^"]+)"/g);
    expect(description?.length).toBeGreaterThan(40);
    expect(found(html, /<h1[ >](.*?)<\/h1>/gs)).toHaveLength(1);
    expect(found(html, /<main id="main"(.?)/g)).toHaveLength(1);
    expect(html).toContain('<html lang="en">');
    expect(found(html, /<(site-\w+|front-\w+)/g)).toEqual([]); // no place is left open
    const styles = found(html, /\s(style|on\w+)="/g);
    expect(styles).toEqual([]); // its policy forbids them
  });

  test("is marked in the bar, alone", () => {
    const [bar] = found(built(file), /<nav aria-label="Pages">(.*?)<\/nav>/gs);
    expect(found(bar, /aria-current="page">([^<]+)</g)).toEqual([name]);
    expect(found(bar, /href="\.\/([^"]+)"/g)).toEqual(present.map((page) => page.file));
  });

  test("has links that lead somewhere", () => {
    const html = built(file);
    const broken: string[] = [];
    for (const link of found(html, /\s(?:href|src)="([^"]+)"/g)) {
      const [path, anchor] = link.split("#");
      if (link.startsWith(`${code}/blob/main/`) || link.startsWith(`${code}/tree/main/`)) {
        if (!existsSync(join(root, path.split("/main/")[1]))) broken.push(link);
      } else if (link.startsWith("https:")) {
        if (link.startsWith(code) && link !== code) broken.push(link); // those of others are theirs
      } else {
        const target = path === "" ? file : path;
        if (!existsSync(join(inject("site"), target))) broken.push(link);
        else if (
          anchor &&
          !anchor.includes("=") &&
          target.endsWith(".html") &&
          !built(target).includes(`id="${anchor}"`)
        )
          broken.push(link);
      }
    }
    expect(broken).toEqual([]);
  });
});
