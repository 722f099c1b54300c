// Two projects for each engine: the browser's tests, and after them the built site. run.ts runs those whose browser is installed, one
// engine after the other.
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { browserProject, browserTests } from "../browser/project.ts";
import { type Engine, engines } from "./engines.ts";

function pageProject({ name }: Engine): TestProjectInlineConfiguration {
  // Chromium is what the links of the others are compared with.
  const files = name === "chromium" ? "{page,elsewhere}" : "{page,elsewhere,link}";
  return {
    test: {
      name: `${name}-page`,
      include: [`test/browsers/${files}.test.ts`],
      provide: { engine: name },
      sequence: { groupOrder: 1 },
    },
  };
}

export default defineConfig({
  test: {
    projects: engines.flatMap((engine) => [
      browserProject(engine, browserTests, "test/browsers/worker-contract.test.ts"),
      pageProject(engine),
    ]),
  },
});
