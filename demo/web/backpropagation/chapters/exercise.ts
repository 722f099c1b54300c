// Chapter 1: one update by hand. What the page says is right is what the network computed.
import { byId, make } from "../../shared/dom.ts";
import { four } from "../format.ts";
import { exercise as setup } from "../network.ts";
import { Session } from "../session.ts";
import { answerField, button, type Chapter, row, typed, Verdict } from "./chapter.ts";

interface Wanted {
  readonly name: string;
  /** How it is found, for those who did not. */
  readonly hint: string;
  /** What whoever gives this number did. */
  readonly mistakes: readonly (readonly [number, string])[];
}

const wanted: readonly Wanted[] = [
  {
    name: "Output y",
    hint: "y = w₁ × x₁ + w₂ × x₂, and w₂ is negative.",
    mistakes: [[0.66, "You added 0.2 × 0.8; but w₂ is −0.2."]],
  },
  {
    name: "Loss L",
    hint: "L = ½ (y − t)²: the error y − t, squared, and half of that.",
    mistakes: [
      [0.0676, "That is the squared error; the loss is half of it."],
      [0.13, "That is half the error; it has to be squared before."],
    ],
  },
  {
    name: "Gradient ∂L/∂w₁",
    hint: "∂L/∂w₁ = (y − t) × x₁.",
    mistakes: [[0.26, "The size is right. The sign is that of y − t, and y is smaller than t."]],
  },
  {
    name: "Gradient ∂L/∂w₂",
    hint: "∂L/∂w₂ = (y − t) × x₂.",
    mistakes: [
      [0.208, "The size is right. The sign is that of y − t."],
      [-0.26, "That is the gradient of w₁: here x₂ = 0.8 is the factor."],
    ],
  },
  {
    name: "New w₁",
    hint: "New w₁ = w₁ − 0.1 × ∂L/∂w₁. Minus a negative number is plus.",
    mistakes: [[0.474, "That goes uphill: the gradient is taken away, and it is negative."]],
  },
  {
    name: "New w₂",
    hint: "New w₂ = w₂ − 0.1 × ∂L/∂w₂.",
    mistakes: [[-0.2208, "That goes uphill: the gradient is taken away, and it is negative."]],
  },
];
const CLOSE = 0.0005;

export const chapter: Chapter = {
  paragraphs: [
    "A network with two inputs and one output has the weights w₁ = 0.5 and w₂ = −0.2. Its output is the sum y = w₁ x₁ + w₂ x₂. The sample is x₁ = 1, x₂ = 0.8, and the output should be t = 0.6. The loss is L = ½ (y − t)², the learning rate is 0.1.",
    "Make one update by hand, with a calculator if you like, and type what you found.",
  ],
  open(place, { executor, solve, fail }) {
    const answers = wanted.map((each) => ({ ...each, ...answerField(each.name), verdict: new Verdict() }));
    const summary = new Verdict();
    const check = async () => {
      const truths = await truth(executor);
      let right = 0;
      answers.forEach(({ input, hint, mistakes, verdict }, i) => {
        const given = typed(input);
        const isRight = Math.abs(given - truths[i]) <= CLOSE;
        const mistake = mistakes.find(([value]) => Math.abs(given - value) <= CLOSE)?.[1];
        if (isRight) right++;
        if (isRight) verdict.say("right", `Right: ${four(truths[i])}`);
        else if (Number.isNaN(given)) verdict.say("neither", "No number yet.");
        else verdict.say("wrong", mistake ?? `Not yet. ${hint}`);
      });
      if (right === wanted.length) {
        summary.say(
          "right",
          "All right. The new weights give y = 0.3826, nearer to 0.6: the network has learnt something.",
        );
        solve();
      } else summary.say("neither", `${right} of ${wanted.length} are right.`);
    };
    const link = make("a", { href: "#stage" }, "The picture at the top of the page");
    link.addEventListener("click", (event) => {
      event.preventDefault(); // the address says what is shown, not where
      byId("stage").scrollIntoView();
      byId("forward").focus({ preventScroll: true });
    });
    place.append(
      make("p", {}, link, " can show you every step."),
      ...answers.map(({ field, verdict }) => row(field, verdict.element)),
      row(button("Check", () => void check().catch(fail))),
      summary.element,
    );
    return { leave: () => false };
  },
};

/** The six numbers, computed. */
async function truth(executor: Parameters<Chapter["open"]>[1]["executor"]): Promise<number[]> {
  const session = await Session.create(setup, await executor());
  const [now, next] = [session.update(0), session.update(1)];
  await session.dispose();
  const [, layer] = now.layers;
  return [layer.a[0], now.loss, ...layer.dw, ...next.layers[1].w];
}
