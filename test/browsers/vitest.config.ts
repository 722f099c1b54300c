// A project for each engine. run.ts runs those whose browser is installed, one after the other.
import { defineConfig } from "vitest/config";
import { browserProject, browserTests } from "../browser/project.ts";
import { engines } from "./engines.ts";

export default defineConfig({
  test: {
    projects: engines.map((engine) => browserProject(engine, browserTests, "test/browsers/worker-contract.test.ts")),
  },
});
