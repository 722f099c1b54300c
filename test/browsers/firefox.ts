// Firefox, headless, with a profile of its own, and not under automation: under WebDriver BiDi (Firefox 153) about one in a hundred
// workers that a worker makes never starts, and its maker hangs with it. Without, none in hundreds.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "./browser.ts";
import { end } from "./end.ts";

/** No pages of its own and no word to the outside. */
const preferences = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/** The Firefox that lies at a path; it starts with the first page. @throws Error if it does not run */
export async function startFirefox(path: string): Promise<Browser> {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  const [, version] = /Firefox (\S+)/.exec(stdout ?? "") ?? [];
  if (version === undefined) throw new Error(`${path} is no Firefox`);
  const profile = mkdtempSync(join(tmpdir(), "simdgrad-firefox-"));
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
  writeFileSync(join(profile, "user.js"), lines.join(""));
  let running: ChildProcess | undefined;
  const kill = () => running?.kill();
  process.once("exit", kill); // should nobody close it
  return {
    version: `Firefox ${version}`,
    async open(url) {
      if (running !== undefined) await end(running);
      running = spawn(path, ["--headless", "--no-remote", "--profile", profile, url], { stdio: "ignore" });
    },
    async close() {
      process.off("exit", kill);
      if (running !== undefined) await end(running);
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
