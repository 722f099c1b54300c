// Ending a program that was started.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Asks it to end, and waits until it has. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  child.kill();
  await exited;
}
