// The machinery behind examples.test.ts: examples are found, a true one passes, a false one fails, and no check is overlooked.
import { describe, expect, test } from "vitest";
import { check } from "./check.ts";
import { docExamples, markdownExamples } from "./extract.ts";
import { instrument } from "./instrument.ts";

describe("finding examples", () => {
  test("in a doc comment, up to the next tag, without a fence", () => {
    const source = `/** Adds.\n *\n * @example\n * add(1, 2); // => 3\n *   indented();\n * @throws never\n */\nexport function add() {}\n`;
    expect(docExamples("a.ts", source)).toEqual([{ name: "a.ts:3", code: "\nadd(1, 2); // => 3\n  indented();" }]);
  });

  test("in a doc comment, with a fence and words around it, several in one comment", () => {
    const source = `\n  /**\n   * @example Words.\n   * \`\`\`ts\n   * one();\n   * \`\`\`\n   * @example\n   * two();\n   */`;
    expect(docExamples("a.ts", source).map(({ code }) => code.trim())).toEqual(["one();", "two();"]);
  });

  test("in ts blocks of Markdown alone", () => {
    const text = "# T\n\n```sh\nnpm ci\n```\n\n```ts\nrun();\n```\n";
    expect(markdownExamples("R.md", text)).toEqual([{ name: "R.md:8", code: "run();\n" }]);
  });
});

describe("instrumenting", () => {
  test("keeps every checked statement's own line, whole expressions and declarations", () => {
    expect(instrument("const a = 1; // => 1\nf(\n  a,\n); // => [1,\n//   2]\ng();", "c")).toBe(
      'import { check as __check } from "c"; ' +
        'const a = 1; await __check(async () => [a], "1"); // => 1\n' +
        'await __check(async () => [(f(\n  a,\n))], "[1, 2]"); // => [1,\n//   2]\ng();',
    );
  });

  test("refuses a check that it cannot make", () => {
    expect(() => instrument("for (const a of b) {\n  a; // => 1\n}", "c")).toThrow("no top-level statement");
    expect(() => instrument("// => 1", "c")).toThrow("no top-level statement");
    expect(() => instrument("const { a } = b; // => 1", "c")).toThrow("not: const { a } = b;");
    expect(() => instrument("const = 1;", "c")).toThrow("does not parse");
  });
});

describe("checking", () => {
  const holds = (value: unknown, text: string) => check(async () => [value], text);

  test.each([
    [3, "3"],
    [0.34000001, "0.34"],
    [-1.25, "-1.3"],
    [9.99999974e-6, "1e-5"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
    [-0, "-0"],
    [undefined, "undefined"],
    ['a "b"', '"a \\"b\\""'],
    [[1, [2.5, []]], "[1, [2.5, []]]"],
    [Float32Array.of(0.1, 2), "[0.1, 2]"],
    [{ loss: 0.26, shape: [2] }, "{ loss: 0.26, shape: [2] }"],
  ])("%j reads as %s", async (value, text) => {
    await holds(value, text);
  });

  test.each([
    [3.0001, "3"],
    [0.346, "0.34"],
    [0, "-0"],
    ["3", "3"],
    [[1, 2], "[1]"],
    [[1, 2], "[1, 3]"],
    [3, "[3]"],
    [{ a: 1, b: 2 }, "{ a: 1 }"],
    [{ a: 1 }, "{ a: 1, b: 2 }"],
    [Promise.resolve(3), "3"],
    [3, "three"],
    [3, "3 4"],
    [3, ""],
  ])("%j does not read as %s", async (value, text) => {
    await expect(holds(value, text)).rejects.toThrow();
  });

  test("errors by name and start of message", async () => {
    const run = async (): Promise<[unknown]> => {
      throw new RangeError("axis 2 is out of range");
    };
    await check(run, "throws RangeError");
    await check(run, "throws RangeError: axis 2");
    await expect(check(run, "throws TypeError")).rejects.toThrow("expected TypeError");
    await expect(check(run, "throws RangeError: axis 3")).rejects.toThrow("expected RangeError: axis 3");
    await expect(check(async () => [1], "throws RangeError")).rejects.toThrow("got [1]");
  });
});
