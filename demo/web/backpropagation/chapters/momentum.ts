// Chapter 5: momentum, in a narrow valley.
import { descend, GOAL, LOW, MOST, RATE, type Spot, START, STRENGTHS } from "../experiments/valley.ts";
import { four } from "../format.ts";
import { Player } from "../player.ts";
import { change, svg } from "../svg.ts";
import { answerField, button, type Chapter, legend, row, typed, Verdict } from "./chapter.ts";
import { Trial } from "./trial.ts";

const SIZE = { width: 520, height: 300 };
/** What of the two weights is shown. */
const VIEW = { left: -1.3, right: 3.3, bottom: 0.2, top: 1.8 };

const across = (w: number) => ((w - VIEW.left) / (VIEW.right - VIEW.left)) * SIZE.width;
const down = (w: number) => SIZE.height - ((w - VIEW.bottom) / (VIEW.top - VIEW.bottom)) * SIZE.height;

export const chapter: Chapter = {
  paragraphs: [
    `Two weights, a loss like a narrow valley: steep across, flat along. The rate must be low, or the steps across the valley grow; then those along it are tiny. Plain descent at the rate ${RATE} crawls.`,
    "Momentum helps: each update keeps a share m of the one before, v ← m v + gradient, w ← w − rate × v. The gradients across the valley are large and soon gone; those along it are small and all point one way, and these add up. But with too much momentum, the weights overshoot like a ball without friction.",
    `First let it run without momentum (m = 0). Then find an m that needs less than a third of the updates to bring the loss below ${LOW}.`,
  ],
  open(place, { executor, solve, fail }) {
    const momentum = answerField("Momentum m, from 0 to 0.99");
    momentum.input.value = "0";
    const verdict = new Verdict();
    const path = svg("polyline", { class: "path" });
    const plainPath = svg("polyline", { class: "other-path" });
    const ball = svg("circle", { class: "dot", r: 6, cx: across(START[0]), cy: down(START[1]) });
    const contours = [0.05, 0.3, 0.8, 1.5, 2.4, 4, 6.5].map((loss) =>
      svg("ellipse", {
        class: "contour",
        cx: across(GOAL[0]),
        cy: down(GOAL[1]),
        rx: across(GOAL[0] + Math.sqrt(2 * loss) / STRENGTHS[0]) - across(GOAL[0]),
        ry: down(GOAL[1]) - down(GOAL[1] + Math.sqrt(2 * loss) / STRENGTHS[1]),
      }),
    );
    const picture = svg(
      "svg",
      {
        class: "picture",
        viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
        role: "img",
        "aria-label": "Lines of equal loss around the lowest point, and the path of the two weights",
      },
      ...contours,
      svg("text", { x: across(GOAL[0]) - 22, y: down(GOAL[1]) + 34 }, "lowest"),
      plainPath,
      path,
      ball,
    );
    let passed: Spot[] = [];
    let m = 0;
    let plain: number | undefined;

    const go = button("Run", () => (player.playing ? player.stop() : start()));
    const trial = new Trial(async () => {
      passed = [];
      m = typed(momentum.input);
      const spots = descend(m, await executor());
      return { next: () => spots.next(), dispose: () => spots.return() };
    });
    const start = () => {
      const wanted = typed(momentum.input);
      if (!(wanted >= 0 && wanted <= 0.99)) {
        verdict.say("wrong", "Momentum is a number from 0 to 0.99.");
        return;
      }
      trial.renew();
      verdict.say("neither", "Running.");
      player.play();
    };
    const draw = () => {
      const points = passed.map(({ w: [a, b] }) => `${across(a).toFixed(1)},${down(b).toFixed(1)}`).join(" ");
      change(path, { points });
      if (m === 0) change(plainPath, { points });
      const [a, b] = passed[passed.length - 1].w;
      change(ball, { cx: across(a), cy: down(b) });
    };
    const move = async () => {
      try {
        const next = await (await trial.get()).next();
        if (!next.done) {
          passed.push(next.value);
          draw();
          return true;
        }
        judge();
      } catch (error) {
        fail(error);
      }
      return false;
    };
    const judge = () => {
      const updates = passed.length - 1;
      const loss = passed[updates].loss;
      const text =
        loss <= LOW
          ? `With m = ${m} it took ${updates} updates.`
          : `With m = ${m} the loss is still ${four(loss)} after ${MOST} updates.`;
      if (m === 0) {
        plain = updates;
        verdict.say("neither", `${text} The dashed line keeps its path. Now with momentum.`);
      } else if (plain === undefined) verdict.say("neither", `${text} Run m = 0, too, to compare.`);
      else if (loss <= LOW && updates < plain / 3) {
        verdict.say("right", `${text} That is less than a third of ${plain}.`);
        solve();
      } else {
        const advice = updates > 1 && m >= 0.8 ? "It overshoots and swings back: less momentum." : "More momentum.";
        verdict.say("wrong", `${text} Plain descent took ${plain}; a third is ${Math.floor(plain / 3)}. ${advice}`);
      }
    };
    const player = new Player(
      move,
      () => 0,
      () => {
        go.textContent = player.playing ? "Stop" : "Run";
      },
    );
    const key = legend(
      ["solid", "the path with this momentum"],
      ["dashed", "the path without momentum"],
      ["dot", "where the weights are"],
      ["thin", "lines of equal loss"],
    );
    place.append(row(momentum.field, go), verdict.element, key, picture);
    return { leave: () => player.stop() };
  },
};
