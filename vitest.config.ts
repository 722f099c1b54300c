// Two projects: "node" and "browser" (a headless Chromium that is already installed). Both run the sources, not dist/.
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { chromiumArguments, findChromium } from "./test/browser/chromium.ts";
import { examples } from "./test/examples/plugin.ts";

const src = fileURLToPath(new URL("src", import.meta.url));

const resolve = {
  alias: [
    { find: /^simdgrad$/, replacement: `${src}/index.ts` },
    { find: /^simdgrad\/(.*)$/, replacement: `${src}/$1/index.ts` },
  ],
};

export default defineConfig({
  test: {
    reporters: ["default", ["json", { outputFile: "build/test-results.json" }]],
    projects: [
      {
        resolve,
        plugins: [examples()],
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/browser/**", "**/node_modules/**"],
          environment: "node",
          // For the tests that count what is left on the heap.
          execArgv: ["--expose-gc"],
          testTimeout: 30_000,
        },
      },
      {
        resolve,
        server: {
          headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
        },
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 30_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: findChromium(), args: [...chromiumArguments] } }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
