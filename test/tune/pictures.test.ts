// Tables and pictures of a study: what they say, and that they are XML.
import { execFileSync } from "node:child_process";
import { beforeAll, expect, test } from "vitest";
import {
  choice,
  conditional,
  importanceSvg,
  logUniform,
  openStudy,
  parallelCoordinates,
  parallelCoordinatesSvg,
  type Study,
  table,
  uniform,
} from "../../src/tune/index.ts";

const space = { "a<b": logUniform(1e-4, 1), k: conditional({ p: { q: uniform(0, 1) }, r: {} }), w: choice(['"', "&"]) };
let study: Study<typeof space>;

beforeAll(async () => {
  study = await openStudy({ space, seed: 4 });
  await study.trials(20, {
    objective: ({ number, values }) =>
      number === 3 ? "pruned" : number === 4 ? Number.NaN : Math.log10(values["a<b"]),
  });
});

test("a table has all trials, or the best", () => {
  const all = table(study).split("\n");
  expect(all.length).toBe(21);
  expect(all[0]).toMatch(/^trial {2}value +state +a<b +k +k\.p\.q +w$/);
  expect(all[4]).toContain("pruned");
  expect(all[5]).toContain("failed: the objective gave NaN");
  const best = table(study, { best: 3 }).split("\n").slice(1);
  expect(best.length).toBe(3);
  expect(Number(best[0].trim().split(/\s+/)[0])).toBe(study.best?.number);
});

test("parallel coordinates have an axis a parameter and a line a complete trial, broken where a branch was not taken", () => {
  const { axes, lines } = parallelCoordinates(study);
  expect(axes.map(({ path }) => path)).toEqual(["a<b", "k", "k.p.q", "w", "value"]);
  expect(axes[0].ticks.map(({ label }) => label)).toEqual(["0.0001", "0.01", "1"]);
  expect(axes[1].ticks).toEqual([
    { place: 0.25, label: "p" },
    { place: 0.75, label: "r" },
  ]);
  expect(lines.length).toBe(18);
  for (const { trial, value, places } of lines) {
    const { values } = study.history[trial];
    expect(places[2] === undefined).toBe(values.k.kind === "r");
    expect(places[0]).toBeCloseTo((4 + value) / 4, 9); // the value is its logarithm
  }
  expect(Math.max(...lines.map(({ places }) => places[4] ?? 0))).toBe(1);
});

test("pictures are XML, with everything that was searched", () => {
  for (const svg of [parallelCoordinatesSvg(study), importanceSvg(study, { width: 400, trees: 8 })]) {
    // Python reads XML strictly.
    const read =
      "import sys, xml.dom.minidom as m; d = m.parseString(sys.stdin.buffer.read()); print(len(d.getElementsByTagName('text')))";
    expect(Number(execFileSync("/usr/bin/python3", ["-c", read], { input: svg, encoding: "utf8" }))).toBeGreaterThan(4);
    for (const text of ["a&lt;b", "k.p.q"]) expect(svg).toContain(text);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  }
  const taken = study.history.filter(({ state, values }) => state === "complete" && values.k.kind === "p").length;
  // A trial without the branch has a line on each side of its axis: k before it, w and the value behind it.
  expect(parallelCoordinatesSvg(study).split("<polyline").length - 1).toBe(taken + 2 * (18 - taken));
});

test("an empty study has a table and a picture, too", async () => {
  const empty = await openStudy({ space });
  expect(table(empty).split("\n").length).toBe(1);
  expect(parallelCoordinatesSvg(empty)).not.toMatch(/NaN|undefined|Infinity/);
});
