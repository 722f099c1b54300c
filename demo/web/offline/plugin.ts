// The service worker of the built site: the names of the site's files, and what is done with them, in one script beside the pages.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** Files that wait for a visitor who wants them: other libraries, pictures of pages, and all 60,000 digits. */
const onDemand = /(^|\/)(peers|cards)\/|\bdata\/(train-60000|test-10000)-/;

export function offline(): Plugin {
  const source = readFileSync(new URL("./service-worker.js", import.meta.url), "utf8");
  let publicDir = "";
  return {
    name: "demo-offline",
    apply: "build",
    configResolved(config) {
      publicDir = config.publicDir;
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        if (this.environment.name !== "client") return;
        const files = new Map<string, string | Uint8Array>();
        for (const name of readdirSync(publicDir, { recursive: true, withFileTypes: true }))
          if (name.isFile()) {
            const path = join(name.parentPath, name.name);
            files.set(path.slice(publicDir.length + 1).replaceAll("\\", "/"), readFileSync(path));
          }
        for (const [name, file] of Object.entries(bundle))
          files.set(name, file.type === "chunk" ? file.code : file.source);
        const names = [...files.keys()].sort();
        const hash = createHash("sha256").update(source);
        for (const name of names) hash.update(name).update(files.get(name) ?? "");
        const first = ["./", ...names.filter((name) => !onDemand.test(name) && !name.endsWith(".map"))];
        const values = `const VERSION = "${hash.digest("hex").slice(0, 16)}";\nconst FILES = ${JSON.stringify(first)};\n`;
        this.emitFile({ type: "asset", fileName: "service-worker.js", source: values + source });
      },
    },
  };
}
