// The guides of the site in their order: documents of the repository, and where each is. The API follows them.

/** A document by its path in the repository, its route on the site, and its name in the sidebar, where its title is too long for that. */
export interface Page {
  readonly file: string;
  readonly route: string;
  readonly label?: string;
}

export interface Group {
  readonly label: string;
  readonly pages: readonly Page[];
}

/** A document of `docs/`, which is found under its own name. */
function guide(name: string, label?: string): Page {
  return { file: `docs/${name}.md`, route: name, label };
}

export const groups: readonly Group[] = [
  {
    label: "Start",
    pages: [
      { file: "README.md", route: "", label: "Overview" },
      guide("first-page"),
      guide("worker", "A page with a worker"),
      guide("csv-classifier"),
      guide("questions"),
      guide("glossary"),
    ],
  },
  {
    label: "Training",
    pages: [
      guide("training"),
      guide("layers"),
      guide("losses"),
      guide("optimizers"),
      guide("schedules"),
      guide("metrics"),
      guide("checkpoints"),
      guide("fine-tuning"),
      guide("generate"),
      guide("tuning"),
      guide("scripts"),
    ],
  },
  {
    label: "Data",
    pages: [
      guide("data"),
      guide("tabular", "Tables"),
      guide("images"),
      guide("audio"),
      guide("text"),
      guide("command-line"),
    ],
  },
  { label: "Below the trainer", pages: [guide("compile"), guide("ops"), guide("recipes")] },
  {
    label: "Models in and out",
    pages: [guide("torch", "PyTorch"), guide("onnx", "ONNX"), guide("keras", "Keras, TensorFlow.js")],
  },
  { label: "Deployment", pages: [guide("inference"), guide("one-file"), guide("isolation")] },
  {
    label: "Performance",
    pages: [guide("numbers"), { file: "bench/README.md", route: "benchmarks", label: "Benchmarks" }],
  },
  { label: "When it goes wrong", pages: [guide("errors"), guide("debug"), guide("insight")] },
  {
    label: "Coming from",
    pages: [
      guide("from-pytorch", "PyTorch"),
      guide("from-keras", "Keras"),
      guide("from-tensorflow", "TensorFlow.js"),
      guide("from-theano", "Theano"),
    ],
  },
  {
    label: "How it works inside",
    pages: [
      { file: "src/compile/README.md", route: "inside/compiler" },
      { file: "assembly/README.md", route: "inside/kernels" },
      { file: "src/worker/README.md", route: "inside/workers" },
      { file: "src/runtime/wasm/jit/README.md", route: "inside/jit" },
      { file: "src/onnx/README.md", route: "inside/onnx" },
      { file: "CONTRIBUTING.md", route: "inside/contributing" },
    ],
  },
];

export const pages: readonly Page[] = groups.flatMap((group) => group.pages);
