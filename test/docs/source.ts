// The sources as the documents see them: what an index exports, with doc comments, parameters and public methods. Text in, data out.
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { type ESTree, parseSync } from "vite";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A public function, class, method, constant or type. */
export interface Documented {
  readonly name: string;
  readonly kind: "function" | "class" | "constant" | "type" | "method";
  /** Text of its doc comment without stars, "" if there is none. */
  readonly doc: string;
  readonly file: string;
  /** Names of the parameters; of an options parameter, `{ a, b }`. Of a class: of its constructor. */
  readonly parameters: readonly string[];
  /** Of a function: the type it returns, as written. */
  readonly returns: string;
  /** Of a class: its public methods, constructors included. */
  readonly methods: readonly Documented[];
}

interface Module {
  readonly file: string;
  readonly text: string;
  readonly body: readonly ESTree.Statement[];
  /** Doc comments by where they end. */
  readonly docs: readonly { readonly end: number; readonly text: string }[];
}

const modules = new Map<string, Module>();

function moduleAt(file: string): Module {
  const known = modules.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(root + file, "utf8");
  const { program, comments } = parseSync(file, text);
  const docs = comments
    .filter(({ type, value }) => type === "Block" && value.startsWith("*"))
    .map(({ end, value }) => ({
      end,
      text: value
        .replace(/^\s*\* ?/gm, "")
        .replace(/^\*/, "")
        .trim(),
    }));
  const module = { file, text, body: program.body as readonly ESTree.Statement[], docs };
  modules.set(file, module);
  return module;
}

/** The doc comment that ends just before `start`. */
function docBefore({ docs, text }: Module, start: number): string {
  return docs.findLast(({ end }) => end <= start && text.slice(end, start).trim() === "")?.text ?? "";
}

/** Everything an index file exports, in its order. */
export function exportsOf(index: string): Documented[] {
  return moduleAt(index).body.flatMap((statement) => {
    if (statement.type === "ExportAllDeclaration") {
      const target = resolve(index, statement.source.value);
      const all = [...declarations(target), ...exportsOf(target)];
      return statement.exportKind === "type" ? all.filter(({ kind }) => kind === "type") : all;
    }
    if (statement.type !== "ExportNamedDeclaration" || statement.source === null) return [];
    const all = declarations(resolve(index, statement.source.value));
    return statement.specifiers.map(({ exported, exportKind }) => {
      const name = exported.type === "Identifier" ? exported.name : "";
      const isType = statement.exportKind === "type" || exportKind === "type"; // of a class, too
      const found = all.find((each) => each.name === name);
      if (found === undefined) throw new Error(`${index}: cannot find where ${name} is declared`);
      return isType ? { ...found, kind: "type" } : found;
    });
  });
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

/** What a module itself declares and exports. */
export function declarations(file: string): Documented[] {
  const module = moduleAt(file);
  return module.body.flatMap((statement) =>
    statement.type === "ExportNamedDeclaration" && statement.declaration
      ? declared(module, statement.declaration, docBefore(module, statement.start))
      : [],
  );
}

function declared(module: Module, declaration: ESTree.Declaration, doc: string): Documented[] {
  const about = { doc, file: module.file, parameters: [], returns: "", methods: [] };
  switch (declaration.type) {
    case "FunctionDeclaration": {
      const parameters = declaration.params.map((parameter) => parameterName(parameter, module));
      const returns = typeText(declaration.returnType, module);
      return [{ ...about, name: declaration.id?.name ?? "", kind: "function", parameters, returns }];
    }
    case "ClassDeclaration": {
      const methods = methodsOf(module, declaration);
      const parameters = methods.find(({ name }) => name === "constructor")?.parameters ?? [];
      return [{ ...about, name: declaration.id?.name ?? "", kind: "class", parameters, methods }];
    }
    case "VariableDeclaration":
      return declaration.declarations.flatMap(({ id }) =>
        id.type === "Identifier" ? [{ ...about, name: id.name, kind: "constant" as const }] : [],
      );
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return [{ ...about, name: declaration.id.name, kind: "type" }];
    default:
      return [];
  }
}

function methodsOf(module: Module, { body }: ESTree.Class): Documented[] {
  return body.body.flatMap((member) => {
    if (member.type !== "MethodDefinition" || member.key.type !== "Identifier") return [];
    const { params, returnType } = member.value;
    return {
      name: member.key.name,
      kind: "method",
      doc: docBefore(module, member.start),
      file: module.file,
      parameters: params.map((parameter) => parameterName(parameter, module)),
      returns: typeText(returnType, module),
      methods: [],
    };
  });
}

function typeText(annotation: ESTree.TSTypeAnnotation | null | undefined, { text }: Module): string {
  return annotation ? text.slice(annotation.typeAnnotation.start, annotation.typeAnnotation.end) : "";
}

function parameterName(parameter: ESTree.ParamPattern, module: Module): string {
  const pattern = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
  if (pattern.type === "RestElement")
    return `...${pattern.argument.type === "Identifier" ? pattern.argument.name : ""}`;
  if (pattern.type === "Identifier") {
    const options = pattern.name === "options" ? optionNames(pattern.typeAnnotation?.typeAnnotation, module) : [];
    return options.length > 0 ? `{ ${options.join(", ")} }` : pattern.name;
  }
  if (pattern.type !== "ObjectPattern") return pattern.type === "ArrayPattern" ? "key" : "";
  const options = optionNames(pattern.typeAnnotation?.typeAnnotation, module);
  const own = pattern.properties.flatMap((property) =>
    property.type === "Property" && property.key.type === "Identifier" ? property.key.name : [],
  );
  return `{ ${(options.length > 0 ? options : own).join(", ")} }`;
}

/** Names of the members of an options type: a literal, an interface of the same module or one it imports, or several of them. */
function optionNames(type: ESTree.TSType | undefined, module: Module): string[] {
  if (type === undefined) return [];
  if (type.type === "TSIntersectionType") return type.types.flatMap((part) => optionNames(part, module));
  if (type.type === "TSTypeLiteral") return memberNames(type.members);
  if (type.type !== "TSTypeReference" || type.typeName.type !== "Identifier") return [];
  const { name } = type.typeName;
  for (const statement of module.body) {
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declaration?.type === "TSInterfaceDeclaration" && declaration.id.name === name) {
      const inherited = declaration.extends.flatMap(({ expression }) =>
        expression.type === "Identifier" ? optionNames(reference(expression.name), module) : [],
      );
      return [...memberNames(declaration.body.body), ...inherited];
    }
    if (statement.type !== "ImportDeclaration" || !statement.specifiers.some(({ local }) => local.name === name))
      continue;
    return optionNames(type, moduleAt(resolve(module.file, statement.source.value)));
  }
  return [];
}

function reference(name: string): ESTree.TSType {
  return { type: "TSTypeReference", typeName: { type: "Identifier", name } } as ESTree.TSType;
}

function memberNames(members: readonly ESTree.TSSignature[]): string[] {
  return members.flatMap((member) =>
    member.type === "TSPropertySignature" && member.key.type === "Identifier" ? member.key.name : [],
  );
}

/** The first sentence of a doc comment, on one line. */
export function firstSentence(doc: string): string {
  const [text] = doc.split(/\n\s*\n|^@/m);
  const flat = text.replace(/\s+/g, " ").trim();
  return /^.*?\.(?= [A-Z`(]|$)/.exec(flat)?.[0] ?? flat;
}
