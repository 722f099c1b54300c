// What every page has at its end: its link, its training as TypeScript, its model as files.
import type { NumericArray } from "simdgrad/data";
import { byId, enable, onPress, say } from "./dom.ts";
import { inWords } from "./problems.ts";
import { save } from "./save.ts";

/** What a file says of its model: texts by their names. */
export type Metadata = Readonly<Record<string, string>>;

/** A model that can be taken along. */
export interface Portable {
  /** Of its files, without their endings. */
  readonly name: string;
  readonly weights: () => Promise<Readonly<Record<string, NumericArray>>>;
  /** The file of the model, with what else it says of it. */
  readonly onnx: (metadata: Metadata) => Promise<Uint8Array>;
  /** What goes in and comes out of the ONNX file, where that needs to be said: sentences. */
  readonly takes?: string;
  /** What both files say besides: what goes in and comes out, and what it means. */
  readonly metadata: Metadata;
}

export interface Takeaway {
  /** The program that does just what this page did, and prints the loss of its last step. */
  readonly code: () => string;
  /** Makes the address say all that a link must. */
  readonly address?: () => void;
  /** What whoever opens the link finds, where there is more to say than the settings: a sentence. */
  readonly link?: () => string | undefined;
  /** The model as it is now; undefined while there is none. */
  readonly model: () => Portable | undefined;
}

export interface Tools {
  /** Tells whether there is a model to save. */
  enable(possible: boolean): void;
}

/** Brings the buttons of `<site-tools>` to life. */
export function startTools({ code, address, link, model }: Takeaway): Tools {
  const note = byId("tools-note");
  const box = byId("code-box");
  const shown = byId("show-code");
  /** Does something; what fails is said in words. */
  const on = (id: string, action: () => Promise<string>) =>
    onPress(byId(id), () => {
      action().then(
        (text) => say(note, text),
        (error: unknown) => say(note, inWords(error)),
      );
    });
  on("copy-link", async () => {
    address?.();
    const copied = await copy(location.href);
    const holds = link?.() ?? "Whoever opens it finds these settings, and nothing done yet.";
    return copied ? `The link is copied. ${holds}` : `The link: ${location.href} ${holds}`;
  });
  shown.ariaExpanded = "false";
  on("show-code", async () => {
    const text = code();
    byId("code").textContent = text;
    box.hidden = false;
    shown.ariaExpanded = "true";
    return (await copy(text))
      ? "Copied. Put it into a file training.mts where npm i simdgrad was run, and run it by node training.mts: Node 22.18 or later takes TypeScript as it is."
      : "Here it is: this browser does not let the page copy it.";
  });
  on("save-weights", async () => {
    const portable = model();
    if (portable === undefined) return "There is no model yet.";
    // Those of this moment, whatever is done before all is loaded.
    const [weights, { serializeSafetensors }] = await Promise.all([portable.weights(), import("simdgrad/io")]);
    const name = `${portable.name}.safetensors`;
    save(name, serializeSafetensors(weights, { format: "pt", ...portable.metadata }));
    return `Saved to the file ${name}. PyTorch and the safetensors library read it, too.`;
  });
  on("save-onnx", async () => {
    const portable = model();
    if (portable === undefined) return "There is no model yet.";
    const name = `${portable.name}.onnx`;
    save(name, await portable.onnx(portable.metadata));
    return `Saved to the file ${name}. Any runtime of ONNX runs it.${portable.takes === undefined ? "" : ` ${portable.takes}`}`;
  });
  const tools: Tools = {
    enable(possible) {
      enable(byId("save-weights"), possible);
      enable(byId("save-onnx"), possible);
    },
  };
  tools.enable(false);
  return tools;
}

/** Whether the clipboard took the text. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed, or not a secure page
  }
}
