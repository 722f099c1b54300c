// Connectionist temporal classification beside torch.nn.functional.ctc_loss: logSoftmax, the loss and its gradient by the logits, in turns.
// What must be equal is the loss and the sum of the gradient's squares. Options: --rounds N, --threads N, --json FILE, --write.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile, type Executor, grad, input, JsExecutor, WasmExecutor } from "../src/index.ts";
import { ctcLoss } from "../src/nn/index.ts";
import { startChild } from "./child.ts";
import { options } from "./options.ts";
import { describe, machine, writeReadme } from "./report.ts";
import { compare, type Entry, type Runner } from "./rounds.ts";
import { figures, stepTable, versions } from "./step-table.ts";

const [TIMES, BATCH, CLASSES, LABELS] = [128, 16, 29, 20];
const NAME = `T ${TIMES}, batch ${BATCH}, ${CLASSES} classes, ${LABELS} labels`;
const MOST_STEPS = 500;
const PYTHON = "/usr/bin/python3";

const { rounds, threads, json, write } = options();
const counts = threads > 1 ? [1, threads] : [1];
const x = Float32Array.from({ length: TIMES * BATCH * CLASSES }, (_, i) => 4 * ((i * 0.618034) % 1));
const y = Int32Array.from({ length: BATCH * LABELS }, (_, i) => 1 + ((i * i + (i >> 3)) % (CLASSES - 1)));

/** A program of ours as a contender. */
async function own(executor: Executor): Promise<Runner> {
  const logits = input([TIMES, BATCH, CLASSES]);
  const labels = input([BATCH, LABELS], "i32");
  const loss = ctcLoss(logits.logSoftmax(-1), labels, TIMES, LABELS);
  const outputs = { loss, gradient: grad(loss, [logits])[0] };
  const program = await executor.load(compile({ inputs: { logits, labels }, outputs }));
  await executor.write({ program, name: "logits" }, x);
  await executor.write({ program, name: "labels" }, y);
  return {
    engine: executor.info.name,
    async ask(steps) {
      const begin = performance.now();
      await executor.run([[program, steps]]).done;
      const ms = (performance.now() - begin) / steps;
      const [[value], gradient] = await Promise.all(
        Object.keys(outputs).map((name) => executor.read({ program, name })),
      );
      return { ms, loss: Float64Array.from(gradient).reduce((sum, each) => sum + each * each, value) };
    },
    end: () => executor.dispose(),
  };
}

const folder = mkdtempSync(join(tmpdir(), "simdgrad-bench-"));
const entries: Entry[] = [];
try {
  writeFileSync(join(folder, "logits.bin"), x);
  writeFileSync(join(folder, "labels.bin"), y);
  const oracle = await own(new JsExecutor({ precision: "float64" }));
  const { loss: expected } = await oracle.ask(1);
  await oracle.end();
  const enter = async (name: string, count: number, runner: Entry["runner"]) =>
    entries.push({ name, threads: count, runner, expected });
  for (const count of counts) await enter("wasm-relaxed", count, await own(new WasmExecutor({ threads: count })));
  await enter("js", 1, await own(new JsExecutor()));
  const script = fileURLToPath(new URL("peers/torch_ctc.py", import.meta.url));
  for (const count of counts) {
    const command = [PYTHON, script, folder, ...[count, TIMES, BATCH, CLASSES, LABELS].map(String)];
    const environment = { OMP_NUM_THREADS: `${count}`, OMP_WAIT_POLICY: "passive" };
    await enter("PyTorch", count, await startChild(command, environment));
  }
  const all = figures(NAME, await compare(entries, MOST_STEPS, rounds));
  const text = [`${describe(machine())}. ${versions(all)}.`, stepTable(all)].join("\n\n");
  console.log(text);
  if (json !== undefined)
    writeFileSync(json, `${JSON.stringify({ machine: machine(), results: all }, undefined, 2)}\n`);
  if (write) writeReadme("ctc", text);
} finally {
  await Promise.all(entries.map(({ runner }) => "missing" in runner || runner.end()));
  rmSync(folder, { recursive: true });
}
