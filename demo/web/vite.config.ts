// The site of demonstrations: `npm run demo` serves it, `npm run build:demo` builds it into build/demo, to be put under any path.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { digitFiles } from "./digits/files.ts";
import { frame, present } from "./frame.ts";
import { frontPage } from "./front/plugin.ts";
import { offline } from "./offline/plugin.ts";
import { teachFiles } from "./teach/files.ts";

const root = fileURLToPath(new URL(".", import.meta.url));
const sources = fileURLToPath(new URL("../../src", import.meta.url));

/** Other libraries, which wait for a visitor who wants to compare: in a folder of their own. */
const isPeer = (ids: readonly string[]) => ids.some((id) => /@tensorflow|@jax-js|peer-worker/.test(id));
const nameOf = ({ moduleIds }: { readonly moduleIds: readonly string[] }) =>
  isPeer(moduleIds) ? "assets/peers/[name]-[hash].js" : "assets/[name]-[hash].js";
const assetNameOf = ({ names }: { readonly names: readonly string[] }) =>
  names.some((name) => name.startsWith("tfjs"))
    ? "assets/peers/[name]-[hash][extname]"
    : "assets/[name]-[hash][extname]";

const htmls = readdirSync(root).filter((name) => name.endsWith(".html"));
const isPageScript = new RegExp(`/(${htmls.map((name) => name.replace(".html", "")).join("|")})-[^/]*\\.js$`);

/** Without them everything works, with one thread. */
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  root,
  base: "./",
  plugins: [frame(), frontPage(present), digitFiles(), teachFiles(), offline()],
  resolve: {
    alias: [
      // The whole of it is five times as large.
      {
        find: /^@tensorflow\/tfjs$/,
        replacement: fileURLToPath(new URL("benchmark/tfjs.ts", import.meta.url)),
      },
      { find: /^simdgrad$/, replacement: `${sources}/index.ts` },
      { find: /^simdgrad\/(.*)$/, replacement: `${sources}/$1/index.ts` },
    ],
  },
  optimizeDeps: { include: ["comlink", "uplot"] },
  worker: {
    format: "es",
    rolldownOptions: { output: { entryFileNames: nameOf, chunkFileNames: nameOf, assetFileNames: assetNameOf } },
  },
  server: { headers },
  preview: { headers },
  build: {
    target: "es2022",
    outDir: fileURLToPath(new URL("../../build/demo", import.meta.url)),
    emptyOutDir: true,
    // A policy of the page forbids data: where files of its own will do.
    assetsInlineLimit: 0,
    modulePreload: {
      polyfill: false,
      // A page's own script is there before what it loads later; asking for it again is an error in Firefox.
      resolveDependencies: (_, files, { hostType }) =>
        hostType === "html" ? files : files.filter((file) => !isPageScript.test(file)),
    },
    rolldownOptions: {
      input: htmls.map((name) => root + name),
    },
  },
});
