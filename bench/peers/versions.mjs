// The peers' packages and their installed versions.
import { readFileSync } from "node:fs";

/** What the peers' modules need installed. @type {Readonly<Record<string, string>>} */
export const packages = { tfjs: "@tensorflow/tfjs", jax: "@jax-js/jax", brain: "brain.js" };

/**
 * A package and its version as one string; undefined where it is not installed.
 * @param {string | undefined} name
 */
export function engineOf(name) {
  if (name === undefined) return undefined;
  try {
    const { version } = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8"));
    return `${name} ${version}`;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  }
}
