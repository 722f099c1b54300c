// Saving and loading: a file of the visitor's, or the browser's own storage.
import { byId, enable, make, onPress, say } from "../shared/dom.ts";
import { inWords } from "../shared/problems.ts";
import { discard, keep, keptFiles } from "../shared/store.ts";
import type { Source } from "./journal.ts";
import { fromFile, type Model, toFile } from "./keeping.ts";
import { type Architecture, showShape } from "./model.ts";

const DATABASE = "simdgrad-digits";

export interface Keeper {
  /** The model as it is now; undefined while there is none. */
  readonly current: () => Promise<Model & { readonly name: string }> | undefined;
  readonly load: (model: Model, source: Source) => Promise<void>;
}

export class KeepView {
  readonly #keeper: Keeper;
  readonly #note = byId("keep-note");

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
    onPress(byId("keep-here"), () => this.#do(() => this.#keepHere()));
    const input = byId("load-file", HTMLInputElement);
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      input.value = "";
      if (file) this.#do(async () => this.#load(new Uint8Array(await file.arrayBuffer()), { file: file.name }));
    });
    this.#list().catch(() => undefined); // said as soon as something is to be kept
  }

  enable(possible: boolean): void {
    enable(byId("keep-here"), possible);
  }

  /** Does something; what fails is said in words. */
  #do(action: () => Promise<void>): void {
    say(this.#note, "");
    action().catch((error: unknown) => say(this.#note, inWords(error)));
  }

  async #keepHere(): Promise<void> {
    const model = await this.#keeper.current();
    if (model === undefined) return;
    await keep(DATABASE, { name: model.name, time: Date.now(), bytes: toFile(model) });
    await this.#list();
    say(this.#note, `Saved in this browser: ${model.name}.`);
  }

  async #load(bytes: Uint8Array, source: Partial<Source>): Promise<void> {
    const model = fromFile(bytes);
    const { kept, file = `${fileName(model.architecture)}.safetensors` } = source;
    await this.#keeper.load(model, { file, kept });
    say(this.#note, `Loaded: ${kept ?? file}.`);
  }

  async #list(): Promise<void> {
    const items = (await keptFiles(DATABASE)).map(({ name, time, bytes }) => {
      const date = new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
      const load = make("button", { type: "button", ariaLabel: `Load ${name}` }, "Load");
      const drop = make("button", { type: "button", className: "quiet", ariaLabel: `Delete ${name}` }, "Delete");
      load.addEventListener("click", () => this.#do(() => this.#load(bytes, { kept: name })));
      drop.addEventListener("click", () =>
        this.#do(async () => {
          await discard(DATABASE, name);
          await this.#list();
          say(this.#note, `Deleted: ${name}.`);
          byId("keep-here").focus();
        }),
      );
      return make("li", {}, make("span", {}, name, make("small", {}, date)), load, drop);
    });
    byId("kept").replaceChildren(...items);
  }
}

/** "digits-784-128-10", "digits-28x28-8-16-10" */
export function fileName(architecture: Architecture): string {
  return `digits-${showShape(architecture).replaceAll(" – ", "-").replace(" × ", "x")}`;
}
