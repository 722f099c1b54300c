// Training steps of ours and of every peer that is there, in rounds, each in a process of its own (README.md).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "./child.ts";
import { contenders, expectedLoss } from "./contenders.ts";
import { networks } from "./networks.ts";
import { options, report } from "./options.ts";
import { compare, type Entry, type Timing } from "./rounds.ts";
import { startOf } from "./start.ts";
import { encodeStart } from "./start-file.ts";

const given = options();
await report("steps", given, "", timingsOf);

async function timingsOf(name: string): Promise<Timing[]> {
  const network = networks[name];
  const folder = mkdtempSync(join(tmpdir(), "simdgrad-bench-"));
  const entries: Entry[] = [];
  try {
    const { json, binary } = encodeStart(await startOf(network));
    writeFileSync(join(folder, "start.json"), json);
    writeFileSync(join(folder, "start.bin"), binary);
    const losses = new Map<string, number>();
    for (const contender of contenders(given.threads).filter(given.asked)) {
      const { name, threads, command, environment, takes, oracle = "float64", isLossless } = contender;
      if (takes?.(network) === false) continue;
      const expected = losses.get(oracle) ?? (await expectedLoss(oracle, folder));
      losses.set(oracle, expected);
      const runner = await startChild(command(folder), environment);
      entries.push({ name, threads, runner, expected: isLossless ? undefined : expected });
    }
    return await compare(entries, network.steps, given.rounds);
  } finally {
    await Promise.all(entries.map(({ runner }) => "missing" in runner || runner.end()));
    rmSync(folder, { recursive: true });
  }
}
