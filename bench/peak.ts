// The peak that kernels are held against: the best loop of a micro-kernel over a tile of A and a panel of B that stay in the first
// cache. Its sums live in registers, its operands come from memory (V8 builds literal vectors anew in every turn), and there is
// nothing else: no packing, no edges, no other tile. Tiles of several shapes compete, the project's own among them.
// They are a module of their own, compiled when the benchmark starts.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { readSource, unroll } from "../assembly/source.mjs";
import { median } from "./report.ts";

export type Build = "relaxed" | "portable";

export interface Peak {
  /** Which loop it is. */
  readonly name: string;
  /** Operations of one tile. */
  readonly flops: number;
  run(tiles: number): void;
}

interface Tile {
  readonly rows: number;
  readonly columns: number;
}

const DEPTH = 448; // of a tile: at most 25 kB of A and B
const [A, B, C] = [1024, 65536, 131072]; // bytes
/** Of our own micro-kernels. */
const OWN: Readonly<Record<Build, Tile>> = {
  relaxed: { rows: 6, columns: 8 },
  portable: { rows: 3, columns: 12 },
};
const TILES: readonly Tile[] = ["6x8", "5x8", "4x8", "3x12", "4x12"].map((shape) => {
  const [rows, columns] = shape.split("x").map(Number);
  return { rows, columns };
});
const TURNS = 8; // of k in one turn of a loop, unless plain loops are asked for
const FASTER = 1.02; // by which another loop must be faster than our own: of loops that take turns, chance would choose

const ROUNDS = 600;
const WARM_UPS = 20;

const root = fileURLToPath(new URL("..", import.meta.url));
const ENTRY = "peak-probe.ts";

/**
 * The fastest of all loops on this machine; of plain ones, one turn of k at a time as they are usually written, if so asked.
 * @throws Error for one that multiplies wrongly
 */
export async function peakOf(build: Build, plain = false): Promise<Peak> {
  const own = OWN[build];
  const shape = ({ rows, columns }: Tile) => `${rows}x${columns}`;
  const source = `
    import { madd } from "./assembly/simd";
    import { columns${shape(own)} } from "./assembly/gemm/micro-${shape(own)}";
    ${callOf(`columns${shape(own)}`, own)}
    ${TILES.map((tile) => loopOf(`loop${shape(tile)}`, tile, plain ? 1 : TURNS)).join("\n")}`;
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536, shared: true });
  const numbers = new Float32Array(memory.buffer);
  for (let i = 0; i < numbers.length; i++) numbers[i] = ((i * 0.618034) % 1) - 0.5;
  const { instance } = await WebAssembly.instantiate(await compiled(source, build), { env: { memory } });
  const peakOfLoop = (exported: string, name: string, tile: Tile): Peak => {
    const run = instance.exports[exported] as Peak["run"];
    check(run, tile, numbers);
    return { name, flops: 2 * tile.rows * tile.columns * DEPTH, run };
  };
  const loops = TILES.map((tile) =>
    peakOfLoop(`loop${shape(tile)}`, `a ${plain ? "plain " : ""}loop of ${shape(tile)}`, tile),
  );
  return fastest(plain ? loops : [peakOfLoop("own", `columns${shape(own)} of assembly/gemm`, own), ...loops]);
}

/** Our own micro-kernel on one tile. */
function callOf(kernel: string, { rows, columns }: Tile): string {
  const tile = `${A}, ${4 * rows}, ${B}, ${4 * columns}, ${DEPTH}, ${C}, ${4 * columns}, ${rows}, false`;
  return `export function own(count: i32): void { ${kernel}(${tile}, count, 0, 0, 0); }`;
}

/** A loop over one tile: the sums c, a row p of B, one number x of A at a time. */
function loopOf(name: string, { rows, columns }: Tile, length: number): string {
  const [down, across] = [range(rows), range(columns / 4)];
  const each = (line: (i: number, j: number) => string) =>
    down.flatMap((i) => across.map((j) => line(i, j))).join("\n");
  const row = 4 * columns; // of B, in bytes
  return `
    export function ${name}(count: i32): void {
      for (let n = 0; n < count; n++) {
        let a: usize = ${A};
        let b: usize = ${B};
        ${each((i, j) => `let c${i}${j} = f32x4.splat(0);`)}
        for (;; b += ${row * length}) {
          // unroll ${length}
          {
            ${across.map((j) => `const p${j} = v128.load(b, ${row} * TURN + ${16 * j});`).join("\n")}
            ${each((i, j) => `${j === 0 ? `const x${i} = v128.load32_splat(a, ${4 * i});` : ""} c${i}${j} = madd(x${i}, p${j}, c${i}${j});`)}
            a += ${4 * rows};
            if (b + ${row} * (TURN + 1) === ${B + row * DEPTH}) break; // else Binaryen would mix the turns
          }
          // end of unroll
        }
        ${each((i, j) => `v128.store(${C + 4 * (i * columns + 4 * j)}, c${i}${j});`)}
      }
    }`;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

/** A probe is a product, too: it is wrong if it makes another one. */
function check(run: Peak["run"], { rows, columns }: Tile, numbers: Float32Array): void {
  run(1);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < DEPTH; k++) sum += numbers[A / 4 + k * rows + i] * numbers[B / 4 + k * columns + j];
      const got = numbers[C / 4 + i * columns + j];
      if (!(Math.abs(got - sum) < 1e-4)) throw new Error(`the peak's tile has ${got} at ${i}, ${j}, not ${sum}`);
    }
}

/** In rounds, since the clock may change: the first one, unless another is clearly nearer to its rounds' best by the median. */
function fastest(peaks: readonly Peak[]): Peak {
  const shares: number[][] = peaks.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    const rates = peaks.map(({ flops, run }) => {
      const tiles = Math.round(1e7 / flops);
      const start = performance.now();
      run(tiles);
      return (tiles * flops) / (performance.now() - start);
    });
    const best = Math.max(...rates);
    if (round >= WARM_UPS) for (const [i, rate] of rates.entries()) shares[i].push(rate / best);
  }
  const medians = shares.map(median);
  const best = Math.max(...medians);
  return best > FASTER * medians[0] ? peaks[medians.indexOf(best)] : peaks[0];
}

/** The module of a source that is no file, made as the project's own build makes its modules. */
async function compiled(source: string, build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const config = JSON.parse(await readFile(`${root}asconfig.json`, "utf8"));
  const texts: Record<string, string> = {
    "asconfig.json": JSON.stringify({ ...config, entries: [ENTRY] }),
    [ENTRY]: unroll(source),
  };
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["--target", build, "--baseDir", root], {
    readFile: (name, folder) => texts[basename(name)] ?? readSource(name, folder),
    writeFile: (_, contents) => {
      if (typeof contents !== "string") bytes = contents;
    },
  });
  if (error || bytes === undefined)
    throw new Error(`the probe of the peak does not compile: ${stderr}${error?.message}`);
  return Uint8Array.from(bytes);
}
