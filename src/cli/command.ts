// What a command is to the main program.
import type { Terminal, Voice } from "./io.ts";
import type { Given, Usage } from "./usage.ts";

/** A command: its words, and what it does. */
export interface Command {
  readonly usage: Usage;
  /** @returns the exit code. @throws UsageError, SimdgradError */
  run(given: Given, terminal: Terminal, voice: Voice): Promise<number>;
}

/** Exit codes, as shells know them: those of Ctrl-C and SIGTERM are 128 and the signal's number. */
export const CODES = { good: 0, fault: 1, usage: 2, interrupted: 130, terminated: 143 } as const;
