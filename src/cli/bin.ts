#!/usr/bin/env node
// The program: the terminal of this process, and its exit code.
import { CODES } from "./command.ts";
import { systemFault } from "./io.ts";
import { main } from "./main.ts";

const controller = new AbortController();

/** Milliseconds within which npx passes on the signal that the terminal has already given. */
const ECHO = 500;
/** Milliseconds that a process that was interrupted has for what its command has left. */
const LEFT = 1000;
let interrupted = 0;
/** What an interruption ends with. */
let code: number = CODES.interrupted;

// The first Ctrl-C ends what is under way in good order, a second one at once.
function interrupt(): void {
  if (interrupted > 0 && Date.now() - interrupted > ECHO) process.exit(code);
  interrupted ||= Date.now();
  controller.abort();
}
process.on("SIGINT", interrupt);

// What starts and ends processes by the hundred says it so: a member leaves as after Ctrl-C.
if (process.argv[2] === "worker")
  process.on("SIGTERM", () => {
    code = CODES.terminated;
    interrupt();
  });

// Words that nobody can be given are no reason to lose a training: it goes on, and says so at its end. Whoever reads may have enough, as `head`
// does, which is no fault.
let isLost = false;
process.stdout.on("error", (error: { readonly code?: string }) => {
  if (error.code === "EPIPE") return;
  if (!isLost) process.stderr.write(`simdgrad: ${systemFault({ ...error, path: "stdout" }) ?? `stdout: ${error}`}\n`);
  isLost = true;
});
process.stderr.on("error", () => undefined);
process.on("exit", () => {
  if (isLost) process.exitCode ||= CODES.fault;
});

const ended = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  get input() {
    return process.stdin;
  },
  signal: controller.signal,
});
process.exitCode = ended === CODES.interrupted ? code : ended;
// What a module still does keeps nobody who was told to leave.
if (ended === CODES.interrupted) setTimeout(() => process.exit(), LEFT).unref();
