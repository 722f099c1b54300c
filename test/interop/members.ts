// Members of one run in Node, Deno and Bun: they must hold the same after a round of all three.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { findServer, NatsServer } from "../nats/server.ts";
import { nodes, program } from "./node.ts";

const PATIENCE = 60_000;

const commands: Readonly<Record<string, readonly string[]>> = {
  node: [nodes[24]],
  deno: [program("deno"), "run", "--allow-all"],
  bun: [program("bun")],
};

const names = Object.keys(commands);

/** What goes wrong where the three train a round together in a folder with the package. */
export async function trainTogether(folder: string): Promise<string[]> {
  const found = await findServer();
  if (found === undefined) return ["no nats-server here, and Debian's package cannot be had"];
  // What users install beside.
  symlinkSync(
    fileURLToPath(new URL("../../node_modules/@nats-io", import.meta.url)),
    join(folder, "node_modules/@nats-io"),
  );
  const server = await NatsServer.start(found);
  try {
    const told = await Promise.all(names.map((name) => member(name, folder, server.address)));
    const problems = told.flatMap(({ problems }) => problems);
    const { round, members } = JSON.parse(told[0].said || "{}");
    if (round !== 1 || members?.join() !== "bun,deno,node") problems.push(`the round is ${told[0].said}`);
    for (const { said } of told) if (said !== told[0].said) problems.push(`${said} instead of ${told[0].said}`);
    return problems;
  } finally {
    await server.stop();
  }
}

async function member(name: string, cwd: string, address: string) {
  const [binary, ...args] = commands[name];
  const { NODE_OPTIONS: _, ...env } = process.env;
  const words = [...args, "interop/app/member.js", address, "together", name, `${names.indexOf(name)}`];
  const child = spawn(binary, words, { cwd, env, timeout: PATIENCE, stdio: ["ignore", "pipe", "pipe"] });
  const [said, wrong, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const problems = [code === 0 ? "" : `${name} ended with ${code}`, wrong].filter(Boolean);
  return { said: said.trim(), problems };
}
