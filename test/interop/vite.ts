// Vite as a server for development. Version 8, the project's own, needs no configuration, version 7 two settings.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Headers, Served } from "./serve.ts";

/** Before version 8 Vite moves dependencies away from their workers, and builds workers that cannot load further modules. */
const settings = { optimizeDeps: { exclude: ["simdgrad"] }, worker: { format: "es" } };

/** Gives a folder the settings that Vite 7 needs. */
export function configure(folder: string): void {
  writeFileSync(join(folder, "vite.config.js"), `export default ${JSON.stringify(settings)};`);
}

/** Serves a folder by its own configuration, if it has any. */
export async function develop(version: "7" | "8", folder: string, headers: Headers): Promise<Omit<Served, "reports">> {
  const name = version === "8" ? "vite" : new URL("node_modules/vite7/dist/node/index.js", import.meta.url).href;
  const vite: typeof import("vite") = await import(name);
  const server = await vite.createServer({
    root: folder,
    logLevel: "error",
    server: { headers, host: "127.0.0.1", port: 0 },
  });
  await server.listen();
  return { url: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
}
