// The site of demonstrations: `npm run demo` serves it, `npm run build:demo` builds it into build/demo, to be put under any path.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { digitFiles } from "./digits/files.ts";
import { frame, present } from "./frame.ts";
import { frontPage } from "./front/plugin.ts";
import { offline } from "./offline/plugin.ts";

const root = fileURLToPath(new URL(".", import.meta.url));
const sources = fileURLToPath(new URL("../../src", import.meta.url));

/** Without them everything works, with one thread. */
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  root,
  base: "./",
  plugins: [frame(), frontPage(present), digitFiles(), offline()],
  resolve: {
    alias: [
      { find: /^simdgrad$/, replacement: `${sources}/index.ts` },
      { find: /^simdgrad\/(.*)$/, replacement: `${sources}/$1/index.ts` },
    ],
  },
  optimizeDeps: { include: ["comlink", "uplot"] },
  worker: { format: "es" },
  server: { headers },
  preview: { headers },
  build: {
    target: "es2022",
    outDir: fileURLToPath(new URL("../../build/demo", import.meta.url)),
    emptyOutDir: true,
    // A policy of the page forbids data: where files of its own will do.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: readdirSync(root)
        .filter((name) => name.endsWith(".html"))
        .map((name) => root + name),
    },
  },
});
