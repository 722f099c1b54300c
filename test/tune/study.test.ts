// Studies: asked and told, interrupted and taken up again, in memory and in files.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { NonFiniteError } from "../../src/errors.ts";
import { StorageError } from "../../src/storage/storage-error.ts";
import {
  asha,
  bayesian,
  choice,
  conditional,
  fileStorage,
  logUniform,
  memoryStorage,
  type Objective,
  type Outcome,
  openStudy,
  random,
  type StudyStorage,
  type Trial,
  uniform,
  type Values,
} from "../../src/tune/index.ts";

const space = { x: uniform(-1, 1), k: conditional({ a: { y: logUniform(0.01, 1) }, b: {} }) };
const objective = ({ values: { x, k } }: Trial<Values<typeof space>>) => x * x + (k.kind === "a" ? k.y : 0.2);

const folders: string[] = [];
async function folder(): Promise<string> {
  const made = await mkdtemp(`${tmpdir()}/simdgrad-tune-`);
  folders.push(made);
  return made;
}
afterAll(async () => {
  for (const each of folders) await rm(each, { recursive: true });
});

describe("asking and telling", () => {
  test("the best is the smallest, or the largest, of equals the first", async () => {
    for (const [mode, best] of [
      ["min", 1],
      ["max", 2],
    ] as const) {
      const study = await openStudy({ space, mode });
      expect(study.best).toBeUndefined();
      for (const outcome of [3, 1, 5, 1, 5, "pruned", "failed"] as const) await study.tell(await study.ask(), outcome);
      expect(study.best?.number).toBe(best);
      expect(study.history.map(({ state }) => state).slice(4)).toEqual(["complete", "pruned", "failed"]);
    }
  });

  test("a trial may be told by its number, and several may run at once", async () => {
    const study = await openStudy({ space });
    const [a, b] = await Promise.all([study.ask(), study.ask()]);
    await Promise.all([study.tell(b, 2), study.tell(a.number, 3)]);
    expect(study.history.map(({ value }) => value)).toEqual([3, 2]);
  });

  test.each<[string, unknown, unknown]>([
    ["tell: there is no trial 4", 4, 1],
    ["tell: trial 0 is complete", 0, 1],
    ["tell: there is no trial undefined", undefined, 1],
    ["tell: the outcome must be a finite number, got NaN", 1, Number.NaN],
    ['tell: the outcome must be a number, { value, artifact }, "pruned" or "failed", got "done"', 1, "done"],
    ["tell: the outcome: value must be a finite number, got undefined", 1, {}],
    ["tell: the outcome: artifact must be a Uint8Array", 1, { value: 1, artifact: "weights" }],
  ])("%s", async (message, trial, outcome) => {
    const study = await openStudy({ space });
    await study.tell(await study.ask(), 1);
    await study.ask();
    await expect(study.tell(trial as never, outcome as never)).rejects.toThrow(message);
    expect(study.history.map(({ state }) => state)).toEqual(["complete", "running"]);
  });
});

test("a sampler of one's own gives what the space has, or is told what is wrong", async () => {
  const study = (values: object) =>
    openStudy({ space, sampler: { name: "mine", suggest: () => values as never } }).then((made) => made.ask());
  expect((await study({ x: 0, k: "b" })).values).toEqual({ x: 0, k: { kind: "b" } });
  for (const [message, values] of [
    ["ask: what the sampler mine gives: x 2 is not of uniform(-1, 1)", { x: 2, k: "b" }],
    ["ask: what the sampler mine gives: k.a.y is missing", { x: 0, k: "a" }],
    ["ask: what the sampler mine gives: k.a.y is in a branch that was not taken", { x: 0, k: "b", "k.a.y": 0.1 }],
    ["ask: what the sampler mine gives: there is no parameter z", { x: 0, k: "b", z: 1 }],
    ["ask: what the sampler mine gives: no values", undefined],
  ] as const)
    await expect(study(values as object)).rejects.toThrow(message);
});

