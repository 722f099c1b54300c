// A stream of many more rows than there is memory for, had it to hold them: what is in use stays what it was. A million rows every day,
// twenty million in `npm run soak`.
import { type Samples, Trainer, WasmExecutor } from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { expect, test } from "vitest";
import { countLoads } from "./compiles.ts";

const ROWS = process.env.SOAK ? 20_000_000 : 1_000_000;
const CHUNK = 4000;
const WIDTH = 8;
/** Bytes of all rows together: x and y. */
const ALL = ROWS * (WIDTH + 1) * 4;
const MIB = 2 ** 20;
/**
 * What may be in use more at one time than at another: rows read ahead (4 MiB), a chunk in three copies and what of chunks is not freed yet.
 * A stream of which a half stayed would be above it.
 */
const MOODS = 12 * MIB;

/** Bytes of the heap and of arrays, once what can be freed is. */
async function inUse(): Promise<number> {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve));
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The memories that executors make from now on. */
function memories(): { readonly bytes: () => number; readonly restore: () => void } {
  const { Memory } = WebAssembly;
  const all: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      all.push(this);
    }
  };
  return {
    bytes: () => all.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
    restore: () => {
      WebAssembly.Memory = Memory;
    },
  };
}

test.each([
  ["in its order", undefined],
  ["shuffled", 10_000],
])(
  `a stream of ${ROWS} rows, %s, leaves memory as it is`,
  async (_, shuffleBuffer) => {
    const made = memories();
    const executor = new WasmExecutor({ threads: 1 });
    const trainer = new Trainer(new Linear(WIDTH, 1), { loss: mseLoss, optimizer: sgd(0.01), executor });
    const loads = countLoads(executor);
    const samples: { readonly bytes: number; readonly wasm: number; readonly programs: number }[] = [];
    async function* stream(): AsyncGenerator<Samples> {
      let state = 1;
      for (let start = 0, i = 0; start < ROWS; start += CHUNK, i++) {
        const x = new Float32Array(CHUNK * WIDTH);
        const y = new Float32Array(CHUNK);
        for (let row = 0; row < CHUNK; row++)
          for (let k = 0; k < WIDTH; k++) {
            state = (Math.imul(state, 1103515245) + 12345) | 0;
            x[row * WIDTH + k] = state / 2 ** 31;
            y[row] += (k - 3) * x[row * WIDTH + k];
          }
        if (i % Math.floor(ROWS / CHUNK / 20) === 0)
          samples.push({ bytes: await inUse(), wasm: made.bytes(), programs: loads.length });
        yield { x: { data: x, shape: [CHUNK, WIDTH] }, y: { data: y, shape: [CHUNK, 1] } };
      }
    }
    const history = await trainer.fit({ data: stream, batch: 200, shuffleBuffer });
    const step = (await trainer.snapshot())["optimizer.step"].data[0];
    expect(step).toBe(ROWS / 200);
    expect(history[0].loss).toBeLessThan(1);
    // The first fifth is for what is made once: programs, slots, the buffer.
    const [first, ...later] = samples.slice(4);
    const most = Math.max(...later.map(({ bytes }) => bytes)) - first.bytes;
    console.log(`${(ALL / MIB).toFixed(0)} MiB of rows: ${(most / MIB).toFixed(1)} MiB more in use at the most`);
    expect(later.length).toBeGreaterThanOrEqual(15);
    expect(most).toBeLessThan(MOODS);
    expect(first.wasm).toBeGreaterThan(0);
    expect(later.at(-1)).toMatchObject({ wasm: first.wasm, programs: first.programs });
    made.restore();
    await executor.dispose();
  },
  900_000,
);
