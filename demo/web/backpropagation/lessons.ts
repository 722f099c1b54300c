// The chapters and the quiz: which is open, and which are solved. Each is loaded when it is first opened.
import { byId, make, say } from "../shared/dom.ts";
import type { Chapter, Desk, Opened } from "./chapters/chapter.ts";
import type { ChapterName } from "./fields.ts";
import { Progress } from "./progress.ts";

interface Lesson {
  readonly name: string;
  readonly load: () => Promise<(place: HTMLElement, desk: Desk) => Opened>;
}

const chapter = (load: () => Promise<{ readonly chapter: Chapter }>) => async () => {
  const { paragraphs, open } = (await load()).chapter;
  return (place: HTMLElement, desk: Desk) => {
    place.append(...paragraphs.map((text) => make("p", {}, text)));
    const task = make("div", { className: "task" });
    place.append(task);
    return open(task, desk);
  };
};

const lessons: Readonly<Record<ChapterName, Lesson>> = {
  exercise: { name: "1. One update by hand", load: chapter(() => import("./chapters/exercise.ts")) },
  rate: { name: "2. A rate too high", load: chapter(() => import("./chapters/rate.ts")) },
  xor: { name: "3. A hidden layer", load: chapter(() => import("./chapters/xor.ts")) },
  vanishing: { name: "4. Vanishing gradients", load: chapter(() => import("./chapters/vanishing.ts")) },
  momentum: { name: "5. Momentum", load: chapter(() => import("./chapters/momentum.ts")) },
  overfitting: { name: "6. Overfitting", load: chapter(() => import("./chapters/overfitting.ts")) },
  quiz: {
    name: "Quiz",
    load: async () => {
      const { openQuiz } = await import("./quiz-view.ts");
      return (place, { solve }) => openQuiz(place, solve);
    },
  },
};

type Needs = Pick<Desk, "executor" | "fail">;

export class Lessons {
  readonly #needs: Needs;
  readonly #onOpen: (key: ChapterName) => void;
  readonly #progress = new Progress();
  readonly #buttons = new Map<ChapterName, HTMLButtonElement>();
  readonly #places = new Map<ChapterName, { readonly place: HTMLElement; readonly opened: Opened }>();
  #current: ChapterName | undefined;

  /** @param onOpen told which one a visitor opened */
  constructor(needs: Needs, onOpen: (key: ChapterName) => void) {
    this.#needs = needs;
    this.#onOpen = onOpen;
    for (const key of Object.keys(lessons) as ChapterName[]) {
      const button = make("button", { type: "button" });
      button.addEventListener("click", () => {
        this.#onOpen(key);
        this.open(key).catch(needs.fail);
      });
      this.#buttons.set(key, button);
      byId("chapter-list").append(make("li", {}, button));
    }
    this.#show();
  }

  async open(key: ChapterName): Promise<void> {
    if (key === this.#current) return;
    const left = this.#current;
    const hasStopped = left !== undefined && this.#places.get(left)?.opened.leave() === true;
    const note = hasStopped ? `What ran in “${lessons[left].name}” has stopped, because you left that chapter.` : "";
    say(byId("chapter-note"), note);
    this.#current = key;
    this.#show();
    if (this.#places.has(key)) return;
    const build = await lessons[key].load();
    if (this.#places.has(key)) return;
    this.#build(key, build);
    this.#show();
  }

  #build(key: ChapterName, build: Awaited<ReturnType<Lesson["load"]>>): void {
    const place = make("div", { className: "chapter" }, make("h3", {}, lessons[key].name));
    byId("chapter").append(place);
    const opened = build(place, {
      ...this.#needs,
      solve: () => {
        this.#progress.solve(key);
        this.#show();
      },
    });
    this.#places.set(key, { place, opened });
  }

  #show(): void {
    for (const [key, button] of this.#buttons) {
      const isSolved = this.#progress.solved.has(key);
      say(button, `${lessons[key].name}${isSolved ? " ✓" : ""}`);
      button.ariaPressed = String(key === this.#current);
      button.ariaLabel = `${lessons[key].name}${isSolved ? ", solved" : ""}`;
    }
    for (const [key, { place }] of this.#places) place.hidden = key !== this.#current;
  }
}
