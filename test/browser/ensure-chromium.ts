// Run before the tests: makes sure that there is a Chromium, installs Debian's package where it may, else says what to do.
import { existsSync } from "node:fs";
import { findChromium } from "./chromium.ts";
import { installPackages } from "./install.ts";

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

const given = process.env.CHROMIUM_PATH;
if (given !== undefined && !existsSync(given)) fail(`tests need Chromium: CHROMIUM_PATH names no file: ${given}`);
if (findChromium() === undefined) installPackages("chromium");
if (findChromium() === undefined)
  fail(
    "tests need Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH to a Chromium or Chrome",
  );
