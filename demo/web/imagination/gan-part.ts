// The half of the game: the plane with the data's points, those that are made, and how real the critic takes each place to be.
import { byId, drawing, make, onPress, say } from "../shared/dom.ts";
import type { Followed } from "../shared/run.ts";
import { channels, colour, onTheme } from "../shared/theme.ts";
import type { Metadata, Portable } from "../shared/tools.ts";
import {
  clusters,
  type Data,
  EDGE,
  type Game,
  GanSession,
  GRID,
  type Look,
  type Point,
  shownPoints,
  standIns,
} from "./gan.ts";
import { ganCode } from "./gan-code.ts";
import type { Part, Progress } from "./part.ts";
import { MOST_POINTS, pointAt } from "./settings.ts";

const ASKS = 4000; // ms in which a second click ends a training
const NEAR = 0.15; // of a cluster: within it a made point has reached it

/** What is to be expected of each game. */
const expected: Readonly<Record<Game, string>> = {
  standard:
    "The critic says real or made, and the generator learns from its verdicts. The critic learns four times as fast, so that its verdicts are worth something. Mostly it goes well here. What happens otherwise shows the game with a slower critic.",
  even: "As the standard game, but both learn at the same rate. Now it depends on the beginning: with seed 1 all made points of the ring crowd onto one cluster, which is mode collapse. That answer pleases the critic, and nothing tells the generator of the others. Once the critic has noticed, the crowd moves on to another place. So it goes on for about 4,000 steps; then, with this seed, the points spread over all eight clusters and stay.",
  wasserstein:
    "The critic says how far the made points are from real ones, and slopes of its opinion that are steeper or flatter than 1 are punished, mildly: a tenth of the squared difference is added to its loss. So there is a hint for every point, even for one far away, and collapse is less likely. It takes more work: the critic has three turns for each of the generator’s.",
};

export interface GanChoice {
  readonly data: Data;
  readonly game: Game;
  readonly points: readonly Point[];
}

export class GanPart implements Part {
  readonly #canvas = byId("arena", HTMLCanvasElement);
  readonly #surface = make("canvas", { width: GRID, height: GRID });
  readonly #data = byId("data", HTMLSelectElement);
  readonly #game = byId("game", HTMLSelectElement);
  readonly #onChange: () => void;
  #points: Point[] = [];
  /** Points of the data, pairs of x and y; none until they are drawn, or the visitor has made one. */
  #real: ArrayLike<number> = [];
  /** Where the keyboard's cross is; undefined while nobody uses it. */
  #cross: Point | undefined;
  /** Whether it asked if a point may end a training. */
  #asked: ReturnType<typeof setTimeout> | undefined;
  #session: GanSession | undefined;
  #look: Look | undefined;
  #looking: Promise<void> | undefined;

