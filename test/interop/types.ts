// The types of every entry, in versions of TypeScript, by both ways in which it finds modules of packages; libraries are checked, too.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Compilers by version. */
export const compilers: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["5.0", "5.2", "5.4", "5.6", "5.7", "5.9", "6.0"].map((version) => [
      version,
      compiler(`node_modules/typescript${version}`),
    ]),
  ),
  "7.0": compiler("../../node_modules/typescript"),
};

function compiler(folder: string): string {
  return fileURLToPath(new URL(`${folder}/bin/tsc`, import.meta.url));
}

/** How modules are found, by the kind of module that goes with it. */
const ways = { bundler: "esnext", nodenext: "nodenext" };

/** What is said of a user who imports everything, and makes mistakes that must be seen. */
export function compileEntries(tsc: string, folder: string): string[] {
  const { exports } = JSON.parse(readFileSync(join(folder, "node_modules/simdgrad/package.json"), "utf8"));
  const names = Object.keys(exports).filter((name) => name !== "./package.json");
  const imports = names.map((name, i) => `import * as m${i} from "${name.replace(".", "simdgrad")}";`);
  const user = `${imports.join("\n")}
import { Trainer } from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";

export const all = [${names.map((_, i) => `m${i}`).join(", ")}];
export async function trained(): Promise<readonly number[]> {
  const executor = await spawn({ threads: 2 });
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor });
  const history = await trainer.fit({ epochs: 3 });
  return history.map(({ loss }) => loss);
}
// @ts-expect-error: features are a number
export const wrong = new Linear("1", 1);
// @ts-expect-error: there is no such option
export const unknown = spawn({ thread: 2 });
`;
  writeFileSync(join(folder, "user.ts"), user);
  return Object.entries(ways).flatMap(([moduleResolution, module]) => {
    const platform = { target: "es2022", lib: ["es2023", "dom"], types: [] };
    const compilerOptions = { noEmit: true, strict: true, module, moduleResolution, ...platform };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["user.ts"] }));
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    return status === 0 ? [] : [`${moduleResolution}: ${stdout}`];
  });
}
