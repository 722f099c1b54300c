// The form with which a visitor puts a network of their own in the place of the page's.
import { byId, fillSelect, onPress, say } from "../shared/dom.ts";
import { inWords } from "../shared/problems.ts";
import type { Body } from "../teach/lesson.ts";
import type { OwnNetwork, Scale } from "./own-network.ts";

/** @param onBody told of the network to use from now on; undefined: the page's own */
export function startOwnNetwork(onBody: (body: Body | undefined) => void): void {
  const note = byId("own-note");
  const file = byId("own-file", HTMLInputElement);
  const side = byId("own-side", HTMLInputElement);
  const [scale, output] = [byId("own-scale", HTMLSelectElement), byId("own-output", HTMLSelectElement)];
  const choices = byId("own-choices");
  let network: OwnNetwork | undefined;
  let name = "";

  const read = async (chosen: File) => {
    say(note, "Reading the file …");
    const { readNetwork, scales, usualOutput } = await import("./own-network.ts");
    network = readNetwork(new Uint8Array(await chosen.arrayBuffer()));
    name = chosen.name;
    side.value = String(network.side ?? 224);
    side.readOnly = network.side !== undefined;
    fillSelect(scale, Object.entries(scales), "unit");
    const usual = usualOutput(network, Number(side.value));
    fillSelect(
      output,
      network.tensors.map((each) => [each, each] as const),
      usual,
    );
    choices.hidden = false;
    say(note, "Say how it takes pictures, and where features are taken: usually what its last layer is given.");
  };
  const use = async () => {
    if (network === undefined) return;
    const { ownBody } = await import("./own-network.ts");
    const pixels = Math.round(Number(side.value));
    const body = ownBody(network, { side: pixels, scale: scale.value as Scale, output: output.value });
    onBody(body);
    say(
      note,
      `${name} is used from now on: ${body.features[0].toLocaleString("en")} features of ${pixels} x ${pixels} pixels. Show it your pictures anew.`,
    );
  };
  const told = (action: () => Promise<void>) => action().catch((error: unknown) => say(note, inWords(error)));

  file.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    file.value = "";
    if (chosen !== undefined) void told(() => read(chosen));
  });
  onPress(byId("own-use"), () => void told(use));
  onPress(byId("own-back"), () => {
    onBody(undefined);
    say(note, "The page’s own network is used again. Show it your pictures anew.");
  });
}
