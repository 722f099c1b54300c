// A progress bar on a terminal; elsewhere (a file, a pipe) only the lines that stay.

const WIDTH = 28;

/** Draws over its own last drawing. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #drawn = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Shows how far it is (0 to 1), with a text behind the bar. */
  draw(share: number, text: string): void {
    if (!this.#stream.isTTY) return;
    const full = Math.round(share * WIDTH);
    const bar = "█".repeat(full) + "░".repeat(WIDTH - full);
    const line = `${bar} ${String(Math.floor(share * 100)).padStart(3)}%  ${text}`;
    this.#stream.write(`\r\x1b[K${line.slice(0, (this.#stream.columns ?? 80) - 1)}`);
    this.#drawn = true;
  }

  /** Prints a line that stays, above the bar. */
  line(text: string): void {
    this.#stream.write(`${this.#drawn ? "\r\x1b[K" : ""}${text}\n`);
    this.#drawn = false;
  }
}

/** `1:05` for 65 seconds. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
