// The quiz: ten questions, each answered with its reason at once. Answers are kept by their texts, as the quiz may come to have others.
import { make, say } from "../shared/dom.ts";
import { button, type Opened, row } from "./chapters/chapter.ts";
import { Kept } from "./kept.ts";
import { type Answer, type Question, questions } from "./quiz.ts";

export function openQuiz(place: HTMLElement, solve: () => void): Opened {
  const given = new Map<Question, Answer>();
  const kept = new Kept("backpropagation-quiz");
  const score = make("p", { role: "status" });
  const show = () => {
    const count = [...given.values()].filter(({ right }) => right).length;
    const isDone = given.size === questions.length;
    say(score, `${count} of ${questions.length} right${isDone ? "." : `, ${questions.length - given.size} to go.`}`);
    if (isDone && count === questions.length) solve();
  };
  const views = questions.map((question, i) =>
    questionView(question, i, (answer) => {
      given.set(question, answer);
      keep();
      show();
    }),
  );
  const keep = () => kept.write([...given.values()].map(({ text }) => text));
  // Before they are on the page: no reason is read aloud again.
  const before = new Set(kept.read());
  questions.forEach((question, i) => {
    const answer = question.answers.find(({ text }) => before.has(text));
    if (answer === undefined) return;
    given.set(question, answer);
    views[i].answer(answer);
  });
  const again = button("Begin the quiz again", () => {
    given.clear();
    keep();
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
  onAnswer: (answer: Answer) => void,
): { readonly element: HTMLElement; readonly answer: (answer: Answer) => void; readonly clear: () => void } {
  const judge = (answer: Answer) => {
    reason.className = `verdict ${answer.right ? "right" : "wrong"}`;
    say(reason, `${answer.right ? "Right." : "No."} ${answer.reason}`);
  };
  const reason = make("p", { className: "verdict", role: "status" });
  const inputs = answers.map((answer) => {
    const input = make("input", { type: "radio", name: `question-${number}` });
    input.addEventListener("change", () => {
      judge(answer);
      onAnswer(answer);
    });
    return { answer, input, label: make("label", { className: "choice" }, input, make("span", {}, answer.text)) };
  });
  const legend = make("legend", {}, `${number + 1}. ${text}`);
  return {
    element: make("fieldset", { className: "question" }, legend, ...inputs.map(({ label }) => label), reason),
    answer(chosen) {
      for (const { answer, input } of inputs) input.checked = answer === chosen;
      judge(chosen);
    },
    clear() {
      for (const { input } of inputs) input.checked = false;
      reason.className = "verdict";
      say(reason, "");
    },
  };
}
