// A program with something missing, or of another kind, anywhere in it: a typed error that names it, from all that take programs.
import { JsExecutor, type Program, SimdgradError, WasmExecutor } from "simdgrad";
import { firstNonFinite, memory, printProgram, profile, verifyProgram } from "simdgrad/debug";
import { afterAll, expect, test } from "vitest";
import { dense } from "../compile/programs.ts";

const executors = [new JsExecutor(), new WasmExecutor({ build: "portable", threads: 1 })];
afterAll(() => Promise.all(executors.map((each) => each.dispose())));

const takers: Readonly<Record<string, (program: Program) => unknown>> = {
  verifyProgram,
  printProgram,
  memory,
  profile: (program) => profile(program, { steps: 1, build: "js" }),
  firstNonFinite: (program) => firstNonFinite(program, () => new Float32Array(1)),
  "a JsExecutor": (program) => executors[0].load(program),
  "a WasmExecutor": (program) => executors[1].load(program),
};

const wrong: readonly unknown[] = [undefined, null, "12", -1, 0.5, Number.NaN, 2n, {}, [[]], [null], new Date(0)];

/** Where a program holds something: paths of keys. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]))];
}

function withOne(program: Program, path: readonly string[], value: unknown): Program {
  const copy = structuredClone(program);
  let part = copy as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) part = part[key] as Record<string, unknown>;
  part[path[path.length - 1]] = value;
  return copy;
}

test.each(Object.entries(takers))("%s", async (_, take) => {
  const program = dense();
  const paths = pathsOf(program).filter((path) => path.length > 0);
  expect(paths.length).toBeGreaterThan(50);
  const raw: string[] = [];
  for (const path of paths)
    for (const value of wrong)
      try {
        await take(withOne(program, path, value));
      } catch (error) {
        if (!(error instanceof SimdgradError)) raw.push(`${path.join(".")} = ${String(value)}: ${error}`);
      }
  expect(raw).toEqual([]);
});

test("what is wrong is named", () => {
  const program = dense();
  const told = (path: readonly string[], value: unknown) => () => verifyProgram(withOne(program, path, value));
  expect(told(["variables", "0", "key"], 3)).toThrow("verifyProgram: program: variables.0.key is 3");
  expect(told(["labels"], undefined)).toThrow("verifyProgram: program.labels is undefined");
  expect(told(["version"], 1)).toThrow("verifyProgram: program is of version 1; version 2 runs here: compile it anew");
});
