// Generated parts of documents: text between `<!-- generated: name -->` and `<!-- end -->`, compared with what the code says now.
// UPDATE_DOCS=1 writes them instead.
import { readFileSync, writeFileSync } from "node:fs";
import { root } from "./source.ts";

const BLOCK = /<!-- generated: ([\w -]+) -->\n([\s\S]*?)<!-- end -->/g;

/** The generated parts of a document, by name. */
export function blocksOf(file: string): Map<string, string> {
  const text = readFileSync(root + file, "utf8");
  return new Map([...text.matchAll(BLOCK)].map(([, name, content]) => [name, content.trim()]));
}

/** Puts fresh text into a document's generated parts. */
export function updateBlocks(file: string, fresh: ReadonlyMap<string, string>): void {
  const text = readFileSync(root + file, "utf8");
  const updated = text.replace(BLOCK, (whole, name: string) => {
    const content = fresh.get(name);
    return content === undefined ? whole : `<!-- generated: ${name} -->\n\n${content}\n\n<!-- end -->`;
  });
  if (updated !== text) writeFileSync(root + file, updated);
}
