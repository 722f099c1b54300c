// How far a training is: a bar in a terminal, lines where there is none.

import { OfFits } from "../callbacks/of-fits.ts";
import { anObjectWith, aWholeNumber, checkOptions } from "../check.ts";
import { UnsupportedError } from "../errors.ts";
import type { Callback, FitContext } from "../train/callback.ts";
import type { Epoch } from "../train/history.ts";
import type { Bar } from "./cli-progress.ts";
import { shownNumber } from "./html.ts";

/** Where it is written, such as process.stderr. */
export interface Terminal {
  write(text: string): unknown;
  /** Whether it is one: a bar is drawn over itself. */
  readonly isTTY?: boolean;
  /** Characters of a line. */
  readonly columns?: number;
}

/** How progress is shown. */
export interface ProgressBarOptions {
  /** Default: process.stderr, in Node. */
  readonly stream?: Terminal;
  /** The bar moves after so many steps, too, where an epoch takes long; the training waits for nobody, but is cut into runs there. */
  readonly every?: number;
}

/** Lines of a whole fit, where there is no terminal: about. */
const LINES = 20;

/** What is known of a fit. */
interface State {
  readonly bar: Bar | undefined;
  /** The last step of which a line tells. */
  lined: number;
  told: string;
}

/**
 * Shows how far a fit is, with what its last epoch measured: as a bar in a terminal, and where there is none, as in a file or a log of CI, as some
 * twenty plain lines.
 * @throws UnsupportedError outside Node without a stream
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { progressBar } from "simdgrad/insight";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * const lines: string[] = [];
 * await trainer.fit({ epochs: 4, callbacks: [progressBar({ stream: { write: (text) => lines.push(text) } })] });
 * lines.map((line) => line.slice(0, 13)); // => [" 25 %, epoch ", " 50 %, epoch ", " 75 %, epoch ", "100 %, epoch "]
 */
export function progressBar(options: ProgressBarOptions = {}): Callback {
  checkOptions(options, "progressBar", {
    stream: anObjectWith("a stream, such as process.stderr", "write"),
    every: aWholeNumber(1),
  });
  const { stream = typeof process === "object" ? process.stderr : undefined, every } = options;
  if (stream === undefined)
    throw new UnsupportedError(
      "progressBar: there is no terminal here: give it { stream: { write } }, or read the reports of fit",
    );
  const fits = new OfFits<State>();
  const line = (context: FitContext) => {
    const state = fits.of(context);
    const { step, totalSteps } = context;
    const isDue = step - state.lined >= totalSteps / LINES || step >= totalSteps;
    if (Number.isFinite(totalSteps) && !isDue) return;
    state.lined = step;
    stream.write(`${shareOf(step, totalSteps)}${state.told}\n`);
  };
  const move = (context: FitContext) => {
    const { bar, told } = fits.of(context);
    if (bar === undefined) line(context);
    else bar.update(context.step, { told });
  };
  return {
    every,
    onSteps: (context) => void (context.step < context.totalSteps && move(context)), // the end of the last epoch is told by itself
    async onFitBegin(context) {
      const { step, totalSteps } = context;
      const isBar = stream.isTTY === true && Number.isFinite(totalSteps);
      const bar = isBar ? (await import("./cli-progress.ts")).startBar(stream, totalSteps, step) : undefined;
      fits.begin(context, { bar, lined: step, told: `, in epoch ${context.trainer.history.length + 1}` });
    },
    onEpochEnd(epoch, context) {
      fits.of(context).told = toldOf(epoch);
      move(context);
    },
    onFitEnd: (context) => fits.find(context)?.bar?.stop(),
  };
}

function shareOf(step: number, total: number): string {
  if (!Number.isFinite(total)) return `step ${step}`;
  return `${String(Math.floor((100 * step) / total)).padStart(3)} %`;
}

function toldOf({ epoch, loss, metrics, validation = { loss: Number.NaN } }: Epoch): string {
  const held = Object.entries(validation).filter(([, value]) => !Number.isNaN(value));
  const all = [
    ["loss", loss] as const,
    ...Object.entries(metrics),
    ...held.map(([name, value]) => [`validation.${name}`, value] as const),
  ];
  return `, epoch ${epoch}: ${all.map(([name, value]) => `${name} ${shownNumber(value)}`).join(", ")}`;
}
