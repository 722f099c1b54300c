// Chapter 2: a learning rate that is too high. Predicted, tried, and then found.
import { Chart } from "../../shared/chart.ts";
import { make } from "../../shared/dom.ts";
import { brief, four } from "../format.ts";
import { exercise } from "../network.ts";
import { Session } from "../session.ts";
import { BORDER, courseOf, nextTry } from "./border.ts";
import { answerField, button, type Chapter, chooser, row, typed, Verdict } from "./chapter.ts";

const UPDATES = 60;

export const chapter: Chapter = {
  paragraphs: [
    "The learning rate says how far a weight moves along its gradient. A low one learns slowly. A high one jumps across the lowest point to the other side; if it lands higher than it began, the next jump is wider still, and the loss grows without end: it diverges.",
    "Choose a rate for the exercise, say first what will happen, and try.",
  ],
  open(place, { executor, solve, fail }) {
    const rate = answerField("Learning rate");
    rate.input.value = "0.5";
    const guess = chooser(
      `The loss, over ${UPDATES} updates, will`,
      [
        ["shrink", "shrink"],
        ["grow", "grow"],
      ],
      "shrink",
    );
    const outcome = new Verdict();
    const chartPlace = make("div", { className: "chart" });
    let chart: Chart | undefined;
    let tries = 0;
    const attempt = async () => {
      const value = typed(rate.input);
      if (!(value > 0 && value <= 10)) {
        outcome.say("wrong", "A learning rate is a number above 0; here up to 10.");
        return;
      }
      const losses = await lossesOf(value, executor);
      chart ??= new Chart(chartPlace, {
        label: "Loss of each update",
        xLabel: "Update",
        yLabel: "Loss",
        lines: [{ name: "Loss", colour: "accent" }],
        format: brief,
        logarithmic: true,
      });
      const shown = losses.map((loss, i) => ({ x: i + 1, y: Math.max(loss, 1e-12) })).filter(({ y }) => y < 1e30);
      chart.show([{ x: shown.map(({ x }) => x), y: shown.map(({ y }) => y) }]);
      const last = losses[losses.length - 1];
      const grew = !(last < losses[0]);
      tries++;
      learn(value, grew);
      const text = `Rate ${value}: ${courseOf(losses)}`;
      const isRight = grew === (guess.select.value === "grow");
      outcome.say(isRight ? "right" : "wrong", `${text} ${isRight ? "As you said." : "You expected the other."}`);
    };

    // What is known of the border by now.
    let [shrinks, grows] = [0, Number.POSITIVE_INFINITY];
    const learn = (value: number, grew: boolean) => {
      if (grew) grows = Math.min(grows, value);
      else shrinks = Math.max(shrinks, value);
    };
    const border = answerField("It diverges above a rate of");
    const verdict = new Verdict();
    const check = () => {
      const value = typed(border.input);
      if (tries === 0) verdict.say("wrong", "Try at least one rate first.");
      else if (Math.abs(value - BORDER) <= 0.005) {
        verdict.say(
          "right",
          `Right: 2 / (1² + 0.8²) = 2 / 1.64 = ${four(BORDER)}. An update changes each weight by −rate × error × its input, and so multiplies the error by 1 − 1.64 × rate. Above this rate that factor is below −1: every jump is wider than the last.`,
        );
        solve();
      } else if (!(value > 0)) verdict.say("wrong", "Type a number above 0, such as 0.75.");
      else {
        learn(value, value > BORDER);
        verdict.say("wrong", nextTry(value, shrinks, grows));
      }
    };
    place.append(
      row(
        rate.field,
        guess.field,
        button("Try", () => void attempt().catch(fail)),
      ),
      outcome.element,
      chartPlace,
      make("p", {}, "Now find the border between the two, to two digits after the point."),
      row(border.field, button("Check", check)),
      verdict.element,
    );
    return { leave: () => false };
  },
};

async function lossesOf(rate: number, executor: Parameters<Chapter["open"]>[1]["executor"]): Promise<number[]> {
  const session = await Session.create({ ...exercise, rate }, await executor());
  await session.reach(UPDATES - 1);
  const losses = Array.from({ length: UPDATES }, (_, i) => session.update(i).loss);
  await session.dispose();
  return losses;
}
