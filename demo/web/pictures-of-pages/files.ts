// The pictures on the front page's cards: where they are kept between the making and the next build, and what they are called in the site.
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Of a card, in CSS pixels; pictures have twice as many. */
export const [WIDTH, HEIGHT] = [352, 220];
export const themes = ["light", "dark"] as const;
export type Theme = (typeof themes)[number];

export const kept = new URL("../../../build/demo-data/cards/", import.meta.url);

/** Such as cards/digits-dark.webp, of digits.html. */
export function pictureName(file: string, theme: Theme): string {
  return `cards/${file.replace(/\.html$/, "")}-${theme}.webp`;
}

/** Those that were made, by their names in the site. */
export function madePictures(): ReadonlyMap<string, Buffer> {
  const names = existsSync(kept) ? readdirSync(kept).filter((name) => name.endsWith(".webp")) : [];
  return new Map(names.map((name) => [`cards/${name}`, readFileSync(new URL(name, kept))]));
}
