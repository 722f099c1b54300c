// Vite plugin: gives every example as a module of its own, and `virtual:examples`, the list of them.
import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { docExamples, type Example, markdownExamples } from "./extract.ts";
import { instrument } from "./instrument.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const checker = fileURLToPath(new URL("check.ts", import.meta.url));
const list = "virtual:examples";
const listPath = `${root}virtual-examples.ts`;

/** All examples of src/ and of README.md, in the order of their files. */
function collect(): Example[] {
  const sources = globSync("src/**/*.ts", { cwd: root }).sort();
  const readme = existsSync(`${root}README.md`)
    ? markdownExamples("README.md", readFileSync(`${root}README.md`, "utf8"))
    : [];
  return [...readme, ...sources.flatMap((file) => docExamples(file, readFileSync(root + file, "utf8")))];
}

function listModule(found: readonly Example[]): string {
  const entries = found.map(({ name }, i) => `{ name: ${JSON.stringify(name)}, run: () => import("${list}/${i}") },`);
  return `export const examples = [\n${entries.join("\n")}\n];`;
}

export function examples(): Plugin {
  return {
    name: "simdgrad-examples",
    enforce: "pre",
    resolveId(id) {
      // A path inside the project and an ending, so that Vite strips the types and imports resolve as in any source.
      if (id === list) return listPath;
      return id.startsWith(`${list}/`) ? `${root}virtual-example-${id.slice(list.length + 1)}.ts` : undefined;
    },
    load(id) {
      if (id === listPath) return listModule(collect());
      const index = id.startsWith(root) && /^virtual-example-(\d+)\.ts$/.exec(id.slice(root.length))?.[1];
      return index ? instrument(collect()[Number(index)].code, checker) : undefined;
    },
  };
}
