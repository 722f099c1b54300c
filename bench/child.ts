// A contender in a process of its own, as the process that compares sees it. Its first line says what it is, or why it cannot take
// part; from then on a line "N" makes it take N steps and is answered with milliseconds a step and the last loss.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Answer, Missing, Runner } from "./rounds.ts";

/** Starts a command; its errors go to this process's. */
export async function startChild(command: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const [file, ...parameters] = command;
  const child = spawn(file, parameters, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  try {
    await once(child, "spawn");
  } catch (error) {
    return { missing: `${file}: ${error instanceof Error ? error.message : error}` };
  }
  child.stdin.on("error", () => {}); // one that has ended is noticed by its missing answer
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    return done ? { missing: "ended without an answer" } : JSON.parse(value);
  };
  const end = async () => {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  const hello: Missing | Pick<Runner, "engine"> = await answer();
  if ("missing" in hello) {
    child.stdin.end();
    return hello;
  }
  const ask = async (steps: number): Promise<Answer> => {
    child.stdin.write(`${steps}\n`);
    const answered: Missing | Answer = await answer();
    if ("missing" in answered) throw new Error(answered.missing);
    return answered;
  };
  return { engine: hello.engine, ask, end };
}
