// The page that a visitor takes home: it holds a network, and says of pictures and of the camera what it sees. It asks no server for anything.
import { Predictor } from "simdgrad/predictor/portable";
import { drawSquare, type Picture, pixelsOf } from "../pixels.ts";

interface Held {
  readonly names: readonly string[];
  readonly side: number;
  /** The network, as base64. */
  readonly network: string;
}

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const { names, side, network }: Held = JSON.parse(element("held").textContent ?? "");
const line = element("answer");
const view = element<HTMLCanvasElement>("view");
const button = element("camera");
const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
const bars = names.map((name) => {
  const meter = Object.assign(document.createElement("meter"), { max: 1, value: 0, ariaLabel: name });
  const item = document.createElement("li");
  item.append(name, meter);
  element("bars").append(item);
  return meter;
});
const predictor = await Predictor.load(Uint8Array.from(atob(network), (letter) => letter.charCodeAt(0)));

function answer(picture: Picture): void {
  drawSquare(picture, view);
  const pixels = pixelsOf(picture, side);
  const { data } = predictor.predict({ data: pixels, shape: [1, 3, side, side] });
  const best = data.indexOf(Math.max(...data));
  for (const [i, meter] of bars.entries()) meter.value = data[i];
  const text = `${names[best]}, ${(100 * data[best]).toFixed(0)} %`;
  if (line.textContent !== text) line.textContent = text;
}

async function show(file: File | undefined): Promise<void> {
  if (file === undefined) return;
  stop();
  try {
    answer(await createImageBitmap(file));
  } catch {
    line.textContent = "This file is no picture that the browser can read.";
  }
}

function stop(): void {
  for (const track of (video.srcObject as MediaStream | null)?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  button.textContent = "Turn the camera on";
}

function watch(): void {
  if (video.srcObject === null) return;
  if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) answer(video);
  requestAnimationFrame(watch);
}

button.addEventListener("click", async () => {
  if (video.srcObject !== null) return stop();
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
    button.textContent = "Turn the camera off";
    await video.play();
    watch();
  } catch {
    line.textContent = "The camera did not start: choose or drop a picture.";
  }
});
element<HTMLInputElement>("file").addEventListener("change", ({ target }) =>
  show((target as HTMLInputElement).files?.[0]),
);
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  void show(event.dataTransfer?.files[0]);
});
line.textContent = "Choose or drop a picture, or turn the camera on.";
document.body.dataset.ready = "";
