// Drawings as MNIST has its digits: the longer side 20 pixels, the centre of mass in the middle of 28x28, proportions kept.
import { describe, expect, test } from "vitest";
import { centreDigit, inkBox } from "../../demo/web/digits/centre.ts";
import { generator } from "../ops/inputs.ts";

const SIDE = 28;

/** A sheet of `size` squared with a filled rectangle. */
function rectangle(size: number, left: number, top: number, width: number, height: number): Uint8Array {
  const sheet = new Uint8Array(size * size);
  for (let y = top; y < top + height; y++) sheet.fill(255, y * size + left, y * size + left + width);
  return sheet;
}

function centred(ink: Uint8Array, width: number): Uint8Array {
  const image = centreDigit(ink, width);
  if (image === undefined) throw new Error("no ink was found");
  return image;
}

function centreOfMass(image: Uint8Array): readonly [number, number] {
  let [sum, x, y] = [0, 0, 0];
  image.forEach((value, i) => {
    sum += value;
    x += value * ((i % SIDE) + 0.5);
    y += value * (Math.floor(i / SIDE) + 0.5);
  });
  return [x / sum, y / sum];
}

describe("a drawing becomes one of MNIST's", () => {
  test("an empty sheet has no ink and becomes nothing", () => {
    expect(inkBox(new Uint8Array(100), 10)).toBeUndefined();
    expect(centreDigit(new Uint8Array(100), 10)).toBeUndefined();
  });

  test("the box holds all ink and nothing more", () => {
    expect(inkBox(rectangle(50, 7, 11, 20, 5), 50)).toEqual({ left: 7, top: 11, width: 20, height: 5 });
  });

  test.each([
    ["tall", 10, 100, { left: 13, top: 4, width: 2, height: 20 }],
    ["wide", 200, 50, { left: 4, top: 11 + 0.5, width: 20, height: 5 }],
    ["small", 4, 4, { left: 4, top: 4, width: 20, height: 20 }],
  ])("the longer side of a %s one is 20 pixels", (_, width, height, { left, top, ...size }) => {
    const box = inkBox(centred(rectangle(280, 31, 17, width, height), 280), SIDE);
    expect(box).toMatchObject(size);
    expect(Math.abs((box?.left ?? 0) - left)).toBeLessThanOrEqual(0.5);
    expect(Math.abs((box?.top ?? 0) - top)).toBeLessThanOrEqual(0.5);
  });

  test("wherever it is drawn, the image is the same", () => {
    const image = centred(rectangle(280, 0, 0, 60, 140), 280);
    expect(centred(rectangle(280, 220, 140, 60, 140), 280)).toEqual(image);
  });

  test("its centre of mass is within half a pixel of the middle, unless it would leave the image", () => {
    const random = generator(7);
    for (let round = 0; round < 20; round++) {
      const sheet = new Uint8Array(100 * 100);
      for (let i = 0; i < 40; i++) sheet[Math.floor(random() * 60 + 20) * 100 + Math.floor(random() * 60 + 20)] = 255;
      const [x, y] = centreOfMass(centred(sheet, 100));
      expect(Math.abs(x - SIDE / 2)).toBeLessThanOrEqual(0.51);
      expect(Math.abs(y - SIDE / 2)).toBeLessThanOrEqual(0.51);
    }
  });

  test("ink at the sheet's edges stays inside the image", () => {
    const sheet = new Uint8Array(280 * 280);
    sheet.fill(255, 0, 280 * 3);
    sheet[280 * 280 - 1] = 1;
    expect(inkBox(centred(sheet, 280), SIDE)?.top).toBeGreaterThanOrEqual(0);
  });

  test("full ink stays full, half ink half", () => {
    const half = rectangle(100, 10, 10, 40, 40).map((value) => Math.round(value / 2));
    expect(Math.max(...centred(rectangle(100, 10, 10, 40, 40), 100))).toBe(255);
    expect(Math.max(...centred(half, 100))).toBe(128);
  });
});
