// Run before the tests: makes sure that there is a Chromium, installs Debian's package where it may, else says what to do.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findChromium } from "./chromium.ts";

function apt(...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", args, { stdio: ["ignore", "inherit", "inherit"], env }).status === 0;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

const advice = "install it (Debian: apt-get install chromium) or set CHROMIUM_PATH to a Chromium or Chrome";
const given = process.env.CHROMIUM_PATH;
if (given !== undefined && !existsSync(given)) fail(`tests need Chromium: CHROMIUM_PATH names no file: ${given}`);
if (findChromium() === undefined) {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) fail(`tests need Chromium: ${advice}`);
  console.log("tests need Chromium: installing Debian's package");
  const installed = apt("update") && apt("install", "-y", "--no-install-recommends", "chromium");
  if (!installed || findChromium() === undefined)
    fail(`tests need Chromium and apt-get could not install it: ${advice}`);
}
