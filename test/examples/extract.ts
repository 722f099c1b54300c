// Takes the examples out of doc comments (`@example`) and of Markdown (```ts): plain text in, plain text out.

export interface Example {
  /** File and line of the example's first line. */
  readonly name: string;
  readonly code: string;
}

/** The `@example` blocks of all doc comments of a TypeScript source, with or without a fence. */
export function docExamples(file: string, source: string): Example[] {
  const examples: Example[] = [];
  for (const comment of source.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const start = lineOf(source, comment.index);
    const lines = comment[0]
      .slice(3, -2)
      .split("\n")
      .map((line) => line.replace(/^\s*\* ?/, ""));
    lines.forEach((line, first) => {
      if (!/^\s*@example\b/.test(line)) return;
      const next = lines.findIndex((other, i) => i > first && /^\s*@\w/.test(other));
      const block = lines.slice(first, next < 0 ? lines.length : next);
      block[0] = block[0].replace(/^\s*@example\b/, "");
      examples.push({ name: `${file}:${start + first}`, code: unfenced(block).join("\n") });
    });
  }
  return examples;
}

/** The ```ts blocks of a Markdown text. */
export function markdownExamples(file: string, text: string): Example[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((block) => ({
    name: `${file}:${lineOf(text, block.index) + 1}`,
    code: block[1],
  }));
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** What stands between the fences, or everything where there is none. */
function unfenced(lines: readonly string[]): readonly string[] {
  const open = lines.findIndex((line) => line.trim().startsWith("```"));
  if (open < 0) return lines;
  const close = lines.findIndex((line, i) => i > open && line.trim() === "```");
  return lines.slice(open + 1, close < 0 ? lines.length : close);
}
