// Steps in a steady state leave nothing on the JavaScript heap, whichever executor makes them.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { float32 } from "../executors.ts";

const script = fileURLToPath(new URL("allocation.ts", import.meta.url));

test.each([...Object.keys(float32), "oracle"])(
  "%s allocates less than a byte a step: a number takes sixteen",
  (name) => {
    const printed = execFileSync(process.execPath, ["--expose-gc", script, name], { encoding: "utf8" });
    expect(Number.parseFloat(printed)).toBeLessThan(1);
  },
);
