// Pictures for who has neither camera nor files at hand: a circle or a cross somewhere, in some colours.
import { make } from "../shared/dom.ts";

export const shapes = ["circle", "cross"] as const;
export type Shape = (typeof shapes)[number];

const SIDE = 128;

/** Draws one by random numbers 0 to 1. */
export function madeUp(shape: Shape, random: () => number): HTMLCanvasElement {
  const canvas = make("canvas", { width: SIDE, height: SIDE });
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  const hue = 360 * random();
  context.fillStyle = `hsl(${hue}, 40%, ${75 + 15 * random()}%)`;
  context.fillRect(0, 0, SIDE, SIDE);
  const radius = SIDE * (0.2 + 0.15 * random());
  const place = () => radius + (SIDE - 2 * radius) * random();
  context.translate(place(), place());
  context.rotate(random() * Math.PI);
  context.strokeStyle = `hsl(${hue + 120 + 120 * random()}, 70%, ${25 + 20 * random()}%)`;
  context.lineWidth = SIDE * (0.06 + 0.05 * random());
  context.lineCap = "round";
  context.beginPath();
  if (shape === "circle") context.arc(0, 0, radius, 0, 2 * Math.PI);
  else {
    context.moveTo(-radius, 0);
    context.lineTo(radius, 0);
    context.moveTo(0, -radius);
    context.lineTo(0, radius);
  }
  context.stroke();
  return canvas;
}
