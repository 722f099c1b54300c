// The peak that kernels are held against: the best loop of a micro-kernel over a tile of A and a panel of B that stay in the first
// cache. Its sums live in registers, its operands come from memory (V8 builds literal vectors anew in every turn), and there is
// nothing else: no packing, no edges, no other tile. Tiles of several shapes compete, the project's own micro-kernels among them.
// They are a module of their own, compiled when the benchmark starts.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
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
  /** A lies in a strip: all rows' first numbers, then all second ones. Else one row lies behind the other. */
  readonly strip: boolean;
}

/** A micro-kernel of ours, of rows of A or of a strip. */
interface Own extends Tile {
  readonly name: string;
  readonly file: string;
}

const DEPTH = 448; // of a tile: at most 25 kB of A and B
const [A, B, C] = [1024, 65536, 131072]; // bytes
const OWN: Readonly<Record<Build, readonly Own[]>> = {
  relaxed: ownOf(6, 8),
  portable: ownOf(3, 12),
};
const TURNS = 8; // of k in one turn of a loop over a strip
const TILES: readonly Tile[] = ["6x8", "5x8", "4x8", "3x12", "4x12"].flatMap((shape) => {
  const [rows, columns] = shape.split("x").map(Number);
  return [
    { rows, columns, strip: false },
    { rows, columns, strip: true },
  ];
});

const ROUNDS = 600;
const WARM_UPS = 20;

const root = fileURLToPath(new URL("..", import.meta.url));
const ENTRY = "peak-probe.ts";

/** The fastest of all loops on this machine. @throws Error for one that multiplies wrongly */
export async function peakOf(build: Build): Promise<Peak> {
  const own = OWN[build];
  const source = `
    import { madd } from "./assembly/simd";
    ${own.map(({ name, file }) => `import { ${name} } from "./assembly/gemm/${file}";`).join("\n")}
    ${own.map((kernel, i) => callOf(kernel, `tile${i}`)).join("\n")}
    ${TILES.map((tile, i) => loopOf(tile, `tile${own.length + i}`)).join("\n")}`;
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536, shared: true });
  const numbers = new Float32Array(memory.buffer);
  for (let i = 0; i < numbers.length; i++) numbers[i] = ((i * 0.618034) % 1) - 0.5;
  const { instance } = await WebAssembly.instantiate(await compiled(source, build), { env: { memory } });
  const names = [
    ...own.map(({ name }) => `${name} of assembly/gemm`),
    ...TILES.map(({ rows, columns, strip }) => `${rows}x${columns}${strip ? `, strips, ${TURNS} turns` : ""}`),
  ];
  const peaks = [...own, ...TILES].map((tile, i): Peak => {
    const run = instance.exports[`tile${i}`] as Peak["run"];
    check(run, tile, numbers);
    return { name: names[i], flops: 2 * tile.rows * tile.columns * DEPTH, run };
  });
  return fastest(peaks);
}

function ownOf(rows: number, columns: number): Own[] {
  const [shape, file] = [`${rows}x${columns}`, `micro-${rows}x${columns}`];
  return [
    { rows, columns, file, name: `rows${shape}`, strip: false },
    { rows, columns, file, name: `columns${shape}`, strip: true },
  ];
}

/** Our own micro-kernel on one tile. */
function callOf({ name, rows, columns, strip }: Own, exported: string): string {
  const lda = 4 * (strip ? rows : DEPTH);
  return `
    export function ${exported}(count: i32): void {
      ${name}(${A}, ${lda}, ${B}, ${4 * columns}, ${DEPTH}, ${C}, ${4 * columns}, ${rows}, false, count, 0, 0, 0);
    }`;
}

/** A loop over one tile: the sums c, a row p of B, one number x of A at a time. */
function loopOf({ rows, columns, strip }: Tile, name: string): string {
  const [down, across] = [range(rows), range(columns / 4)];
  const each = (line: (i: number, j: number) => string) =>
    down.flatMap((i) => across.map((j) => line(i, j))).join("\n");
  const end = B + 4 * columns * DEPTH;
  const turns = range(strip ? TURNS : 1).map((turn) => {
    const at = (i: number) => 4 * (strip ? i : i * DEPTH);
    // Without an exit between them, Binaryen would mix the turns.
    const exit = `if (b + ${4 * columns * (turn + 1)} === ${end}) break;`;
    return `
          ${across.map((j) => `const p${turn}${j} = v128.load(b, ${4 * columns * turn + 16 * j});`).join("\n")}
          ${each((i, j) => `${j === 0 ? `const x${turn}${i} = v128.load32_splat(a, ${at(i)});` : ""} c${i}${j} = madd(x${turn}${i}, p${turn}${j}, c${i}${j});`)}
          a += ${4 * (strip ? rows : 1)};
          ${exit}`;
  });
  return `
    export function ${name}(count: i32): void {
      for (let n = 0; n < count; n++) {
        let a: usize = ${A};
        let b: usize = ${B};
        ${each((i, j) => `let c${i}${j} = f32x4.splat(0);`)}
        for (;; b += ${4 * columns * turns.length}) {
          ${turns.join("\n")}
        }
        ${each((i, j) => `v128.store(${C + 4 * (i * columns + 4 * j)}, c${i}${j});`)}
      }
    }`;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

/** A probe is a product, too: it is wrong if it makes another one. */
function check(run: Peak["run"], { rows, columns, strip }: Tile, numbers: Float32Array): void {
  run(1);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < DEPTH; k++)
        sum += numbers[A / 4 + (strip ? k * rows + i : i * DEPTH + k)] * numbers[B / 4 + k * columns + j];
      const got = numbers[C / 4 + i * columns + j];
      if (!(Math.abs(got - sum) < 1e-4)) throw new Error(`the peak's tile has ${got} at ${i}, ${j}, not ${sum}`);
    }
}

/** In rounds, since the clock may change: the one that is nearest to its round's best, by the median. */
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
  return peaks[medians.indexOf(Math.max(...medians))];
}

/** The module of a source that is no file, made as the project's own build makes its modules. */
async function compiled(source: string, build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const config = JSON.parse(await readFile(`${root}asconfig.json`, "utf8"));
  const texts: Record<string, string> = {
    "asconfig.json": JSON.stringify({ ...config, entries: [ENTRY] }),
    [ENTRY]: source,
  };
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["--target", build, "--baseDir", root], {
    readFile: (name, folder) => texts[basename(name)] ?? readFile(`${folder}/${name}`, "utf8").catch(() => null),
    writeFile: (_, contents) => {
      if (typeof contents !== "string") bytes = contents;
    },
  });
  if (error || bytes === undefined)
    throw new Error(`the probe of the peak does not compile: ${stderr}${error?.message}`);
  return Uint8Array.from(bytes);
}
