// The microphone: at the device's own rate, resampled to that of the network.
import { openDevice } from "../teach/device.ts";
import { Resampler } from "./resampler.ts";
import { RATE } from "./sounds.ts";

export class Microphone {
  readonly #onSamples: (samples: Float32Array) => void;
  readonly #onEnd: () => void;
  #open: { readonly stream: MediaStream; readonly context: AudioContext } | undefined;
  #starting: Promise<void> | undefined;

  /** @param onSamples told of samples, RATE a second; `onEnd` when it was turned off, or taken away */
  constructor(onSamples: (samples: Float32Array) => void, onEnd: () => void) {
    this.#onSamples = onSamples;
    this.#onEnd = onEnd;
  }

  get on(): boolean {
    return this.#open !== undefined;
  }

  /** @throws Problem where there is none, or it is not allowed */
  start(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    if (this.#open !== undefined) return;
    const stream = await openDevice("microphone", "Without it, choose or drop WAV files below.");
    const context = new AudioContext();
    this.#open = { stream, context };
    for (const track of stream.getTracks()) track.addEventListener("ended", () => this.stop());
    await context.audioWorklet.addModule(new URL("./listen.js", import.meta.url));
    const node = new AudioWorkletNode(context, "listener", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    const resampler = new Resampler(context.sampleRate, RATE);
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => this.#onSamples(resampler.push(data));
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
  }

  stop(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    for (const track of open.stream.getTracks()) track.stop();
    void open.context.close();
    this.#onEnd();
  }
}
