// The folder that an export is written to: what is there already, and where none can be.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../../src/index.ts";
import { constant } from "../../../src/index.ts";
import { Linear } from "../../../src/nn/index.ts";
import { toOnnx } from "../../../src/onnx/index.ts";
import { file, run } from "../../cli/run.ts";
import { missing, PYTHON } from "./python.ts";

const state = {
  weight: { data: new Float32Array(12).fill(0.5), shape: [3, 4] },
  bias: { data: [1, 2, 3], shape: [3] },
};
const model = file("model.onnx", await toOnnx(new Linear(4, 3), { input: ["batch", 4] }, { state }));
const table = constant(
  Float32Array.from({ length: 300 }, (_, i) => Math.sin(i)),
  { shape: [300] },
);
const long = file("long.onnx", await toOnnx((x: Tensor) => x.mul(table).sin(), { input: ["batch", 300] }));
const FILES = ["model.py", "train_ddp.py", "weights.safetensors"];

const exported = (out: string, from = model) => run(["export", from, "--to", "pytorch", "--out", out, "--json"]);

describe("export --to pytorch --out", () => {
  test("says what it writes over, and what of an export before stays", async () => {
    const out = file("twice");
    const first = await exported(out);
    expect([first.code, first.json]).toEqual([0, expect.objectContaining({ overwritten: [] })]);
    expect(first.err).not.toContain("written over");
    expect(readdirSync(out).sort()).toEqual(FILES);
    writeFileSync(join(out, "rows.npz"), "rows");
    const second = await exported(out, long);
    expect([second.code, second.json]).toEqual([
      0,
      expect.objectContaining({ overwritten: ["model.py", "weights.safetensors", "train_ddp.py"] }),
    ]);
    expect(second.err).toContain(
      `what was there before is written over: ${["model.py", "weights.safetensors", "train_ddp.py"].map((name) => join(out, name)).join(", ")}`,
    );
    expect(second.err).toContain(`of an export before, and not of this one: ${join(out, "rows.npz")}`);
  });

  test("leaves programs of others, and the model itself, as they are", async () => {
    const out = file("others");
    mkdirSync(out);
    writeFileSync(join(out, "model.py"), "print('mine')\n");
    const { code, err } = await exported(out);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(
        `--out ${out}: model.py in it was not written by simdgrad, and would be written over: take another folder`,
      ),
    ]);
    expect(readFileSync(join(out, "model.py"), "utf8")).toBe("print('mine')\n");
    expect(readdirSync(out)).toEqual(["model.py"]);

    const own = file("own");
    mkdirSync(own);
    writeFileSync(join(own, "weights.safetensors"), readFileSync(model));
    const over = await exported(own, join(own, "weights.safetensors"));
    expect([over.code, over.err]).toEqual([2, expect.stringContaining("would be written over")]);
    expect(readFileSync(join(own, "weights.safetensors")).equals(readFileSync(model))).toBe(true);
  });

  test("is refused in words where no folder can be", async () => {
    const link = file("link");
    symlinkSync("nowhere/there", link);
    const device = file("device");
    mkdirSync(device);
    symlinkSync("/dev/null", join(device, "model.py"));
    const cases: readonly (readonly [out: string, words: string])[] = [
      [link, `--out ${link}: it is a link to nowhere/there, and there is no such folder`],
      [`${link}/`, "it is a link to nowhere/there, and there is no such folder"],
      [join(model, "x"), "a part of its path is no folder"],
      [device, "model.py in it is no file"],
      ["/proc/x", "/proc/x: there is no such file or folder"],
      ["/proc/x/y", "there is no folder /proc/x"],
    ];
    for (const [out, words] of cases) {
      const { code, err } = await exported(out);
      expect([out, code, err]).toEqual([out, expect.toSatisfy((told) => told !== 0), expect.stringContaining(words)]);
    }
    expect(existsSync(link)).toBe(false);
  });

  test.skipIf(missing)("nothing of an ONNX file runs", async () => {
    const size = 'n"""\nimport os\nprint("OWNED")\n"""';
    const bytes = await toOnnx(new Linear(4, 3), { input: [size, 4], inputNames: [size] }, { state });
    const out = file("hostile");
    expect((await exported(out, file("hostile.onnx", bytes))).code).toBe(0);
    const script = "import model, torch; print(model.load()(torch.ones(2, 4)).tolist())";
    const said = execFileSync(PYTHON, ["-c", script], { cwd: out, encoding: "utf8" });
    expect(JSON.parse(said)).toEqual([
      [3, 4, 5],
      [3, 4, 5],
    ]);
  });
});