  /** @param onChange told when another game is wanted than the one under way */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
    for (const select of [this.#data, this.#game])
      select.addEventListener("change", () => {
        this.#showChoice();
        onChange();
      });
    this.#canvas.tabIndex = 0;
    this.#canvas.role = "application";
    this.#canvas.addEventListener("click", ({ offsetX, offsetY }) => {
      const { clientWidth, clientHeight } = this.#canvas;
      this.#add(pointAt(EDGE * ((2 * offsetX) / clientWidth - 1), EDGE * (1 - (2 * offsetY) / clientHeight)));
    });
    this.#canvas.addEventListener("keydown", (event) => this.#pressed(event));
    this.#canvas.addEventListener("blur", () => {
      this.#cross = undefined;
      this.#draw();
    });
    onPress(byId("clear"), () => {
      this.#points = [];
      this.#showChoice();
      this.#canvas.focus();
      onChange();
    });
    onTheme(() => this.#draw());
  }

  get choice(): GanChoice {
    return { data: this.#data.value as Data, game: this.#game.value as Game, points: this.#points };
  }

  set choice({ data, game, points }: GanChoice) {
    this.#data.value = data;
    this.#game.value = game;
    this.#points = [...points];
    this.#showChoice();
  }

  async open(seed: number): Promise<void> {
    if (this.#session !== undefined) return;
    this.#session = await GanSession.create({ ...this.choice, seed });
  }

  begin(steps: number): Followed<Progress> {
    if (this.#session === undefined) throw new TypeError("it is not open");
    return this.#session.play(steps);
  }

  look(): Promise<void> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #ask(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const look = await session.look();
    if (session !== this.#session) return;
    this.#look = look;
    requestAnimationFrame(() => this.#draw());
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await this.#looking?.catch(() => undefined);
    await session?.dispose();
    this.#look = undefined;
    this.#draw();
  }

  portable(step: number): Portable | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    return {
      name: `generator-${step}`,
      weights: () => session.weights(),
      onnx: (metadata: Metadata) => session.onnx(metadata),
      metadata: { input: "noise: two normal numbers for each point", output: "points [x, y]" },
    };
  }

  code(seed: number, steps: number): string {
    return ganCode({ ...this.choice, seed }, steps);
  }

  lacks(): string {
    return this.#data.value === "own" && this.#points.length === 0
      ? "Click into the square first: it has no points of yours yet."
      : "";
  }

  said(): string {
    return this.#game.value === "wasserstein" ? "Playing, three turns to one." : "Playing.";
  }

  #pressed(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
    };
    const [x, y] = this.#cross ?? [0, 0];
    const move = moves[event.key];
    if (move !== undefined) this.#cross = pointAt(x + 0.05 * move[0], y + 0.05 * move[1]);
    else if (event.key === "Enter" || event.key === " ") this.#add([x, y]);
    else return;
    event.preventDefault();
    this.#draw();
  }

  #add(point: Point): void {
    const data = this.#data.value as Data;
    if (this.#points.length >= MOST_POINTS && data === "own") {
      say(byId("points-said"), `${MOST_POINTS} points are the most.`);
      return;
    }
    if (data !== "own" && this.#session !== undefined && this.#asked === undefined) {
      this.#askFor(point);
      return;
    }
    clearTimeout(this.#asked);
    this.#asked = undefined;
    this.#cross = undefined;
    const before = standIns(data, this.#points).map(([x, y]) => pointAt(x, y));
    this.#data.value = "own";
    this.#points = [...before, point];
    this.#showChoice();
    this.#onChange();
  }

  /** Marks where a point would come that ends the training, which takes a second click. */
  #askFor(point: Point): void {
    this.#cross = point;
    this.#draw();
    say(
      byId("points-said"),
      "A point of yours among these ends the training, and another one begins. Click again to have it so.",
    );
    this.#asked = setTimeout(() => {
      this.#asked = undefined;
      this.#cross = undefined;
      this.#showChoice();
    }, ASKS);
  }

  #showChoice(): void {
    const isOwn = this.#data.value === "own";
    const count = this.#points.length;
    byId("clear").hidden = !isOwn || count === 0;
    const words =
      isOwn && count === 0
        ? "No points yet. Click into the square: each click is one of yours."
        : isOwn
          ? `${count} point${count === 1 ? "" : "s"} of yours. Click for more; each one starts over.`
          : "Or click into the square: a point of your own among these.";
    say(byId("points-said"), words);
    say(byId("game-said"), expected[this.#game.value as Game]);
    this.#draw();
    void this.#drawReal();
  }

  /** Draws points of the data that is chosen now. */
  async #drawReal(): Promise<void> {
    const { data, points } = this.choice;
    const { length } = points;
    const real = this.lacks() === "" ? await shownPoints(data, points) : [];
    // Another choice may have been made meanwhile.
    if (data !== this.#data.value || length !== this.#points.length) return;
    this.#real = real;
    this.#draw();
  }

  #draw(): void {
    const context = drawing(this.#canvas);
    const { width: size } = this.#canvas;
    context.clearRect(0, 0, size, size);
    if (this.#look !== undefined) this.#drawSurface(context, this.#look.surface);
    const { points, data } = this.choice;
    const dots = (values: ArrayLike<number>, token: string, radius: number) => {
      context.fillStyle = colour(token);
      for (let i = 0; i < values.length; i += 2) {
        context.beginPath();
        context.arc(
          ((values[i] / EDGE + 1) * size) / 2,
          ((1 - values[i + 1] / EDGE) * size) / 2,
          radius,
          0,
          2 * Math.PI,
        );
        context.fill();
      }
    };
    dots(this.#real, "line-strong", 3);
    if (data === "own") dots(points.flat(), "ink", 5);
    dots(this.#look?.made ?? [], "second", 4);
    if (this.#cross !== undefined) {
      const [x, y] = [((this.#cross[0] / EDGE + 1) * size) / 2, ((1 - this.#cross[1] / EDGE) * size) / 2];
      context.strokeStyle = colour("ink");
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x - 12, y);
      context.lineTo(x + 12, y);
      context.moveTo(x, y - 12);
      context.lineTo(x, y + 12);
      context.stroke();
    }
    say(byId("reached"), this.#reached());
  }

  /** The critic's opinion as shades: the strongest where it is surest that points are real. */
  #drawSurface(context: CanvasRenderingContext2D, surface: Float32Array): void {
    const inner = drawing(this.#surface);
    const [least, most] = [Math.min(...surface), Math.max(...surface)];
    const [r, g, b] = channels("accent");
    const image = inner.createImageData(GRID, GRID);
    surface.forEach((value, i) => {
      image.data.set([r, g, b, (150 * (value - least)) / (most - least || 1)], 4 * i);
    });
    inner.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(this.#surface, 0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** How many clusters have a made point near their middle. */
  #reached(): string {
    const { data, points } = this.choice;
    const middles = clusters(data, points);
    const made = this.#look?.made;
    if (made === undefined) return "Orange points will be made, grey ones are the data’s.";
    if (middles.length === 0) return "Orange points are made, grey ones are the data’s.";
    const count = middles.filter(([x, y]) =>
      made.some((value, i) => i % 2 === 0 && Math.hypot(value - x, made[i + 1] - y) < NEAR),
    ).length;
    return `Made points have reached ${count} of ${middles.length} cluster${middles.length === 1 ? "" : "s"}.`;
  }
}
