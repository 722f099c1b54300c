// Turns an example into a module whose lines ending in `// => value` are assertions. What they assert is in check.ts.
import { type ESTree, parseSync } from "vite";
import { isComplete } from "./check.ts";

type Comment = ReturnType<typeof parseSync>["comments"][number];

/**
 * The example's code, each checked statement handed to a function `__check` imported from `checker`.
 * A checked statement is an expression, or a declaration of one name, at the top level, which ends on the comment's line.
 */
export function instrument(code: string, checker: string): string {
  const { program, comments, errors } = parseSync("example.ts", code);
  if (errors.length > 0) throw new SyntaxError(`example does not parse: ${errors[0].message}\n${code}`);
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  for (const [i, comment] of comments.entries()) {
    const expected = /^\s*=> ?(.*)$/.exec(comment.value)?.[1];
    if (comment.type !== "Line" || expected === undefined) continue;
    const followers = comments.slice(i + 1).filter((other) => ownsLine(code, other.start));
    const text = JSON.stringify(continued(expected, followers, lineAt(code, comment.start), code));
    const statement = program.body.findLast((node) => node.end <= comment.start);
    if (!statement || lineAt(code, statement.end) !== lineAt(code, comment.start))
      throw new SyntaxError(`example: no top-level statement ends on the line of // =>${comment.value}`);
    edits.push(edit(code, statement, text));
  }
  const body = edits.reduceRight((text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end), code);
  // On the first line, so that line numbers stay.
  return `import { check as __check } from ${JSON.stringify(checker)}; ${body}`;
}

function edit(code: string, statement: ESTree.Node, text: string) {
  const { start, end } = statement;
  if (statement.type === "ExpressionStatement") {
    const { expression } = statement;
    const source = code.slice(expression.start, expression.end);
    return { start, end, text: `await __check(async () => [(${source})], ${text});` };
  }
  if (statement.type === "VariableDeclaration" && statement.declarations[0].id.type === "Identifier") {
    const { name } = statement.declarations[0].id;
    return { start: end, end, text: ` await __check(async () => [${name}], ${text});` };
  }
  throw new SyntaxError(
    `example: // => checks expressions and declarations of one name, not: ${code.slice(start, end)}`,
  );
}

/** An expected value may go on in comments on the lines below until its brackets close. */
function continued(first: string, comments: readonly Comment[], line: number, code: string): string {
  let text = first;
  for (const [i, comment] of comments.entries()) {
    if (isComplete(text) || lineAt(code, comment.start) !== line + i + 1) break;
    text += ` ${comment.value.trim()}`;
  }
  return text;
}

function ownsLine(code: string, index: number): boolean {
  return code.slice(code.lastIndexOf("\n", index - 1) + 1, index).trim() === "";
}

function lineAt(code: string, index: number): number {
  return code.slice(0, index).split("\n").length;
}
