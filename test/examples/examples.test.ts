// Every example of the documentation runs and prints what it says.

import { examples } from "virtual:examples";
import { expect, test } from "vitest";

test("the documentation has examples", () => {
  expect(examples.length).toBeGreaterThan(0);
});

for (const { name, run } of examples)
  test(`the example at ${name} is true`, async () => {
    await run();
  });
