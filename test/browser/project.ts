// What the projects of Vitest have in common that run test/browser in a browser: one for each engine.
import { fileURLToPath } from "node:url";
import type { TestProjectInlineConfiguration } from "vitest/config";
import type { BrowserProviderOption } from "vitest/node";
import type { Counts } from "../worker/endurance.ts";

/** What an engine is known to have. Tests hold it to that, so that nothing is lost without a word. */
export interface Features {
  /** SharedArrayBuffer in isolated pages: teams of threads. */
  readonly sharedMemory: boolean;
  /** Relaxed SIMD: the relaxed build. */
  readonly relaxedSimd: boolean;
}

declare module "vitest" {
  interface ProvidedContext {
    features: Features;
  }
}

/** What distinguishes one engine's project. */
export interface BrowserProject {
  /** The project's name. */
  readonly name: string;
  readonly browser: "chromium" | "firefox" | "webkit";
  readonly features: Features;
  readonly provider: () => BrowserProviderOption;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The package's own name leads to its sources. */
export const resolve = {
  alias: [
    { find: /^simdgrad$/, replacement: `${root}src/index.ts` },
    { find: /^simdgrad\/(.*)$/, replacement: `${root}src/$1/index.ts` },
  ],
};

/** Of the tests of endurance. */
export const counts: Counts = process.env.SOAK
  ? { kills: 100, cycles: 1000, sequences: 20_000, trainings: 1000 }
  : { kills: 10, cycles: 100, sequences: 60, trainings: 12 };

/** The tests that every engine runs. */
export const browserTests = "test/browser/**/*.test.ts";

/** A project that runs tests in one engine, on pages that are cross-origin isolated. */
export function browserProject(
  { name, browser, provider, features }: BrowserProject,
  ...include: readonly string[]
): TestProjectInlineConfiguration {
  return {
    resolve,
    root,
    // Found at once, not when a test first imports it: then Vite would load all pages anew.
    optimizeDeps: { include: ["comlink"] },
    server: {
      headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
    },
    test: {
      name,
      include: [...include],
      testTimeout: 30_000,
      provide: { features, counts },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: provider(),
        instances: [{ browser, name }],
      },
    },
  };
}
