// Four projects: "node", "site" (the pages of demo/web, built and visited), "browser" (a headless Chromium that is already installed) and, when these are done, "alone": what the machine
// must do nothing else beside. All run the sources, not dist/.
// The browser's tests in all three engines: test/browsers/vitest.config.ts.
import { defineConfig } from "vitest/config";
import { browserProject, browserTests, counts, resolve } from "./test/browser/project.ts";
import { chromium } from "./test/browsers/engines.ts";
import { Crashes } from "./test/crashes.ts";
import { examples } from "./test/examples/plugin.ts";

const alone = browserProject({ ...chromium, name: "alone" }, "test/alone/**/*.test.ts");

export default defineConfig({
  test: {
    reporters: ["default", ["json", { outputFile: "build/test-results.json" }], new Crashes()],
    projects: [
      {
        resolve,
        plugins: [examples()],
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/browser/**", "test/browsers/**", "test/site/**", "test/alone/**", "**/node_modules/**"],
          environment: "node",
          // For the tests that count what is left on the heap.
          execArgv: ["--expose-gc"],
          provide: { counts },
          testTimeout: 30_000,
        },
      },
      {
        resolve,
        test: {
          name: "site",
          include: ["test/site/**/*.test.ts"],
          environment: "node",
          globalSetup: ["test/site/setup.ts"],
          testTimeout: 60_000,
        },
      },
      browserProject({ ...chromium, name: "browser" }, browserTests),
      { ...alone, test: { ...alone.test, sequence: { groupOrder: 1 }, fileParallelism: false } },
    ],
  },
});
