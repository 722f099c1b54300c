// A contender in a process of its own, as the process that compares sees it; the other end is step-child.ts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

interface Answer {
  readonly ms: number;
  readonly loss: number;
}

export class Child {
  readonly contender: string;
  readonly #process;
  readonly #lines;

  constructor(network: string, contender: string) {
    this.contender = contender;
    const script = fileURLToPath(new URL("step-child.ts", import.meta.url));
    this.#process = spawn(process.execPath, [script, network, contender], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async ask(steps: number): Promise<Answer> {
    this.#process.stdin.write(`${steps}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.contender} ended without an answer`);
    return JSON.parse(value);
  }

  async end(): Promise<void> {
    this.#process.stdin.end();
    if (this.#process.exitCode === null) await once(this.#process, "exit");
    if (this.#process.exitCode !== 0) throw new Error(`${this.contender} ended with code ${this.#process.exitCode}`);
  }
}
