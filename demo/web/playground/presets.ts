// Trainings worth seeing, as links to this page.
import { byId, make } from "../shared/dom.ts";

/** Few points, far from where they belong, and a network large enough to know each of them by heart. */
const noisy = "data=circles&noise=50&share=20&hidden=16,16&rate=0.01";

export const presets: readonly (readonly [text: string, address: string])[] = [
  ["Two layers unroll a spiral", "data=spiral&hidden=8,8"],
  ["One layer of 4 units draws a ring", "data=circles&hidden=4"],
  ["No layer cannot learn exclusive or …", "data=xor&hidden="],
  ["… unless it sees the product xy", "data=xor&hidden=&features=x,y,xy"],
  ["Three arms, three classes", "data=spiral3&hidden=16,16"],
  ["Numbers in place of classes: waves", "data=waves&hidden=16,16"],
  ["Too much noise, learned by heart", noisy],
  ["The same with a penalty of weights", `${noisy}&penalty=l2&strength=0.01`],
];

export function showPresets(): void {
  const items = presets.map(([text, address]) => make("li", {}, make("a", { href: `#${address}` }, text)));
  byId("presets").replaceChildren(...items);
}