describe("running trials", () => {
  test("needs an objective or its module, and options that are some", async () => {
    const study = await openStudy({ space });
    for (const [message, options] of [
      ["trials: either an objective, the module of one, or distribute is to be given", {}],
      ["trials: either an objective, the module of one", { objective, module: new URL("file:///a.js") }],
      ["trials: objective must be a function, got 1", { objective: 1 }],
      ["trials: module must be a URL, or a function that starts a worker", { module: "./objective.js" }],
      ["trials: unknown option n_jobs", { objective, n_jobs: 2 }],
    ] as const)
      await expect(study.trials(3, options as never)).rejects.toThrow(message);
    await expect(study.trials(0, { objective })).rejects.toThrow(
      "trials: the number of trials must be a whole number >= 1",
    );
    expect(study.history).toEqual([]);
  });

  test("several at a time, no more than there are to be", async () => {
    const study = await openStudy({ space });
    let [now, most] = [0, 0];
    const history = await study.trials(17, {
      workers: 4,
      objective: async (trial) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 1 + (trial.number % 3)));
        now--;
        return objective(trial);
      },
    });
    expect(most).toBe(4);
    expect(history.map(({ number, state }) => `${number} ${state}`)).toEqual(
      Array.from({ length: 17 }, (_, i) => `${i} complete`),
    );
  });

  test("a trial that diverges has failed, another error ends the search and is told", async () => {
    const study = await openStudy({ space });
    const outcomes: (() => Outcome)[] = [
      () => 1,
      () => Number.NaN,
      () => {
        throw new NonFiniteError("the loss is NaN", 3);
      },
      () => 2,
      () => {
        throw new TypeError("a mistake");
      },
    ];
    await expect(study.trials(9, { objective: ({ number }) => outcomes[number]() })).rejects.toThrow("a mistake");
    expect(study.history.map(({ state, error }) => error ?? state)).toEqual([
      "complete",
      "the objective gave NaN",
      "NonFiniteError: the loss is NaN",
      "complete",
      "TypeError: a mistake",
    ]);
    await study.trials(7, {
      objective: () => {
        throw new TypeError("a mistake");
      },
      tolerate: () => true,
    });
    expect(study.history.length).toBe(7);
    await expect(study.trials(8, { objective: (() => undefined) as never })).rejects.toThrow(
      "trials: what the objective gives must be a number",
    );
  });

  test("ends at a signal, and goes on", async () => {
    const study = await openStudy({ space });
    const abort = new AbortController();
    const stopping: Objective<Values<typeof space>> = (trial) => {
      if (trial.number === 2) abort.abort();
      return objective(trial);
    };
    expect((await study.trials(10, { objective: stopping, signal: abort.signal })).length).toBe(3);
    expect((await study.trials(10, { objective })).length).toBe(10);
  });
});

/** A storage whose process dies: what it was asked to append after so many appends is not written, or in part. */
function dying(after: number, part: number): StudyStorage & { readonly bytes: () => Promise<Uint8Array> } {
  const storage = memoryStorage();
  let appends = 0;
  return {
    ...storage,
    bytes: () => storage.read(),
    async append(bytes) {
      if (appends++ < after) return storage.append(bytes);
      if (appends === after + 1) await storage.append(bytes.subarray(0, Math.floor(part * bytes.length)));
      throw new Error("the process died");
    },
  };
}

