#!/usr/bin/env node
// The program: the terminal of this process, and its exit code.
import { CODES } from "./command.ts";
import { systemFault } from "./io.ts";
import { main } from "./main.ts";

const controller = new AbortController();

/** Milliseconds within which npx passes on the signal that the terminal has already given. */
const ECHO = 500;
let interrupted = 0;

// The first Ctrl-C ends what is under way in good order, a second one at once.
process.on("SIGINT", () => {
  if (interrupted > 0 && Date.now() - interrupted > ECHO) process.exit(CODES.interrupted);
  interrupted ||= Date.now();
  controller.abort();
});

// Whoever reads has enough, as `head` does, or what is written finds no place.
process.stdout.on("error", (error: { readonly code?: string }) => {
  if (error.code === "EPIPE") process.exit(CODES.good);
  process.stderr.write(`simdgrad: ${systemFault({ ...error, path: "stdout" })}\n`);
  process.exit(CODES.fault);
});

// Words that nobody can be given are no reason to lose a training.
process.stderr.on("error", () => undefined);

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  get input() {
    return process.stdin;
  },
  signal: controller.signal,
});
