// The service worker of the built site: the names of the site's files, and what is done with them, in one script beside the pages.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** Files that wait for a visitor who wants them. */
const onDemand = /(^|\/)(data|models|peers)\//;

export function offline(): Plugin {
  const source = readFileSync(new URL("./service-worker.js", import.meta.url), "utf8");
  return {
    name: "demo-offline",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        if (this.environment.name !== "client") return;
        const hash = createHash("sha256").update(source);
        for (const [name, file] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1)))
          hash.update(name).update(file.type === "chunk" ? file.code : file.source);
        const files = Object.keys(bundle).filter((name) => !onDemand.test(name) && !name.endsWith(".map"));
        const fixed = ["./", "icon.svg", "theme-at-once.js"];
        const values = `const VERSION = "${hash.digest("hex").slice(0, 16)}";\nconst FILES = ${JSON.stringify([...fixed, ...files.sort()])};\n`;
        this.emitFile({ type: "asset", fileName: "service-worker.js", source: values + source });
      },
    },
  };
}
