// The half of the autoencoder: the plane of its codes, a point to drag there, and what it draws of it.
import { type Digits, loadDigits, PIXELS } from "../digits/data.ts";
import { byId, drawing, fillSelect, make, say } from "../shared/dom.ts";
import type { Followed } from "../shared/run.ts";
import { channels, colour, onTheme } from "../shared/theme.ts";
import type { Metadata, Portable } from "../shared/tools.ts";
import { type End, endsOf, meanPictures } from "./ends.ts";
import type { Part, Progress } from "./part.ts";
import { VaeSession } from "./vae.ts";
import { vaeCode } from "./vae-code.ts";

const SIDE = 28;
/** Digits along an edge of the plane, which is shown from -EDGE to EDGE. */
const TILES = 14;
const EDGE = 3;
/** Pictures on the way from one digit to the other. */
const WAY = 9;
/** Points of the plane's canvas for one of a digit's: what is written on it is sharp. */
const SCALE = 2;
/** Test digits whose places are shown. */
const PLACED = 400;
const LOOK_EVERY = 4; // looks from one encoding of the test digits to the next

/** A colour for each of the ten digits, which is written in it, on a light ground or a dark one. */
const colourOf = (digit: number, onDark: boolean): string => `oklch(${onDark ? 0.8 : 0.5} 0.17 ${36 * digit})`;

