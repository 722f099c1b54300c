// The three engines: how each is found, installed and started, and what it has. They are never downloaded.
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import type { BrowserProject, Features } from "../browser/project.ts";
import type { Browser } from "./browser.ts";
import { startChromium } from "./chromium.ts";
import { startFirefox } from "./firefox.ts";
import { provider } from "./provider.ts";
import { startWebKit, type WebKitPrograms } from "./webkit.ts";

export interface Engine extends BrowserProject {
  readonly title: string;
  /** Debian's packages. */
  readonly packages: readonly string[];
  /** Environment variable with the path of another one. */
  readonly variable: string;
  readonly isInstalled: () => boolean;
  readonly start: () => Promise<Browser>;
}

const everything: Features = { sharedMemory: true, relaxedSimd: true };

/** The one that `npm test` needs. */
export const chromium: Engine = {
  name: "chromium",
  browser: "chromium",
  title: "Chromium",
  features: everything,
  packages: ["chromium"],
  variable: "CHROMIUM_PATH",
  isInstalled: () => findChromium() !== undefined,
  start: () => startChromium(found(findChromium())),
  provider: () => playwright({ launchOptions: { executablePath: findChromium(), args: [...chromiumArguments] } }),
};

const firefox: Engine = {
  name: "firefox",
  browser: "firefox",
  title: "Firefox",
  features: everything,
  packages: ["firefox-esr"],
  variable: "FIREFOX_BIN",
  isInstalled: () => findFirefox() !== undefined,
  start: startFoundFirefox,
  provider: () => provider("firefox", startFoundFirefox),
};

const webkit: Engine = {
  name: "webkit",
  browser: "webkit",
  title: "WebKitGTK",
  features: { sharedMemory: false, relaxedSimd: false },
  packages: ["webkit2gtk-driver", "xvfb"],
  variable: "WEBKIT_BIN",
  isInstalled: () => findWebKit() !== undefined,
  start: startFoundWebKit,
  provider: () => provider("webkit", startFoundWebKit),
};

export const engines: readonly Engine[] = [chromium, firefox, webkit];

function startFoundFirefox(): Promise<Browser> {
  return startFirefox(found(findFirefox()));
}

function startFoundWebKit(): Promise<Browser> {
  return startWebKit(found(findWebKit()));
}

function found<T>(programs: T | undefined): T {
  if (programs === undefined) throw new Error("the browser is not installed");
  return programs;
}

/** FIREFOX_BIN if set, else the first of the usual paths that exists. */
function findFirefox(): string | undefined {
  const usualPaths = [
    ...onPath("firefox-esr"),
    ...onPath("firefox"),
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
  ];
  return process.env.FIREFOX_BIN ?? usualPaths.find((path) => existsSync(path));
}

/** WebKitGTK's driver and display from the PATH, and WEBKIT_BIN or the MiniBrowser that belongs to the libraries. */
function findWebKit(): WebKitPrograms | undefined {
  const [driver] = onPath("WebKitWebDriver");
  const [display] = onPath("Xvfb");
  const folders = ["/usr/lib", "/usr/libexec", ...subfolders("/usr/lib"), "/usr/lib64"];
  const usualPaths = folders.flatMap((folder) =>
    ["webkitgtk-6.0", "webkit2gtk-4.1", "webkit2gtk-4.0"].map((version) => join(folder, version, "MiniBrowser")),
  );
  const miniBrowser = process.env.WEBKIT_BIN ?? usualPaths.find((path) => existsSync(path));
  if (driver === undefined || display === undefined || miniBrowser === undefined) return undefined;
  return { driver, display, miniBrowser };
}

function onPath(program: string): readonly string[] {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).filter((path) => existsSync(path));
}

function subfolders(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
