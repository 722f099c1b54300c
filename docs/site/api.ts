// The pages of the API: a module for each import of the package, with a table of what it exports, and a page for each of these.
import { readFileSync } from "node:fs";
import { type Application, Comment, Converter, type DeclarationReflection, PageEvent, ReflectionKind } from "typedoc";

interface Module {
  /** As it is imported. */
  readonly name: string;
  /** Its index, from the repository's root. */
  readonly source: string;
}

const root = new URL("../../", import.meta.url);
const manifest: { exports: Record<string, string | { types: string }> } = JSON.parse(
  readFileSync(new URL("package.json", root), "utf8"),
);

/** What can be imported of the package. */
export const modules: readonly Module[] = Object.entries(manifest.exports).flatMap(([path, target]) => {
  const source = typeof target === "string" ? undefined : /^\.\/dist\/(src\/.*)\.d\.ts$/.exec(target.types)?.[1];
  return source === undefined ? [] : [{ name: path.replace(".", "simdgrad"), source: `${source}.ts` }];
});

/** What a module's index says of it in the comment that it begins with: `// simdgrad/io: models and arrays as files.` */
function described({ name, source }: Module): string {
  const [comment] = /^(\/\/.*\n)*/.exec(readFileSync(new URL(source, root), "utf8")) ?? [""];
  const text = comment
    .replaceAll(/^\/\/ /gm, "")
    .replaceAll("\n", " ")
    .replace(`${name}: `, "")
    .trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** For TypeDoc: modules are called as they are imported, and the page of an export says from where. */
export function asImported(app: Application): void {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const module of project.children ?? []) {
      const file = module.sources?.[0]?.fullFileName;
      const imported = modules.find(({ source }) => file?.endsWith(`/${source}`));
      if (imported === undefined) throw new Error(`${file} is no import of the package`);
      module.name = imported.name;
      module.comment = new Comment([{ kind: "text", text: described(imported) }]);
    }
  });
  app.renderer.on(PageEvent.END, (page) => {
    const model = page.model as DeclarationReflection;
    if (model.parent?.kind !== ReflectionKind.Module) return;
    const isType = model.kind === ReflectionKind.Interface || model.kind === ReflectionKind.TypeAlias;
    const line = `import ${isType ? "type " : ""}{ ${model.name} } from "${model.parent.name}";`;
    const [way, ...text] = (page.contents ?? "").replaceAll(/^Defined in: .*\n\n/gm, "").split("\n\n");
    const source = model.sources?.[0]?.url ?? model.signatures?.[0]?.sources?.[0]?.url;
    page.contents = [`${way} ([source](${source}))`, `\`\`\`ts\n${line}\n\`\`\``, ...text].join("\n\n");
  });
}
