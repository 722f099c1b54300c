// Vite plugin: gives every example as a module of its own, and `virtual:examples`, the list of them.
import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Plugin, transformWithOxc } from "vite";
import { docExamples, type Example, markdownExamples } from "./extract.ts";
import { instrument } from "./instrument.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const checker = fileURLToPath(new URL("check.ts", import.meta.url));
const list = "virtual:examples";

/** All examples of README.md, of docs/, of earlier READMEs and of src/, in the order of their files. */
function collect(): Example[] {
  const sources = globSync("src/**/*.ts", { cwd: root }).sort();
  const files = ["README.md", ...globSync("docs/*.md", { cwd: root }).sort(), "test/examples/earlier.md"];
  const documents = files.filter((file) => existsSync(root + file));
  const written = documents.flatMap((file) => markdownExamples(file, readFileSync(root + file, "utf8")));
  return [...written, ...sources.flatMap((file) => docExamples(file, readFileSync(root + file, "utf8")))];
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
      return id === list || id.startsWith(`${list}/`) ? `\0${id}` : undefined;
    },
    async load(id) {
      if (id === `\0${list}`) return listModule(collect());
      if (!id.startsWith(`\0${list}/`)) return undefined;
      const { name, code } = collect()[Number(id.slice(list.length + 2))];
      return transformWithOxc(instrument(code, checker), `${name}.ts`, { lang: "ts" });
    },
  };
}
