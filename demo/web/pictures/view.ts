// What the network is asked about: the camera, or a picture, drawn anew at every frame.
import { byId, make, say } from "../shared/dom.ts";
import { openDevice } from "../teach/device.ts";
import { drawSquare, type Picture, pictureOf, pixelsOf } from "./pixels.ts";

/** Milliseconds from one question about a picture that stands still to the next. */
const STILL = 250;

export class View {
  readonly #canvas = byId("view", HTMLCanvasElement);
  readonly #seen = byId("seen", HTMLCanvasElement);
  readonly #button = byId("camera");
  readonly #empty = byId("view-empty");
  readonly #video = make("video", { muted: true, playsInline: true });
  readonly #onSeen: (pixels: Uint8Array) => void;
  #stream: MediaStream | undefined;
  #still: Picture | undefined;
  #side: number;
  #looked = 0;

  /** @param onSeen told what the network would see, again and again */
  constructor(side: number, onSeen: (pixels: Uint8Array) => void) {
    this.#side = side;
    this.#onSeen = onSeen;
    requestAnimationFrame((now) => this.#frame(now));
  }

  /** Pixels of a side, as the network takes them. */
  set side(side: number) {
    this.#side = side;
  }

  get on(): boolean {
    return this.#stream !== undefined;
  }

  /** What is there, as the network would see it; undefined where nothing is. */
  get pixels(): Uint8Array | undefined {
    const picture = this.#picture();
    return picture && pixelsOf(picture, this.#side);
  }

  /** @throws Problem where there is no camera, or it is not allowed */
  async start(): Promise<void> {
    if (this.#stream !== undefined) return;
    const stream = await openDevice("camera", "Without it, choose or drop pictures below.");
    this.#stream = stream;
    for (const track of stream.getTracks()) track.addEventListener("ended", () => this.stop());
    this.#video.srcObject = stream;
    this.#still = undefined;
    say(this.#button, "Turn the camera off");
    await this.#video.play().catch(() => undefined); // a stop came between
  }

  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#video.srcObject = null;
    say(this.#button, "Turn the camera on");
  }

  /** Shows a picture that stands still; it turns the camera off. */
  show(picture: Picture): void {
    this.stop();
    this.#still = picture;
    this.#looked = 0;
  }

  #picture(): Picture | undefined {
    if (this.#stream === undefined) return this.#still;
    return this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? this.#video : undefined;
  }

  #frame(now: number): void {
    requestAnimationFrame((next) => this.#frame(next));
    const picture = this.#picture();
    this.#empty.hidden = picture !== undefined;
    if (picture === undefined) return;
    if (this.on) drawSquare(picture, this.#canvas);
    else if (now - this.#looked < STILL) return;
    else drawSquare(picture, this.#canvas);
    this.#looked = now;
    const pixels = pixelsOf(picture, this.#side);
    pictureOf(pixels, this.#seen);
    this.#onSeen(pixels);
  }
}
