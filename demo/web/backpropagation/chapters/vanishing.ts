// Chapter 4: gradients that vanish on their way back through ten layers, and how to get them back.
import { make, say } from "../../shared/dom.ts";
import { activations, beginnings, DeepTraining, type DeepUpdate, LAYERS } from "../experiments/deep.ts";
import { certain, four } from "../format.ts";
import { Player } from "../player.ts";
import { button, type Chapter, chooser, row, Verdict } from "./chapter.ts";
import { Trial } from "./trial.ts";

const UPDATES = 300;
const EACH = 3;
/** Of the first layer's gradient: at least, and in relation to the last one's. */
const LEAST = 0.001;
const SHARE = 1 / 20;
/** The smallest that a bar shows, as a power of ten. */
const FLOOR = -13;

export const chapter: Chapter = {
  paragraphs: [
    "On its way back, the gradient is multiplied at each layer by the slope of the activation and by the weights. The slope of the sigmoid is 0.25 at most. Ten layers of that, with small weights, and hardly anything is left for the first layer: it cannot learn. The gradient has vanished.",
    "The bars show the mean size of the gradient in each of ten layers; each tenth of a bar’s length is about a factor of twenty. Find an activation and first weights for which the first layer’s gradient is at least 0.001, and at least a twentieth of the last layer’s, already in the first update.",
  ],
  open(place, { executor, solve, fail }) {
    const names = (of: Readonly<Record<string, { readonly name: string }>>) =>
      Object.entries(of).map(([key, { name }]) => [key, name] as const);
    const activation = chooser("Activation", names(activations), "sigmoid");
    const beginning = chooser("First weights", names(beginnings), "small");
    const bars = Array.from({ length: LAYERS }, (_, i) => {
      const bar = make("i");
      bar.style.transform = "scaleX(0)";
      const mark = make("b", { hidden: true });
      const text = make("span", {}, "–");
      const track = make("span", { className: "track", ariaHidden: "true" }, bar, mark);
      return { bar, mark, text, item: make("li", {}, make("span", {}, `Layer ${i + 1}`), track, text) };
    });
    const verdict = new Verdict();
    const progress = make("p", { className: "hint" }, "Nothing is trained yet.");
    const go = button("Train", () => (player.playing ? player.stop() : start()));
    let made = 0;

    const trial = new Trial(async () => {
      made = 0;
      return DeepTraining.create(activation.select.value, beginning.select.value, await executor());
    });
    const start = () => {
      trial.renew();
      player.play();
    };
    const show = ({ loss, gradients, roundings }: DeepUpdate) => {
      const texts = gradients.map((gradient, i) => certain(gradient, roundings[i]));
      bars.forEach(({ bar, mark, text }, i) => {
        const length = Math.min(1, Math.max(0.005, 1 - Math.log10(Math.max(gradients[i], 10 ** FLOOR)) / FLOOR));
        bar.style.transform = `scaleX(${length.toFixed(3)})`;
        say(text, texts[i]);
        if (made > 1) return;
        mark.hidden = false;
        mark.style.left = `calc(${(100 * length).toFixed(1)}% - 3px)`;
      });
      const rounded = texts.some((text) => text.startsWith("≈"))
        ? " ≈ stands before sums whose terms have cancelled one another so far that the rounding of 32-bit numbers leaves no more digits."
        : "";
      say(
        progress,
        `The bars and numbers are of update ${made} of ${UPDATES}, loss ${four(loss)}.${rounded} The dark marks stay where the bars of the first update ended, which is the one that is judged.`,
      );
    };
    const judge = ({ gradients }: DeepUpdate) => {
      const [first, last] = [gradients[0], gradients[LAYERS - 1]];
      const share = `In the first update, the first layer’s gradient was ${four(first)}, the last one’s ${four(last)}.`;
      if (first >= LEAST && first >= SHARE * last) {
        verdict.say(
          "right",
          `${share} It came back. Slopes near 1, and weights sized so that sums neither grow nor shrink from layer to layer, let it through.`,
        );
        solve();
      } else if (first < SHARE * last) verdict.say("wrong", `${share} It vanished on its way.`);
      else verdict.say("wrong", `${share} All of them are too small: the signal itself vanished on its way forwards.`);
    };
    const move = async () => {
      try {
        const training = await trial.get();
        for (let i = 0; i < EACH && made < UPDATES; i++) {
          const update = await training.update();
          made++;
          if (made === 1) judge(update);
          show(update);
        }
        return made < UPDATES;
      } catch (error) {
        fail(error);
        return false;
      }
    };
    const player = new Player(
      move,
      () => 0,
      () => say(go, player.playing ? "Stop" : "Train"),
    );
    place.append(
      row(activation.field, beginning.field, go),
      verdict.element,
      make(
        "ul",
        { className: "gradient-bars", ariaLabel: "Mean size of the gradient by layers" },
        ...bars.map(({ item }) => item),
      ),
      progress,
    );
    return { leave: () => player.stop() };
  },
};
