// What the page of the benchmark says of rounds that scatter.
import { describe, expect, test } from "vitest";
import { median } from "../../bench/median.ts";
import { codeOf } from "../../demo/web/benchmark/code.ts";
import { isUnsteady, rowsOf, summaryOf } from "../../demo/web/benchmark/results.ts";
import type { Finding } from "../../demo/web/benchmark/rounds.ts";

function finding(contender: Finding["contender"], times: readonly number[]): Finding {
  const ms = [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
  return { network: "dense", contender, ms, times, note: "", engine: "an engine" };
}

test.each([[[3]], [[9, 1]], [[5, 1, 30]], [[8, 2, 4, 100]]])(
  "the page's code takes the median of %j as the page does",
  (rounds) => {
    const lines = codeOf(["tiny"], rounds.length).split("\n");
    const first = lines.findIndex((line) => line.includes("times.sort"));
    const last = lines.findIndex((line) => line.includes("const median"));
    const run = new Function("times", `${lines.slice(first, last + 1).join("\n")}\nreturn median;`);
    expect(run([...rounds])).toBe(median(rounds));
  },
);

describe("rounds", () => {
  test.each([
    { times: [1], unsteady: false },
    { times: [0.9, 1, 1.2], unsteady: false },
    { times: [0.9, 1, 1.3], unsteady: true },
    { times: [1, 4.4], unsteady: true },
  ])("of $times are unsteady: $unsteady", ({ times, unsteady }) => {
    expect(isUnsteady({ times })).toBe(unsteady);
  });

  test("that lie close together are summed up without a doubt", () => {
    const findings = [finding("one", [1, 1.1, 1.2]), finding("js", [5, 5.1, 5.2])];
    expect(summaryOf(findings).doubt).toBe("");
    expect(rowsOf(findings, new Map())[1]).toContain("1 to 1.2");
  });

  test.each(["one", "js", "all"] as const)("of %s that lie far apart are not to be trusted", (name) => {
    const findings = (["one", "all", "js"] as const).map((contender) =>
      finding(contender, contender === name ? [2, 4, 8.8] : [3, 3.1, 3.2]),
    );
    expect(summaryOf(findings).doubt).toContain("neither these figures nor how they compare are to be trusted");
    expect(rowsOf(findings, new Map()).map((row) => row[5])).toContain("2 to 8.8, unsteady");
  });
});
