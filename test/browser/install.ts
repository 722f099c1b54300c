// Debian's packages for the browsers that tests need, where they can be installed without asking anybody.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const aptGet = "/usr/bin/apt-get";

/** Installs the packages if this is root's Debian; says whether it did. What it prints goes where this process prints. */
export function installPackages(...packages: readonly string[]): boolean {
  if (process.getuid?.() !== 0 || !existsSync(aptGet)) return false;
  console.log(`installing Debian's ${packages.join(" and ")}`);
  return apt("update") && apt("install", "-y", "--no-install-recommends", ...packages);
}

function apt(...args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(aptGet, args, { stdio: ["ignore", "inherit", "inherit"], env }).status === 0;
}
