// The page of the benchmark: what to measure, the measurement, and what came of it.
import { Address, choice, flag, list, whole } from "../shared/address.ts";
import { byId, enable, onPress, say } from "../shared/dom.ts";
import { inWords } from "../shared/problems.ts";
import { startTools } from "../shared/tools.ts";
import { codeOf } from "./code.ts";
import { contenderNames, peerNames, takingPart } from "./contenders.ts";
import { machineInWords } from "./machine.ts";
import { type NetworkName, networkNames } from "./networks.ts";
import { csvOf, machineField, markdownOf, resultField, resultOf, rowsOf } from "./results.ts";
import { type Finding, Measurement } from "./rounds.ts";
import { showFindings, showSummary } from "./view.ts";

const thousands = new Intl.NumberFormat("en");

const fields = {
  networks: list<NetworkName>(networkNames, choice<NetworkName>("dense", networkNames), networkNames.length),
  rounds: whole(7, 1, 99),
  tfwasm: flag(false),
  tfcpu: flag(false),
  jax: flag(false),
  /** What whoever made the link has found, and on what. */
  theirs: resultField,
  machine: machineField,
};

type Phase = "idle" | "running" | "paused" | "cancelling";

const going: Readonly<Record<Phase, string>> = {
  idle: "Measure",
  running: "Pause",
  paused: "Resume",
  cancelling: "Cancelling …",
};

export class BenchmarkPage {
  readonly #address = new Address(fields);
  readonly #said = this.#address.read();
  readonly #form = byId("choices", HTMLFormElement);
  readonly #machine = machineInWords();
  #measurement: Measurement | undefined;
  #phase: Phase = "idle";
  #findings: Finding[] = [];
  #steps = 0;

  constructor() {
    for (const name of networkNames) this.#box(name).checked = this.#said.networks.includes(name);
    for (const name of peerNames) this.#box(name).checked = this.#said[name];
    this.#box("rounds").value = String(this.#said.rounds);
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("change", () => {
      this.#box("rounds").value = String(this.#rounds());
      this.#write(false);
      this.#showCannot();
    });
    this.#showCannot();
    onPress(byId("go"), () => this.#go());
    onPress(byId("cancel"), () => void this.#cancel());
    onPress(byId("copy-markdown"), () => void this.#copy(markdownOf(this.#rows(), this.#machine)));
    onPress(byId("copy-csv"), () => void this.#copy(csvOf(this.#rows())));
    const threads = crossOriginIsolated
      ? ""
      : " Teams of threads are left out: this page is not cross-origin isolated, which its server decides.";
    say(byId("machine"), `This machine: ${this.#machine}.${threads}`);
    const { theirs, machine } = this.#said;
    byId("theirs").hidden = theirs.size === 0;
    const whose =
      machine === this.#machine
        ? `of a machine like this one, perhaps of this one: ${machine}`
        : `of another machine: ${machine || "unnamed"}`;
    say(byId("theirs"), `The link brings figures ${whose}. Measure, and see new ones beside them.`);
    // What no benchmark has: a model.
    for (const id of ["save-weights", "save-onnx"]) byId(id).hidden = true;
    startTools({
      code: () => codeOf(this.#networks(), this.#rounds()),
      address: () => this.#write(true),
      model: () => undefined,
    });
    this.#show();
    this.#enter("idle");
  }

  #go(): void {
    if (this.#phase === "idle") void this.#measure();
    else if (this.#phase === "running") {
      this.#measurement?.pause();
      this.#enter("paused");
    } else if (this.#phase === "paused") {
      this.#measurement?.resume();
      this.#enter("running");
    }
  }

  async #measure(): Promise<void> {
    const networks = this.#networks();
    this.#problem(networks.length === 0 ? "Choose at least one network." : "");
    if (networks.length === 0) return;
    this.#findings = [];
    this.#steps = 0;
    say(byId("figure-step"), "0");
    say(byId("summary"), "");
    this.#show();
    const threads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;
    const contenders = takingPart(
      peerNames.filter((name) => this.#box(name).checked),
      threads,
    );
    const progress = byId("progress", HTMLProgressElement);
    progress.value = 0;
    this.#measurement = new Measurement(networks, contenders, this.#rounds(), {
      onState: (text) => say(byId("state"), text),
      onProgress: (share) => {
        progress.value = share;
      },
      onSteps: (steps) => {
        this.#steps += steps;
        say(byId("figure-step"), thousands.format(this.#steps));
      },
      onFinding: (finding) => {
        this.#findings = inOrder([...this.#findings, finding]);
        this.#show();
      },
    });
    this.#enter("running");
    try {
      const finished = await this.#measurement.run();
      say(byId("state"), finished ? "Done." : "Cancelled. What was finished stays below.");
      showSummary(this.#findings);
    } catch (error) {
      this.#problem(inWords(error));
      say(byId("state"), "Stopped by an error.");
    }
    this.#measurement = undefined;
    this.#enter("idle");
  }

  async #cancel(): Promise<void> {
    if (this.#phase !== "running" && this.#phase !== "paused") return;
    this.#enter("cancelling");
    await this.#measurement?.cancel();
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    say(byId("go"), phase === "idle" && this.#findings.length > 0 ? "Measure again" : going[phase]);
    enable(byId("go"), phase !== "cancelling");
    enable(byId("cancel"), phase === "running" || phase === "paused");
  }

  /** What will not be measured, before anybody waits for it. */
  #showCannot(): void {
    const asks = this.#box("tfwasm").checked && this.#box("cnn").checked;
    const why =
      "TensorFlow.js has no gradient of a convolution’s filters on WebAssembly (Conv2DBackpropFilter). It is asked all the same, and says so in its row.";
    say(byId("cannot"), asks ? why : "");
  }

  #show(): void {
    showFindings(this.#findings, this.#said.theirs);
  }

  #rows(): string[][] {
    return rowsOf(this.#findings, this.#said.theirs);
  }

  #networks(): NetworkName[] {
    return networkNames.filter((name) => this.#box(name).checked);
  }

  #rounds(): number {
    const rounds = Math.round(Number(this.#box("rounds").value));
    return Number.isFinite(rounds) ? Math.max(1, Math.min(99, rounds)) : fields.rounds.fallback;
  }

  /** With what was found, for whoever gets the link; or with the choices, and what this page's own link brought. */
  #write(found: boolean): void {
    const own = found && this.#findings.length > 0;
    this.#address.write({
      networks: this.#networks(),
      rounds: this.#rounds(),
      tfwasm: this.#box("tfwasm").checked,
      tfcpu: this.#box("tfcpu").checked,
      jax: this.#box("jax").checked,
      theirs: own ? resultOf(this.#findings) : this.#said.theirs,
      machine: own ? this.#machine : this.#said.machine,
    });
  }

  async #copy(text: string): Promise<void> {
    const copied = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    say(byId("copied"), copied ? "Copied." : "This browser does not let the page copy it: select the table instead.");
  }

  #problem(text: string): void {
    const box = byId("problem");
    box.hidden = text === "";
    say(box, text);
  }

  #box(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }
}

/** By networks, and by contenders within each. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const place = ({ network, contender }: Finding) =>
    networkNames.indexOf(network) * contenderNames.length + contenderNames.indexOf(contender);
  return [...findings].sort((a, b) => place(a) - place(b));
}
