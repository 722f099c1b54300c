// One program made of several modules: what it needs of them, in their order, and nothing else. It reads texts as this project writes them:
// declarations begin at the start of a line, with an empty line before them.

interface Part {
  readonly names: readonly string[];
  readonly text: string;
  readonly mentions: ReadonlySet<string>;
}

interface Module {
  /** The comment at its head. */
  readonly about: string;
  /** Names by the module that they come from. */
  readonly imports: readonly (readonly [from: string, names: readonly string[]])[];
  readonly parts: readonly Part[];
}

const IMPORT = /^import (type )?\{([^}]*)\} from "([^"]+)";\n/gm;
const DECLARED = /^(?:export )?(?:async )?(?:function\*?|class|const|interface|type) (\w+)/gm;
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*$/gm;
/** Names, but for those of members. */
const NAME = /(?<![\w#]|(?<!\.\.)\.)[A-Za-z_]\w*/g;

function mentionsOf(text: string): Set<string> {
  return new Set(text.replace(COMMENT, "").match(NAME));
}

function moduleOf(source: string): Module {
  const [about] = source.match(/^(\/\/.*\n)*/) ?? [""];
  const imports = [...source.matchAll(IMPORT)].map(([, type = "", names, from]) => {
    const all = names.split(",").map((name) => name.trim());
    return [from, all.filter((name) => name !== "").map((name) => type + name)] as const;
  });
  const body = source.slice(about.length).replace(IMPORT, "").trim();
  const parts = body.split(/\n\n(?=\S)/).map((text) => ({
    names: [...text.matchAll(DECLARED)].map(([, name]) => name),
    text: text.replace(/^export /gm, ""),
    mentions: mentionsOf(text),
  }));
  return { about, imports, parts };
}

/** The program `main`, after what it needs of these modules' texts; imports from packages come first. */
export function excerpt(sources: readonly string[], main: string): string {
  const program = moduleOf(main);
  const modules = sources.map(moduleOf);
  const parts = modules.flatMap((module) => module.parts);
  const wanted = new Set(program.parts.flatMap(({ mentions }) => [...mentions]));
  const kept = new Set<Part>();
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    for (const part of parts)
      if (!kept.has(part) && part.names.some((name) => wanted.has(name))) {
        kept.add(part);
        for (const name of part.mentions) wanted.add(name);
      }
  }
  const bodies = modules.flatMap(({ about, parts }) => {
    const own = parts.filter((part) => kept.has(part)).map(({ text }) => text);
    return own.length === 0 ? [] : [`${about}\n${own.join("\n\n")}`];
  });
  const imports = [program, ...modules].flatMap((module) => module.imports);
  const own = program.parts.map(({ text }) => text);
  return [`${program.about}${importsOf(imports, wanted)}`, ...bodies, ...own].join("\n\n").concat("\n");
}

/** Import statements of what is wanted from packages. */
function importsOf(all: Module["imports"], wanted: ReadonlySet<string>): string {
  const packages = [...new Set(all.map(([from]) => from))].filter((from) => !from.startsWith(".")).sort();
  return packages
    .flatMap((from) => {
      const names = new Set(all.flatMap(([other, names]) => (other === from ? names : [])));
      const own = [...names].filter((name) => wanted.has(name.replace("type ", "")));
      // What is imported as a value is a type, too.
      const needed = own.filter((name) => !name.startsWith("type ") || !names.has(name.replace("type ", "")));
      return needed.length === 0 ? [] : [statement(needed.sort(), from)];
    })
    .join("\n");
}

function statement(names: readonly string[], from: string): string {
  const line = `import { ${names.join(", ")} } from "${from}";`;
  return line.length <= 120 ? line : `import {\n${names.map((name) => `  ${name},\n`).join("")}} from "${from}";`;
}
