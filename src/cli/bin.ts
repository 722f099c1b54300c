#!/usr/bin/env node
// The program: the terminal of this process, and its exit code.
import { CODES } from "./command.ts";
import { main } from "./main.ts";

const controller = new AbortController();

// The first Ctrl-C ends what is under way in good order, the second one at once.
process.on("SIGINT", () => {
  if (controller.signal.aborted) process.exit(CODES.interrupted);
  controller.abort();
});

// Whoever reads has enough, as `head` does.
process.stdout.on("error", (error: { readonly code?: string }) => {
  if (error.code === "EPIPE") process.exit(CODES.good);
  throw error;
});

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  get input() {
    return process.stdin;
  },
  signal: controller.signal,
});