export class VaePart implements Part {
  readonly #plane = byId("plane", HTMLCanvasElement);
  readonly #decoded = byId("decoded", HTMLCanvasElement);
  readonly #way = byId("way", HTMLCanvasElement);
  readonly #between = byId("between", HTMLInputElement);
  readonly #tiles = make("canvas", { width: TILES * SIDE, height: TILES * SIDE });
  readonly #map = byId("map", HTMLInputElement);
  #session: VaeSession | undefined;
  #digits: Digits | undefined;
  #point: [number, number] = [0, 0];
  /** Pixels of the tiles, of the point, and of the way. */
  #pixels: Float32Array | undefined;
  #codes: Float32Array | undefined;
  /** Mean pictures of the ten digits, and of which test digit each is drawn best. */
  #means: Float32Array | undefined;
  #ends: readonly (End | undefined)[] = [];
  #looks = 0;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor() {
    const digits = Array.from({ length: 10 }, (_, digit) => [String(digit), String(digit)] as const);
    fillSelect(byId("way-from", HTMLSelectElement), digits, "3");
    fillSelect(byId("way-to", HTMLSelectElement), digits, "8");
    this.#plane.tabIndex = 0;
    this.#plane.role = "application";
    this.#plane.addEventListener("pointerdown", (event) => {
      this.#plane.setPointerCapture(event.pointerId);
      this.#drag(event);
    });
    this.#plane.addEventListener("pointermove", (event) => {
      if (event.buttons > 0) this.#drag(event);
    });
    this.#plane.addEventListener("keydown", (event) => {
      const steps: Readonly<Record<string, readonly [number, number]>> = {
        ArrowLeft: [-1, 0],
        ArrowRight: [1, 0],
        ArrowUp: [0, 1],
        ArrowDown: [0, -1],
      };
      const step = steps[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const [x, y] = this.#point;
      this.#move(x + 0.1 * step[0], y + 0.1 * step[1]);
    });
    this.#map.addEventListener("change", () => this.#draw());
    for (const id of ["way-from", "way-to"]) byId(id).addEventListener("change", () => void this.look());
    this.#between.addEventListener("input", () => {
      const ends = this.#endCodes();
      if (ends === undefined) return;
      const share = Number(this.#between.value);
      this.#move(...mixed(ends, share));
    });
    onTheme(() => this.#draw());
  }

  async open(seed: number, onWait: (text: string) => void): Promise<void> {
    this.#digits ??= await loadDigits("10000", (share) => onWait(`Fetching the digits: ${Math.round(100 * share)} %`));
    this.#means ??= meanPictures(this.#digits.test);
    this.#session ??= await VaeSession.create(seed, this.#digits.train);
  }

  begin(steps: number): Followed<Progress> {
    const session = this.#session;
    if (session === undefined) throw new TypeError("it is not open");
    const fit = session.fit(steps);
    return {
      async *[Symbol.asyncIterator]() {
        for await (const { step, totalSteps, losses, samplesPerSecond } of fit)
          yield { step, totalSteps: steps > 0 ? steps : totalSteps, losses, perSecond: samplesPerSecond };
      },
      pause: () => fit.pause(),
      resume: () => fit.resume(),
      stop: () => fit.stop(),
    };
  }

  async look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#ask().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Asks until nothing was moved meanwhile. */
  async #ask(): Promise<void> {
    do {
      this.#again = false;
      const [session, digits, means] = [this.#session, this.#digits, this.#means];
      if (session === undefined || digits === undefined || means === undefined) return;
      if (this.#codes === undefined || this.#looks++ % LOOK_EVERY === 0) {
        const codes = await session.encoded(digits.test.x.data.subarray(0, PLACED * PIXELS));
        const drawings = await session.decoded(codes);
        if (session !== this.#session) return;
        this.#codes = codes;
        this.#ends = endsOf(drawings, digits.test.y.data, means);
      }
      const pixels = await session.decoded(this.#asked());
      if (session !== this.#session) return;
      this.#pixels = pixels;
      requestAnimationFrame(() => this.#draw());
    } while (this.#again);
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await this.#looking?.catch(() => undefined);
    await session?.dispose();
    this.#pixels = undefined;
    this.#codes = undefined;
    this.#ends = [];
    this.#draw();
  }

  portable(step: number): Portable | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    return {
      name: `digits-vae-${step}`,
      weights: () => session.weights(),
      onnx: (metadata: Metadata) => session.onnx(metadata),
      metadata: {
        input: "codes of two numbers each",
        output: "784 pixels row by row, 28 x 28: 0 is paper, 1 is ink",
      },
    };
  }

  code(seed: number, steps: number): string {
    return vaeCode(seed, steps);
  }

  lacks(): string {
    return "";
  }

  said(): string {
    return "Training on 10,000 handwritten digits.";
  }

  /** Codes of all that is drawn: the tiles, the point, the way. */
  #asked(): Float32Array<ArrayBuffer> {
    const places: (readonly [number, number])[] = [];
    const at = (i: number) => EDGE * ((2 * i + 1) / TILES - 1);
    for (let row = 0; row < TILES; row++)
      for (let column = 0; column < TILES; column++) places.push([at(column), -at(row)]);
    places.push(this.#point);
    const ends = this.#endCodes();
    for (let i = 0; i < WAY; i++) places.push(ends === undefined ? [0, 0] : mixed(ends, i / (WAY - 1)));
    return Float32Array.from(places.flat());
  }

  /** Codes of the two digits that the way leads from and to. */
  #endCodes(): readonly [readonly [number, number], readonly [number, number]] | undefined {
    const codes = this.#codes;
    if (codes === undefined) return undefined;
    const codeOf = (digit: number): readonly [number, number] => {
      const row = this.#ends[digit]?.row ?? 0;
      return [codes[2 * row], codes[2 * row + 1]];
    };
    const [from, to] = chosenDigits();
    return [codeOf(from), codeOf(to)];
  }

  /** Says of digits at the ends of the way that they are not drawn as such yet. */
  #sayEnds(): void {
    const unclear = [...new Set(chosenDigits())].filter((digit) => this.#ends[digit]?.isClear === false);
    const names = unclear.map((digit) => `${digit === 8 ? "an" : "a"} ${digit}`).join(" or ");
    say(byId("way-unclear"), names === "" ? "" : `It draws none yet that is clearly ${names}: train on.`);
  }

  #drag({ offsetX, offsetY }: PointerEvent): void {
    const { clientWidth, clientHeight } = this.#plane;
    this.#move(EDGE * ((2 * offsetX) / clientWidth - 1), EDGE * (1 - (2 * offsetY) / clientHeight));
  }

  #move(x: number, y: number): void {
    const within = (value: number) => Math.min(Math.max(value, -EDGE), EDGE);
    this.#point = [within(x), within(y)];
    this.#draw();
    void this.look().catch(() => undefined); // its worker died, which the run tells of
  }

  #draw(): void {
    const [paper, ink] = [channels("surface"), channels("ink")];
    const pixels = this.#pixels;
    const painted = (context: CanvasRenderingContext2D, image: number, x: number, y: number) => {
      const tile = context.createImageData(SIDE, SIDE);
      for (let i = 0; i < PIXELS; i++) {
        const share = pixels?.[image * PIXELS + i] ?? 0;
        for (let c = 0; c < 3; c++) tile.data[4 * i + c] = paper[c] + share * (ink[c] - paper[c]);
        tile.data[4 * i + 3] = 255;
      }
      context.putImageData(tile, x, y);
    };
    const tiles = drawing(this.#tiles);
    for (let i = 0; i < TILES ** 2; i++) painted(tiles, i, SIDE * (i % TILES), SIDE * Math.floor(i / TILES));
    const plane = drawing(this.#plane);
    const size = SCALE * TILES * SIDE;
    const isMap = this.#map.checked && this.#codes !== undefined;
    plane.clearRect(0, 0, size, size);
    plane.imageSmoothingEnabled = false;
    plane.globalAlpha = isMap ? 0.2 : 1;
    plane.drawImage(this.#tiles, 0, 0, size, size);
    plane.globalAlpha = 1;
    const place = (x: number, y: number) => [(size * (x / EDGE + 1)) / 2, (size * (1 - y / EDGE)) / 2] as const;
    const labels = this.#digits?.test.y.data;
    plane.textAlign = "center";
    if (isMap && this.#codes !== undefined && labels !== undefined) {
      plane.font = "600 20px system-ui, sans-serif";
      plane.textBaseline = "middle";
      plane.strokeStyle = colour("surface");
      plane.lineWidth = 4;
      for (let row = 0; row < PLACED; row++) {
        const [x, y] = place(this.#codes[2 * row], this.#codes[2 * row + 1]);
        plane.fillStyle = colourOf(labels[row], ink[0] > paper[0]);
        plane.strokeText(String(labels[row]), x, y);
        plane.fillText(String(labels[row]), x, y);
      }
    }
    if (pixels === undefined) {
      plane.fillStyle = colour("ink-soft");
      plane.font = "30px system-ui, sans-serif";
      plane.textBaseline = "alphabetic";
      plane.fillText("It fills with digits as soon as the training begins.", size / 2, size / 2 - 48);
    }
    const [x, y] = place(...this.#point);
    for (const [width, token] of [
      [10, "surface"],
      [5, "accent"],
    ] as const) {
      plane.strokeStyle = colour(token);
      plane.lineWidth = width;
      plane.beginPath();
      plane.arc(x, y, 18, 0, 2 * Math.PI);
      plane.stroke();
    }
    painted(drawing(this.#decoded), TILES ** 2, 0, 0);
    for (let i = 0; i < WAY; i++) painted(drawing(this.#way), TILES ** 2 + 1 + i, SIDE * i, 0);
    this.#sayEnds();
    const [a, b] = this.#point.map((value) => value.toFixed(1).replace("-", "−"));
    say(byId("code-said"), `Drawn from the two numbers ${a} and ${b}.`);
  }
}

/** The digits that the way leads from and to. */
function chosenDigits(): readonly [number, number] {
  const digitOf = (id: string) => Number(byId(id, HTMLSelectElement).value);
  return [digitOf("way-from"), digitOf("way-to")];
}

function mixed(
  [from, to]: readonly [readonly [number, number], readonly [number, number]],
  share: number,
): [number, number] {
  return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
}