describe("a study that was interrupted", () => {
  const reporting: Objective<Values<typeof space>> = async (trial) => {
    const value = objective(trial);
    for (let step = 1; step <= 4; step++) {
      await trial.report(step, value + 1 / step);
      if (trial.shouldPrune()) return "pruned";
    }
    return value;
  };
  const options = { space, seed: 11, sampler: bayesian({ startup: 4 }), pruner: asha() };

  test("goes on, wherever the crash was, with the trials that it would have had, none lost or run twice", async () => {
    const whole = await (await openStudy(options)).trials(16, { objective: reporting });
    expect(whole.some(({ state }) => state === "pruned")).toBe(true);
    for (let after = 0; after < 70; after += 3)
      for (const part of [0, 0.5, 0.99, 1]) {
        const storage = dying(after, part);
        const ended = new Set<number>();
        const run = async () => (await openStudy({ ...options, storage })).trials(16, { objective: reporting });
        await run().catch((error) => expect(String(error)).toContain("the process died"));
        const again = await openStudy({ ...options, storage: memoryStorage(await storage.bytes()) });
        for (const { number, state } of again.history) if (state !== "running") ended.add(number);
        const history = await again.trials(16, {
          objective: (trial) => {
            expect(ended.has(trial.number)).toBe(false);
            ended.add(trial.number);
            return reporting(trial);
          },
        });
        expect(history).toEqual(whole);
      }
  });

  test("gives the trials that were running again, those that were told meanwhile not", async () => {
    const storage = memoryStorage();
    const study = await openStudy({ space, storage });
    const [first, second] = [await study.ask(), await study.ask()];
    await first.report(1, 5);
    const again = await openStudy({ space, storage: memoryStorage(await storage.read()) });
    await again.tell(1, 0.5);
    const next = await again.ask();
    expect({ number: next.number, values: next.values }).toEqual({ number: 0, values: first.values });
    expect(again.history[0].reports).toEqual([]);
    await next.report(1, 6);
    expect((await again.ask()).number).toBe(2);
    expect(second.number).toBe(1);
  });

  test("keeps numbers to the bit, infinite reports and words in any script", async () => {
    const storage = memoryStorage();
    const study = await openStudy({ space: { word: choice(["Größe", "数"]), x: uniform(0, 1) }, storage });
    const trial = await study.ask();
    for (const [i, value] of [Number.NaN, Infinity, -Infinity, 0.1 + 0.2].entries()) await trial.report(i, value);
    await study.tell(trial, 1 / 3);
    await study.tell(await study.ask(), "failed", 'a "quoted" }\n line');
    const again = await openStudy({ space: study.space, storage: memoryStorage(await storage.read()) });
    expect(again.history).toEqual(study.history);
  });

  test("is refused to another space, mode or format", async () => {
    const storage = memoryStorage();
    await openStudy({ space, storage });
    const bytes = await storage.read();
    const open = (options: object) => openStudy({ space, ...options, storage: memoryStorage(bytes) } as never);
    await expect(open({ mode: "max" })).rejects.toThrow('the study is a study with mode "min", not "max"');
    await expect(open({ space: { ...space, x: uniform(-1, 2) } })).rejects.toThrow(
      "openStudy: the study is a study of x uniform(-1, 1), not uniform(-1, 2)",
    );
    await expect(open({ space: { x: space.x } })).rejects.toThrow('of k choice(["a","b"]), which is not searched here');
    await expect(open({ space: { ...space, z: uniform(0, 1) } })).rejects.toThrow(
      "the study is a study without z, which is uniform(0, 1) here",
    );
    await expect(open({ sampler: random(), seed: 5 })).resolves.toBeDefined();
  });

  test("is refused under other conditions", async () => {
    const storage = memoryStorage();
    await openStudy({ space, storage, conditions: { data: "1a2b", epochs: 3 } });
    const bytes = await storage.read();
    const open = (conditions?: object) => openStudy({ space, conditions, storage: memoryStorage(bytes) } as never);
    await expect(open({ data: "1a2b", epochs: 4 })).rejects.toThrow("the study is a study of epochs 3, not 4");
    await expect(open({ data: "1a2b" })).rejects.toThrow("a study of epochs 3, which is not given here");
    await expect(open({ epochs: 3, data: "1a2b", rows: 9 })).rejects.toThrow("without rows, which is 9 here");
    await expect(open({ epochs: Number.NaN })).rejects.toThrow("openStudy: conditions.epochs must be a text, a finite");
    await expect(open({ epochs: 3, data: "1a2b" })).resolves.toBeDefined();
    await expect(open()).resolves.toBeDefined(); // to look at
  });
});

