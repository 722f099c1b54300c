// Builds the site once for all of its tests, and says where it lies.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the built site. */
    site: string;
  }
}

const configFile = fileURLToPath(new URL("../../demo/web/vite.config.ts", import.meta.url));

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "simdgrad-site-"));
  // What visitors get, not what Vitest would have built.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = "production";
  await build({ configFile, logLevel: "warn", build: { outDir: folder } });
  process.env.NODE_ENV = NODE_ENV;
  project.provide("site", folder);
  return () => rm(folder, { recursive: true, force: true });
}
