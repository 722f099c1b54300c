/** After `tsc`: has the declarations of dist/ say what they say in words that TypeScript knows from 5.0 on. Lines stay, so maps hold. */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { root } from "./libraries.mjs";

const dist = `${root}dist/src/`;

/** What `lib.esnext.disposable` has, since 5.2; the same again is no fault. */
const DISPOSABLE = "runtime/disposable.d.ts";
const disposable = `interface SymbolConstructor {
  readonly dispose: unique symbol;
  readonly asyncDispose: unique symbol;
}
interface Disposable {
  [Symbol.dispose](): void;
}
interface AsyncDisposable {
  [Symbol.asyncDispose](): PromiseLike<void>;
}
`;

for (const file of globSync("**/*.d.ts", { cwd: dist })) {
  const path = relative(dirname(file), DISPOSABLE).replaceAll("\\", "/");
  const text = readFileSync(dist + file, "utf8");
  const older = text
    // Since 5.7; before, arrays had no parameter.
    .replace(/\b(\w+Array)<ArrayBuffer>/g, 'ReturnType<$1Constructor["of"]>')
    .replace(/\b(\w+Array)<ArrayBufferLike>/g, "$1")
    // Since 5.4.
    .replace(/\bNoInfer<(\w+)>/g, "$1 & {}")
    .replace(/^\/\/\/ <reference lib="esnext.disposable" .*$/m, `/// <reference path="${path}" />`);
  if (older !== text) writeFileSync(dist + file, older);
}
writeFileSync(dist + DISPOSABLE, disposable);
