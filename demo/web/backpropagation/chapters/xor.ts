// Chapter 3: exclusive or, without a hidden layer and with one.
import { Chart } from "../../shared/chart.ts";
import { make, say } from "../../shared/dom.ts";
import { samples, UPDATES, XorTraining } from "../experiments/xor.ts";
import { four } from "../format.ts";
import { Player } from "../player.ts";
import { button, type Chapter, chooser, row, Verdict } from "./chapter.ts";
import { Trial } from "./trial.ts";

const EACH = 20;

export const chapter: Chapter = {
  paragraphs: [
    "Exclusive or is 1 if one of two inputs is 1 and the other is 0. Without a hidden layer, a network draws one straight line through the plane of its inputs: 1 on one side, 0 on the other. Try to part (0, 1) and (1, 0) from (0, 0) and (1, 1) by one line on paper.",
    "Train it without a hidden layer, to the end. Then find a hidden layer with which all four answers are right. (Two units can do it, but from some first weights they get stuck; more are surer.)",
  ],
  open(place, { executor, solve, fail }) {
    const units = chooser(
      "Hidden layer",
      ["0", "1", "2", "3", "4", "8"].map((count) => [
        count,
        count === "0" ? "none" : `${count} tanh unit${count === "1" ? "" : "s"}`,
      ]),
      "0",
    );
    const cells = samples.x.map(() => make("td", {}, "–"));
    const table = make(
      "table",
      { className: "numbers" },
      make(
        "thead",
        {},
        make("tr", {}, ...["Inputs", "Wanted", "It says"].map((text) => make("th", { scope: "col" }, text))),
      ),
      make(
        "tbody",
        {},
        ...samples.x.map((x, i) =>
          make("tr", {}, make("th", { scope: "row" }, x.join(", ")), make("td", {}, String(samples.y[i][0])), cells[i]),
        ),
      ),
    );
    const chartPlace = make("div", { className: "chart" });
    const verdict = new Verdict();
    const go = button("Train", () => (player.playing ? player.stop() : start()));
    let chart: Chart | undefined;
    let losses: number[] = [];
    let seed = 0;
    let hidden = 0;
    let stuck = false;
    let learnt = false;

    const trial = new Trial(async () => {
      losses = [];
      hidden = Number(units.select.value);
      return new XorTraining(hidden, seed++, await executor());
    });
    const start = () => {
      trial.renew();
      verdict.say("neither", "Training.");
      player.play();
    };
    const move = async () => {
      try {
        const training = await trial.get();
        losses.push(...(await training.train(EACH)));
        const answers = await training.answers();
        chart ??= new Chart(chartPlace, {
          label: "Loss of each update",
          xLabel: "Update",
          yLabel: "Loss",
          lines: [{ name: "Loss", colour: "accent" }],
          format: (value) => value.toFixed(2),
        });
        const shown = losses.filter((_, i) => i % 10 === 0);
        chart.show([{ x: shown.map((_, i) => 10 * i + 1), y: shown }]);
        answers.forEach((answer, i) => {
          say(cells[i], answer.toFixed(3));
        });
        if (losses.length < UPDATES) return true;
        judge(answers);
      } catch (error) {
        fail(error);
      }
      return false;
    };
    const judge = (answers: readonly number[]) => {
      const isRight = answers.every((answer, i) => Math.abs(answer - samples.y[i][0]) < 0.1);
      const last = four(losses[losses.length - 1]);
      if (hidden === 0) {
        stuck = true;
        verdict.say(
          "neither",
          `Loss ${last}: it says one half to everything. Some lines get three of the four right, but none has a lower loss. Now give it a hidden layer.`,
        );
      } else if (isRight) {
        learnt = true;
        verdict.say(
          "right",
          `Loss ${last}: all four are right. ${stuck ? "The hidden units draw several lines, and the output puts them together." : "Now show that it fails without a hidden layer."}`,
        );
      } else if (hidden === 1)
        verdict.say(
          "wrong",
          `Loss ${last}: one unit draws one line, as the output alone does, so no first weights can help. Train with more units.`,
        );
      else
        verdict.say("wrong", `Loss ${last}: it is stuck. Train again, from other first weights, or with more units.`);
      if (stuck && learnt) solve();
    };
    const player = new Player(
      move,
      () => 0,
      () => say(go, player.playing ? "Stop" : "Train"),
    );
    place.append(
      row(units.field, go),
      verdict.element,
      make("div", { className: "split-view" }, make("div", {}, table), chartPlace),
    );
    return { leave: () => player.stop() };
  },
};
