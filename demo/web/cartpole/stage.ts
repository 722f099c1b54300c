// The cart that is drawn, in its own time: whoever balances it now, and whoever pushes it.
import { CARTPOLE_TIME, CartPole, MOST_AWAY, MOST_TILTED } from "../../node/environments/cartpole.ts";
import { Random } from "../../node/environments/environment.ts";
import { drawing } from "../shared/dom.ts";
import { colour, onTheme } from "../shared/theme.ts";
import type { Mind, Thought } from "./mind.ts";

/** Metres to be seen, from the middle to either side. */
const WIDE = 2.6;
const CART = { width: 0.42, height: 0.2 }; // metres
const LIES = 900; // ms that a pole lies before the next one
const LIES_AT_MOST = 1500; // ms of the visitor's
/** A push of the visitor's: its share of the force, and seconds that it takes at least. */
const DISTURBS = { share: 1, seconds: 0.1 };
/** One of a visitor who balances alone: after a longer or stronger one nobody is quick enough to catch the pole. */
const BALANCES = { share: 1 / 3, seconds: 0.06 };
const MOST_LATE = 100; // ms of time that are made up for after a frame that came late

export interface Scene {
  readonly length: number;
  readonly gravity: number;
  readonly force: number;
}

/** What is to be seen. */
export interface Frame {
  /** Of the cart's time that the pole has been upright. */
  readonly seconds: number;
  readonly thought: Thought | undefined;
  /** It falls only once somebody pushes: it is held as long as nobody balances it. */
  readonly is: "held" | "upright" | "fallen";
}

export class Stage {
  readonly #canvas: HTMLCanvasElement;
  readonly #random = new Random(Date.now() % 1e6);
  #scene: Scene;
  #pole: CartPole;
  #mind: Mind | undefined;
  #thought: Thought | undefined;
  #speed = 1;
  #seconds = 0;
  /** When it fell. */
  #fell: number | undefined;
  #left = 0;
  #now = 0;
  /** Who pushes: -1 to 1 times the force, and how much longer at least. */
  #push = 0;
  #held = false;
  #longer = 0;
  /** Where a finger drags the cart to, in metres. */
  #goal: number | undefined;
  #colours = { track: "", cart: "", pole: "", fallen: "", hand: "" };
  readonly #onFrame: (frame: Frame) => void;