describe("where the disk is full", () => {
  const FULL = "ENOSPC: no space left on device, write";

  /** A storage that writes no more once there are so many bytes. */
  function upTo(most: number): StudyStorage & { isFull: boolean } {
    const inner = memoryStorage();
    let size = 0;
    return {
      ...inner,
      isFull: true,
      async append(bytes) {
        if (this.isFull && size + bytes.length > most) throw new Error(FULL);
        size += bytes.length;
        await inner.append(bytes);
      },
    };
  }

  test("the study is what is stored, and says that it is to be opened anew", async () => {
    for (let most = 300; most < 1200; most += 37) {
      const storage = upTo(most);
      const study = await openStudy({ space, sampler: random(), storage });
      const several = async () => {
        const [a, b, c] = await Promise.all([study.ask(), study.ask(), study.ask()]);
        const reports = [a.report(1, 3), a.report(2, 4)];
        await Promise.all([...reports, study.tell(b, 2), study.tell(c, "failed", "why not"), study.tell(a.number, 1)]);
      };
      let failure: Error | undefined;
      while (failure === undefined)
        failure = await several().then(
          () => undefined,
          (error: Error) => error,
        );
      expect(failure.message).toContain(FULL);
      await new Promise((resolve) => setTimeout(resolve)); // the others have failed, too
      const stored = await openStudy({ space, sampler: random(), storage: memoryStorage(await storage.read()) });
      expect(study.history).toEqual(stored.history);
      expect(study.best).toEqual(stored.best);
      storage.isFull = false;
      await expect(study.ask()).rejects.toThrow(
        `the study: open the study anew: nothing is written since this: ${FULL}`,
      );
      expect(study.history).toEqual(stored.history);
    }
  });

  test("an artifact that cannot be kept leaves its trial running", async () => {
    const storage = memoryStorage();
    const study = await openStudy({ space, storage });
    const trial = await study.ask();
    const { keepArtifact } = storage;
    storage.keepArtifact = () => Promise.reject(new Error(FULL));
    await expect(study.tell(trial, { value: 1, artifact: Uint8Array.of(1) })).rejects.toThrow(FULL);
    expect(study.history[0].state).toBe("running");
    storage.keepArtifact = keepArtifact;
    await study.tell(trial, { value: 1, artifact: Uint8Array.of(1) });
    expect(await study.bestArtifact()).toEqual(Uint8Array.of(1));
  });

  test("an interrupted trial whose artifact cannot be dropped is given again the next time", async () => {
    const storage = memoryStorage();
    await (await openStudy({ space, storage })).ask();
    const study = await openStudy({ space, storage });
    const { dropArtifact } = storage;
    storage.dropArtifact = () => Promise.reject(new Error("EROFS"));
    await expect(study.ask()).rejects.toThrow("EROFS");
    storage.dropArtifact = dropArtifact;
    expect((await study.ask()).number).toBe(0);
    expect((await study.ask()).number).toBe(1);
  });

  test("what a file's disk fails of names the file and the cause", async () => {
    const at = await folder();
    const open = (path: string) => openStudy({ space, storage: fileStorage(path) });
    await expect(open(`${at}/none/study.jsonl`)).rejects.toThrow(`${at}/none/study.jsonl was not written: ENOENT`);
    await expect(open(at)).rejects.toThrow(`${at} was not read: EISDIR`);
    await expect(open(at)).rejects.toThrow(StorageError);
    const study = await open(`${at}/study.jsonl`);
    const trial = await study.ask();
    await mkdir(`${at}/study.jsonl.0.artifact`);
    await expect(study.tell(trial, { value: 1, artifact: Uint8Array.of(1) })).rejects.toThrow(
      `${at}/study.jsonl.0.artifact was not written: EISDIR`,
    );
    expect((await readdir(at)).sort()).toEqual(["study.jsonl", "study.jsonl.0.artifact"]);
  });
});

