// Chapter 6: a network that learns the noise, and two ways against it.
import { Chart } from "../../shared/chart.ts";
import { make, say } from "../../shared/dom.ts";
import { CurveTraining, type Losses, points, SHARE, truth, UPDATES, validationPoints } from "../experiments/overfit.ts";
import { brief, four } from "../format.ts";
import { Player } from "../player.ts";
import { change, svg } from "../svg.ts";
import { button, type Chapter, chooser, legend, row, Verdict } from "./chapter.ts";
import { Trial } from "./trial.ts";

const EACH = 10;
/** The largest loss of the chart. */
const MOST_SHOWN = 0.2;
const SIZE = { width: 520, height: 300 };
const across = (x: number) => ((x + 1.1) / 2.2) * SIZE.width;
const down = (y: number) => SIZE.height / 2 - (y / 1.5) * (SIZE.height / 2);
const xs = Array.from({ length: 89 }, (_, i) => -1.1 + i / 40);
const lineOf = (ys: readonly number[]) =>
  xs.map((x, i) => `${across(x).toFixed(1)},${down(ys[i]).toFixed(1)}`).join(" ");

export const chapter: Chapter = {
  paragraphs: [
    "Ten points were measured, each with some noise. A network with 64 hidden units can go through all of them, and then it has learnt the noise, too: between the points it is wrong. This is overfitting. Thirty validation points, measured with as much noise, show it: it never learns from them, and their loss falls at first, and rises again while the training loss still falls.",
    `Train without weight decay to the end (${UPDATES.toLocaleString("en")} updates), and see the validation loss. Then end a training with six tenths of that or less: stop it early yourself, or let weight decay pull all weights towards 0, so that the curve cannot bend so much.`,
  ],
  open(place, { executor, solve, fail }) {
    const decay = chooser(
      "Weight decay",
      ["0", "0.3", "1", "3", "10"].map((value) => [value, value === "0" ? "none" : value]),
      "0",
    );
    const verdict = new Verdict();
    const chartPlace = make("div", { className: "chart" });
    const curve = svg("polyline", { class: "path" });
    const picture = svg(
      "svg",
      {
        class: "picture",
        viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
        role: "img",
        "aria-label":
          "Ten points that it learns from, thirty validation points, the curve behind them (dashed), and the curve that the network draws",
      },
      ...validationPoints.map(({ x, y }) =>
        svg("rect", { class: "validation", x: across(x) - 2.5, y: down(y) - 2.5, width: 5, height: 5 }),
      ),
      svg("polyline", { class: "other-path", points: lineOf(xs.map(truth)) }),
      curve,
      ...points.map(({ x, y }) => svg("circle", { class: "ring-dot", cx: across(x), cy: down(y), r: 5 })),
    );
    let chart: Chart | undefined;
    let losses: Losses[] = [];
    let used = "0";
    let unchecked: number | undefined;
    let isFresh = false;

    const go = button("Train", () => (player.playing ? player.stop() : start()));
    const trial = new Trial(async () => {
      losses = [];
      used = decay.select.value;
      isFresh = true;
      return new CurveTraining(Number(used), await executor());
    });
    const start = () => {
      trial.renew();
      verdict.say("neither", "Training. Stop it whenever you like.");
      player.play();
    };
    const draw = async (current: CurveTraining) => {
      change(curve, { points: lineOf(await current.curve(xs)) });
      chart ??= new Chart(chartPlace, {
        label: "Losses after each update",
        xLabel: "Update",
        yLabel: "Loss",
        lines: [
          { name: "Training", colour: "accent" },
          { name: "Validation", colour: "second" },
        ],
        format: brief,
        // Where they part: the first losses lie above.
        range: () => [0, MOST_SHOWN],
      });
      const shown = losses.map((each, i) => ({ ...each, at: i + 1 })).filter((_, i) => i % 10 === 0);
      const x = shown.map(({ at }) => at);
      chart.show([
        { x, y: shown.map(({ training }) => training) },
        { x, y: shown.map(({ validation }) => validation) },
      ]);
    };
    const move = async () => {
      try {
        const training = await trial.get();
        const more = await training.train(EACH);
        // What came after a stop does not count.
        if (!player.playing) return false;
        losses.push(...more);
        await draw(training);
        return losses.length < UPDATES;
      } catch (error) {
        fail(error);
        return false;
      }
    };
    const judge = () => {
      const { training: seen, validation } = losses[losses.length - 1];
      const validations = losses.map((each) => each.validation);
      const best = 1 + validations.indexOf(Math.min(...validations));
      const text = `After ${losses.length.toLocaleString("en")} updates: training loss ${four(seen)}, validation loss ${four(validation)}.`;
      if (used === "0" && losses.length >= UPDATES) {
        unchecked = validation;
        verdict.say(
          "neither",
          `${text} The validation loss was lowest after ${best.toLocaleString("en")} updates; since then it has learnt the noise. Six tenths of its last validation loss is ${four(SHARE * validation)}: get there.`,
        );
      } else if (unchecked === undefined)
        verdict.say("neither", `${text} Train to the end without weight decay first, to compare.`);
      else if (validation <= SHARE * unchecked) {
        const how =
          losses.length < UPDATES ? "You stopped before it followed the noise." : "Small weights make smooth curves.";
        verdict.say("right", `${text} ${how}`);
        solve();
      } else
        verdict.say(
          "wrong",
          `${text} That is more than ${four(SHARE * unchecked)}. ${losses.length < 50 ? "It had hardly begun to learn." : "Stop earlier, or try another decay."}`,
        );
    };
    const player = new Player(
      move,
      () => 0,
      () => {
        say(go, player.playing ? "Stop" : "Train");
        if (player.playing || !isFresh || losses.length === 0) return;
        isFresh = false;
        judge();
      },
    );
    const key = legend(
      ["solid", "the curve that the network draws"],
      ["dashed", "the curve behind the points"],
      ["ring", "points that it learns from"],
      ["square", "validation points"],
    );
    const drawn = make("div", { className: "task" }, key, picture);
    const charted = make(
      "div",
      { className: "task" },
      chartPlace,
      make(
        "p",
        { className: "hint" },
        `The losses of the first updates, up to about 1, lie above the chart, which ends at ${MOST_SHOWN}.`,
      ),
    );
    place.append(row(decay.field, go), verdict.element, make("div", { className: "split-view" }, drawn, charted));
    return { leave: () => player.stop() };
  },
};