  constructor(canvas: HTMLCanvasElement, scene: Scene, onFrame: (frame: Frame) => void) {
    this.#canvas = canvas;
    this.#scene = scene;
    this.#pole = new CartPole(scene);
    this.#onFrame = onFrame;
    this.#readColours();
    onTheme(() => this.#readColours());
    this.#followFinger();
    this.#pole.reset(this.#random);
    requestAnimationFrame((now) => this.#frame(now));
  }

  /** Another pole. */
  set scene(scene: Scene) {
    this.#scene = scene;
    this.#begin();
  }

  /** Who balances it from now on; undefined: nobody. */
  set mind(mind: Mind | undefined) {
    this.#mind = mind;
  }

  /** Seconds of its time in a second. */
  set speed(speed: number) {
    this.#speed = speed;
  }

  /** Stands the pole up in the middle. */
  #begin(): void {
    this.#pole = new CartPole(this.#scene);
    this.#pole.reset(this.#random);
    this.#seconds = 0;
    this.#fell = undefined;
    if (!this.#held) this.#push = 0;
  }

  /** Pushes to the left (-1) or right (1) until it is let go. */
  push(direction: number): void {
    this.#push = direction;
    this.#held = true;
    this.#longer = this.#hands.seconds;
  }

  get #hands(): typeof BALANCES {
    return this.#mind === undefined ? BALANCES : DISTURBS;
  }

  letGo(): void {
    this.#held = false;
  }

  #readColours(): void {
    this.#colours = {
      track: colour("line-strong"),
      cart: colour("ink-soft"),
      pole: colour("accent"),
      fallen: colour("second"),
      hand: colour("second"),
    };
  }

  #followFinger(): void {
    const canvas = this.#canvas;
    const aim = ({ offsetX }: PointerEvent) => {
      this.#goal = (offsetX / canvas.clientWidth - 0.5) * 2 * WIDE;
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      aim(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.#goal !== undefined) aim(event);
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, () => {
        this.#goal = undefined;
      });
  }

  #frame(now: number): void {
    this.#left += Math.min(now - this.#now, MOST_LATE) * this.#speed;
    this.#now = now;
    for (; this.#left >= 1000 * CARTPOLE_TIME; this.#left -= 1000 * CARTPOLE_TIME) this.#step(now);
    this.#draw();
    const is = this.#fell !== undefined ? "fallen" : this.#isHeld ? "held" : "upright";
    this.#onFrame({ seconds: this.#seconds, thought: this.#thought, is });
    requestAnimationFrame((next) => this.#frame(next));
  }

  #step(now: number): void {
    if (this.#fell !== undefined) {
      if (now - this.#fell > Math.min(LIES / this.#speed, LIES_AT_MOST)) this.#begin();
      else this.#lie();
      return;
    }
    if (this.#isHeld) return;
    const { state } = this.#pole;
    const own = this.#mind?.think(state);
    this.#thought = own;
    const { force } = this.#scene;
    this.#pole.move((own === undefined ? 0 : own.action === 1 ? force : -force) + this.#hand());
    this.#seconds += CARTPOLE_TIME;
    if (Math.abs(state[0]) > MOST_AWAY || Math.abs(state[2]) > MOST_TILTED) this.#fell = now;
  }

  /** Whoever pushes has a pole that stands, and not one that has begun to fall without them. */
  get #isHeld(): boolean {
    return this.#mind === undefined && this.#seconds === 0 && this.#goal === undefined && this.#push === 0;
  }

  /** Falls on until it lies. */
  #lie(): void {
    const { state } = this.#pole;
    this.#pole.move(-5 * state[1]);
    if (Math.abs(state[2]) < Math.PI / 2) return;
    state[2] = (Math.sign(state[2]) * Math.PI) / 2;
    state[3] = 0;
  }

  /** Newtons of the visitor's. */
  #hand(): number {
    const force = this.#hands.share * this.#scene.force;
    const [x, speed] = this.#pole.state;
    if (this.#goal !== undefined) return Math.max(-1, Math.min(1, 3 * (this.#goal - x) - speed)) * force;
    if (!this.#held && this.#longer <= 0) this.#push = 0;
    this.#longer -= CARTPOLE_TIME;
    return this.#push * force;
  }

  #draw(): void {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    const [across, down] = [width * devicePixelRatio, height * devicePixelRatio].map(Math.round);
    if (canvas.width !== across) canvas.width = across;
    if (canvas.height !== down) canvas.height = down;
    const context = drawing(canvas);
    const metre = Math.min(width / (2 * WIDE), (height - 28) / (CART.height + Math.max(1, this.#scene.length)));
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.translate(width / 2, height - 18);
    this.#drawTrack(context, metre);
    this.#drawCart(context, metre);
  }

  #drawTrack(context: CanvasRenderingContext2D, metre: number): void {
    context.strokeStyle = this.#colours.track;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(-MOST_AWAY * metre, 0);
    context.lineTo(MOST_AWAY * metre, 0);
    for (const end of [-MOST_AWAY, MOST_AWAY]) {
      context.moveTo(end * metre, 0);
      context.lineTo(end * metre, -10);
    }
    context.stroke();
  }

  #drawCart(context: CanvasRenderingContext2D, metre: number): void {
    const [x, , angle] = this.#pole.state;
    const [width, height] = [CART.width * metre, CART.height * metre];
    const place = x * metre;
    context.fillStyle = this.#colours.cart;
    context.beginPath();
    context.roundRect(place - width / 2, -height - 5, width, height, 5);
    context.fill();
    for (const side of [-0.3, 0.3]) {
      context.beginPath();
      context.arc(place + side * width, -5, 5, 0, 2 * Math.PI);
      context.fill();
    }
    context.strokeStyle = this.#fell === undefined ? this.#colours.pole : this.#colours.fallen;
    context.lineWidth = Math.max(4, 0.045 * metre);
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(place, -height - 5);
    const { length } = this.#scene;
    context.lineTo(place + Math.sin(angle) * length * metre, -height - 5 - Math.cos(angle) * length * metre);
    context.stroke();
    const pull = this.#goal === undefined ? this.#push : Math.sign(this.#goal - x);
    if (pull !== 0 && this.#fell === undefined)
      this.#drawHand(context, place - (pull * width) / 2, -height / 2 - 5, pull);
  }

  /** An arrow that pushes from behind. */
  #drawHand(context: CanvasRenderingContext2D, x: number, y: number, direction: number): void {
    context.fillStyle = this.#colours.hand;
    context.beginPath();
    context.moveTo(x - direction * 4, y);
    context.lineTo(x - direction * 18, y - 9);
    context.lineTo(x - direction * 18, y + 9);
    context.fill();
  }
}
