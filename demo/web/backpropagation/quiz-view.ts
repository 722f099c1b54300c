// The quiz: ten questions, each answered with its reason at once.
import { make, say } from "../shared/dom.ts";
import { button, type Opened, row } from "./chapters/chapter.ts";
import { type Question, questions } from "./quiz.ts";

export function openQuiz(place: HTMLElement, solve: () => void): Opened {
  const right = new Map<Question, boolean>();
  const score = make("p", { role: "status" });
  const show = () => {
    const count = [...right.values()].filter((isRight) => isRight).length;
    const isDone = right.size === questions.length;
    say(score, `${count} of ${questions.length} right${isDone ? "." : `, ${questions.length - right.size} to go.`}`);
    if (isDone && count === questions.length) solve();
  };
  const views = questions.map((question, i) =>
    questionView(question, i, (isRight) => {
      right.set(question, isRight);
      show();
    }),
  );
  const again = button("Begin the quiz again", () => {
    right.clear();
    for (const view of views) view.clear();
    show();
  });
  place.append(
    make(
      "p",
      {},
      "Every answer tells why it is right, or why it is not. All ten right solve it; change your answers as you like.",
    ),
    ...views.map(({ element }) => element),
    score,
    row(again),
  );
  show();
  return { leave: () => false };
}

function questionView(
  { text, answers }: Question,
  number: number,
  onAnswer: (isRight: boolean) => void,
): { readonly element: HTMLElement; readonly clear: () => void } {
  const reason = make("p", { className: "verdict", role: "status" });
  const inputs = answers.map((answer) => {
    const input = make("input", { type: "radio", name: `question-${number}` });
    input.addEventListener("change", () => {
      reason.className = `verdict ${answer.right ? "right" : "wrong"}`;
      say(reason, `${answer.right ? "Right." : "No."} ${answer.reason}`);
      onAnswer(answer.right ?? false);
    });
    return { input, label: make("label", { className: "choice" }, input, make("span", {}, answer.text)) };
  });
  const legend = make("legend", {}, `${number + 1}. ${text}`);
  return {
    element: make("fieldset", { className: "question" }, legend, ...inputs.map(({ label }) => label), reason),
    clear() {
      for (const { input } of inputs) input.checked = false;
      reason.className = "verdict";
      say(reason, "");
    },
  };
}
