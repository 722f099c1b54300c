// What is known of operators beside their rules.
import { expect, test } from "vitest";
import { operators } from "../../src/onnx/rules.ts";
import { signatures } from "../../src/onnx/signatures.ts";

test("all operators have a signature, and no others", () => {
  expect(Object.keys(signatures).sort()).toEqual(operators);
});