describe("artifacts", () => {
  test("each that was the best is dropped once, however many follow", async () => {
    const storage = memoryStorage();
    const dropped: number[] = [];
    const { dropArtifact } = storage;
    storage.dropArtifact = (trial) => {
      dropped.push(trial);
      return dropArtifact(trial);
    };
    const study = await openStudy({ space, sampler: random(), storage });
    await study.trials(20, { objective: ({ number }) => ({ value: -number, artifact: Uint8Array.of(number) }) });
    expect(dropped).toEqual(Array.from({ length: 19 }, (_, i) => i));
    expect(await study.bestArtifact()).toEqual(Uint8Array.of(19));
  });

  test("count as they were when the trial was told", async () => {
    const study = await openStudy({ space });
    const artifact = Uint8Array.of(1, 2);
    const telling = study.tell(await study.ask(), { value: 1, artifact });
    artifact.fill(9);
    await telling;
    expect(await study.bestArtifact()).toEqual(Uint8Array.of(1, 2));
  });

  test("and what a sampler gives counts as it was when it gave it", async () => {
    const own = { x: 0, k: "b" };
    const study = await openStudy({ space, sampler: { name: "mine", suggest: () => own } });
    await study.ask();
    own.x = 1;
    await study.ask();
    expect(study.history.map(({ parameters }) => parameters.x)).toEqual([0, 1]);
  });
});

describe("in a file", () => {
  test("the study and the best artifact are there, and nothing else", async () => {
    const at = await folder();
    const storage = () => fileStorage(`${at}/study.jsonl`);
    const study = await openStudy({ space, storage: storage() });
    const values = [0.5, 0.7, 0.3, 0.4];
    await study.trials(4, {
      objective: ({ number }) => ({ value: values[number], artifact: Uint8Array.of(number, 1, 2) }),
    });
    expect((await readdir(at)).sort()).toEqual(["study.jsonl", "study.jsonl.2.artifact"]);
    const again = await openStudy({ space, storage: storage() });
    expect(again.history).toEqual(study.history);
    expect([...((await again.bestArtifact()) ?? [])]).toEqual([2, 1, 2]);

    await writeFile(`${at}/study.jsonl.2.artifact`, Uint8Array.of(2, 1, 3));
    await expect(again.bestArtifact()).rejects.toThrow(
      "the artifact of trial 2 was changed: its checksum does not fit",
    );
    await writeFile(`${at}/study.jsonl.2.artifact`, Uint8Array.of(2, 1));
    await expect(again.bestArtifact()).rejects.toThrow("the artifact of trial 2 has 2 bytes, not 3");
    await rm(`${at}/study.jsonl.2.artifact`);
    await expect(again.bestArtifact()).rejects.toThrow("the artifact of trial 2 is missing");
  });

  test("two studies at once are found out, and the file stays readable", async () => {
    const at = await folder();
    const open = () => openStudy({ space, storage: fileStorage(`${at}/study.jsonl`) });
    const [first, second] = [await open(), await open()];
    await second.tell(await second.ask(), 1);
    await expect(first.ask()).rejects.toThrow("that this study left: something else writes to it");
    await expect(first.ask()).rejects.toThrow("something else writes to it");
    expect((await open()).history.length).toBe(1);
  });

  test("a torn last line is cut off, a whole one without its newline stays", async () => {
    const at = await folder();
    const file = `${at}/study.jsonl`;
    const open = () => openStudy({ space, storage: fileStorage(file) });
    const study = await open();
    await study.trials(3, { objective });
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, -1));
    expect((await open()).history).toEqual(study.history);
    expect(await readFile(file)).toEqual(whole);
    await writeFile(file, whole.subarray(0, -9));
    expect((await open()).history.map(({ state }) => state)).toEqual(["complete", "complete", "running"]);
    expect(whole.subarray(0, (await readFile(file)).length)).toEqual(await readFile(file));
    expect(await (await open()).trials(3, { objective })).toEqual(study.history);
  });

  test("that is none is left as it is", async () => {
    const at = await folder();
    await writeFile(`${at}/notes.txt`, "a shopping list\n");
    await expect(openStudy({ space, storage: fileStorage(`${at}/notes.txt`) })).rejects.toThrow(
      "notes.txt: line 1: is not the beginning of a study",
    );
    await writeFile(`${at}/notes.txt`, "a list without an end");
    await expect(openStudy({ space, storage: fileStorage(`${at}/notes.txt`) })).rejects.toThrow("line 1");
    expect(await readFile(`${at}/notes.txt`, "utf8")).toBe("a list without an end");
  });
});
