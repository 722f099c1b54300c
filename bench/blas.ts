// The kernels of PyTorch's OpenBLAS. A version that does not know a processor falls back to those of one without AVX, at a quarter of the speed:
// then the nearest that it knows is asked for, so that PyTorch is compared with at its best.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Core types of OpenBLAS whose kernels have no AVX. */
const OLD =
  /^(Prescott|Core2|Penryn|Dunnington|Nehalem|Katmai|Coppermine|Northwood|Banias|Athlon|Opteron|Barcelona|Atom)/i;

/** The core type that OpenBLAS chooses with this environment, "" where it does not say. */
function chosen(python: string, environment: Readonly<Record<string, string>>): string {
  const { stderr } = spawnSync(python, ["-c", "import torch; torch.mm(torch.ones(2, 2), torch.ones(2, 2))"], {
    env: { ...process.env, ...environment, OPENBLAS_VERBOSE: "2" },
    encoding: "utf8",
  });
  return /Core: (\w+)/.exec(stderr ?? "")?.[1] ?? "";
}

/** What the processor has, as far as Linux tells. */
function flags(): string {
  return existsSync("/proc/cpuinfo") ? (/^flags.*$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[0] ?? "") : "";
}

/** Environment of a Python whose OpenBLAS is at its best here; OPENBLAS_CORE is its core type, for the table. */
export function bestBlas(python: string): Readonly<Record<string, string>> {
  const own = chosen(python, {});
  const known = / avx512f /.test(`${flags()} `) ? "SKYLAKEX" : / avx2 /.test(`${flags()} `) ? "HASWELL" : "";
  const asked: Record<string, string> = OLD.test(own) && known !== "" ? { OPENBLAS_CORETYPE: known } : {};
  return { ...asked, OPENBLAS_CORE: OLD.test(own) && known !== "" ? chosen(python, asked) : own };
}
