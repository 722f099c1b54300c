// Files that somebody made to do harm: nothing is called, nothing is made without end, and what is wrong is told.
import { zipSync } from "fflate";
import { DataError } from "simdgrad";
import { fromTorchOptimizer, readTorch, type TorchMap, type TorchTensor, torchStateDict } from "simdgrad/torch";
import { describe, expect, test } from "vitest";
import { TorchName, TorchObject } from "../../src/torch/values.ts";
import { bytesOf, golden, told } from "./files.ts";
import { legacy, type Part, pickle, storage, tensor, text, u32, whole } from "./pickles.ts";

const read = (...parts: readonly Part[]) => readTorch(legacy(pickle(...parts)));
const object = (value: unknown) => {
  expect(value).toBeInstanceOf(TorchObject);
  const { className, args, state, items, entries } = value as TorchObject;
  return { className, args, state, items, entries: entries && [...entries] };
};
const nothing = { state: undefined, items: undefined, entries: undefined };

describe("what would be called is told, not called", () => {
  test.each<[how: string, parts: readonly Part[], expected: object]>([
    ["REDUCE", ["cos\nsystem\n", text("id"), 0x85, "R."], { ...nothing, className: "os.system", args: ["id"] }],
    [
      "GLOBAL eval",
      ["c__builtin__\neval\n", text("1"), 0x85, "R."],
      { ...nothing, className: "builtins.eval", args: ["1"] },
    ],
    ["INST", ["(", text("id"), "ios\nsystem\n."], { ...nothing, className: "os.system", args: ["id"] }],
    ["OBJ", ["(cos\nsystem\n", text("id"), "o."], { ...nothing, className: "os.system", args: ["id"] }],
    ["NEWOBJ", ["cos\nPopen\n", text("id"), 0x85, 0x81, "."], { ...nothing, className: "os.Popen", args: ["id"] }],
    [
      "NEWOBJ_EX",
      ["cos\nPopen\n", text("id"), 0x85, "}", text("shell"), 0x88, "s", 0x92, "."],
      { ...nothing, className: "os.Popen", args: [["id"], new Map([["shell", true]])] },
    ],
    [
      "STACK_GLOBAL",
      [text("os"), text("system"), 0x93, text("id"), 0x85, "R."],
      { ...nothing, className: "os.system", args: ["id"] },
    ],
    [
      "a result that is called",
      ["c__builtin__\ngetattr\n", text("os"), text("system"), 0x86, "R", text("id"), 0x85, "R."],
      { ...nothing, className: "builtins.getattr()", args: ["id"] },
    ],
    [
      "BUILD",
      ["ca\nB\n)", 0x81, "}", text("__class__"), 0x88, "sb."],
      { ...nothing, className: "a.B", args: [], state: new Map([["__class__", true]]) },
    ],
    [
      "a list and a dictionary of a class of their own",
      ["ca\nB\n)", 0x81, "(K\x01K\x02e", text("__proto__"), "K\x03s."],
      { ...nothing, className: "a.B", args: [], items: [1, 2], entries: [["__proto__", 3]] },
    ],
    [
      "a class called as what objects inherit",
      ["cconstructor\nconstructor\n)R."],
      { ...nothing, className: "constructor.constructor", args: [] },
    ],
    [
      "known functions with other arguments",
      ["ccollections\nOrderedDict\nK\x01\x85R."],
      { ...nothing, className: "collections.OrderedDict", args: [1] },
    ],
  ])("%s", (_, parts, expected) => {
    expect(object(read(...parts))).toEqual(expected);
  });

  test("names alone, and those of dictionaries", () => {
    expect(read("cos\nsystem\n.")).toEqual(new TorchName("os.system"));
    const keys = read(
      "}",
      text("__proto__"),
      "}",
      text("polluted"),
      0x88,
      "ss",
      text("constructor"),
      "K\x01s.",
    ) as TorchMap;
    expect([...keys.keys()]).toEqual(["__proto__", "constructor"]);
    expect(({} as { readonly polluted?: boolean }).polluted).toBeUndefined();
  });

  test("attributes of dictionaries, lists and tensors are left out", () => {
    expect(read("}", text("a"), "K\x01s}", text("b"), "K\x02sb.")).toEqual(new Map([["a", 1]]));
    expect(read("]}b.")).toEqual([]);
    expect(() => read("K\x01}b.")).toThrow("torch: a number gets attributes before byte");
  });

  test("a state dictionary with the name __proto__ has a tensor of this name", () => {
    const file = legacy(pickle("}", text("__proto__"), ...tensor("0", 1, [1], [1]), "s."), [
      ["0", 1, new Uint8Array(4)],
    ]);
    const state = torchStateDict(file);
    expect(Object.keys(state)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(state)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(state, "__proto__")?.value).toEqual({
      data: Float32Array.of(0),
      shape: [1],
    });
  });
});

describe("what grows without end is refused, or costs nothing", () => {
  test("cycles", () => {
    const value = readTorch(bytesOf(golden.cyclic)) as TorchMap;
    const cycle = value.get("cycle") as readonly unknown[];
    expect(cycle[0]).toBe(cycle);
    const self = read("}q\x00", text("self"), "h\x00s.") as TorchMap;
    expect(self.get("self")).toBe(self);
    expect(() => torchStateDict(self)).toThrow(
      "torchStateDict: no weights in a dictionary of [self]: say where they are, by key",
    );
  });

  test("a module within itself", () => {
    const fixed = pickle(
      "ca\nB\n)",
      0x81,
      "q\x00}(",
      text("_parameters"),
      "}",
      text("_modules"),
      "}",
      text("x"),
      "h\x00sub.",
    );
    expect(() => torchStateDict(readTorch(legacy(fixed)))).toThrow(
      "torchStateDict: the modules in an object of a.B come to no end",
    );
  });

  test("modules that hold one module twice, and so on", () => {
    const level = (i: number) => [
      "ca\nB\n)",
      0x81,
      `}(`,
      text("_parameters"),
      "}",
      text("_modules"),
      ...(i === 0
        ? ["}"]
        : ["}(", text("x"), `h${String.fromCharCode(i - 1)}`, text("y"), `h${String.fromCharCode(i - 1)}`, "u"]),
      `ubq${String.fromCharCode(i)}0`,
    ];
    const levels = Array.from({ length: 60 }, (_, i) => level(i)).flat();
    expect(() => torchStateDict(read(...levels, "h\x3b."))).toThrow("come to no end");
  });

  test("a module that holds itself by many names, or whose parameters are many and none", () => {
    const fields = (...parts: readonly Part[]) => pickle("ca\nB\n)", 0x81, "q\x00}q\x01(", ...parts, "ub.");
    const names = Array.from({ length: 20_000 }, (_, i) => [...text(`${i}`), 0x68, 0]).flat();
    const many = fields(text("_parameters"), "}", text("_modules"), "}(", names, "u");
    expect(() => torchStateDict(readTorch(legacy(many)))).toThrow("come to no end");
    const long = fields(text("_parameters"), "}", text("_modules"), "}", text("x".repeat(250)), "h\x00s");
    expect(() => torchStateDict(readTorch(legacy(long)))).toThrow("come to no end");
  });

  test("groups of an optimizer that name one list again and again", () => {
    const keys = ["lr", "betas", "amsgrad"].map((key) => [...text(key), 0x4e]);
    const list = "K\x00".repeat(2000);
    const file = pickle(
      "}(",
      text("state"),
      "}",
      text("param_groups"),
      "(}(",
      ...keys,
      text("params"),
      `(${list}luq\x000`,
      "h\x00".repeat(2000),
      "lu.",
    );
    expect(() => fromTorchOptimizer("adam", readTorch(legacy(file)))).toThrow(
      "groups and parameters are more than 1048576",
    );
  });

  test("more lists, dictionaries and objects than any training has", () => {
    const begin = legacy(pickle("")).subarray(0, 38);
    for (const part of ["}", "(", "]"]) {
      const file = new Uint8Array(2 ** 22).fill(part.charCodeAt(0));
      file.set(begin);
      expect(() => readTorch(file)).toThrow("torch: more than 2097152 lists, dictionaries and objects");
    }
  });

  test("values that hold one value twice, and so on", () => {
    const doubled = Array.from({ length: 100 }, (_, i) => [
      `h${String.fromCharCode(i)}`,
      `h${String.fromCharCode(i)}`,
      0x86,
      `q${String.fromCharCode(i + 1)}0`,
    ]);
    expect(read("Nq\x000", ...doubled.flat(), "h\x64.")).toHaveLength(2);
  });

  test("lists within lists", () => {
    const depth = 200_000;
    const nested = readTorch(legacy(pickle("]".repeat(depth), "a".repeat(depth - 1), ".")));
    expect(nested).toHaveLength(1);
    expect(readTorch(legacy(pickle("N", "\x85".repeat(depth), ".")))).toHaveLength(1);
    expect(() => readTorch(legacy(pickle("(".repeat(depth), ".")))).toThrow("torch: the stack is empty");
  });

  test("nesting in the place of anything", () => {
    const deep = pickle("N", "\x85".repeat(100_000));
    for (const parts of [
      [...deep, ..."Q."],
      [..."ctorch\nSize\n", ...deep, ..."R."],
      [..."ctorch\ndevice\n", ...deep, ..."R."],
      [..."c_codecs\nencode\n", ...text("a"), ...deep, 0x86, ..."R."],
      [..."cnumpy.core.multiarray\nscalar\n", ...deep, ...text("a"), 0x86, ..."R."],
      [..."ctorch._utils\n_rebuild_tensor_v2\n", ...deep, ..."R."],
      [..."ctorch._utils\n_rebuild_parameter\n", ...deep, ..."R."],
    ]) {
      const bytes = Uint8Array.from(parts, (part) => (typeof part === "string" ? part.charCodeAt(0) : part));
      const attempt = () => void readTorch(legacy(bytes));
      try {
        attempt();
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }
  });

  test("one list that is copied again and again", () => {
    const pairs = "h\x01".repeat(60_000);
    const copies = "h\x00h\x02R0".repeat(60_000);
    for (const name of ["ccollections\nOrderedDict\n", "c__builtin__\nset\n", "ctorch\nSize\n"])
      expect(() => read(`${name}q\x000K\x01K\x02\x86q\x010(`, pairs, "l\x85q\x020", copies, "N.")).toThrow(
        "one thing is copied again and again",
      );
    // Also where its last item is none that fits.
    expect(() =>
      read("ccollections\nOrderedDict\nq\x000K\x01K\x02\x86q\x010(", pairs, "Nl\x85q\x020", copies, "N."),
    ).toThrow("one thing is copied again and again");
  });

  test("one storage that is a tensor again and again, or a tensor of one element that says it has many", () => {
    const one = [["0", 1, new Uint8Array(4)]] as const;
    const many = Array.from({ length: 40 }, () => [...tensor("0", 1, [1000, 1000], [0, 0]), "0"]).flat();
    expect(() => readTorch(legacy(pickle(...many, "N."), one))).toThrow(
      "makes far more elements of the file than it has bytes",
    );
    expect(() => readTorch(legacy(pickle(...tensor("0", 1, [100_000, 100_000], [0, 0]), "."), one))).toThrow(
      "torch: the tensor [100000, 100000] before byte",
    );
    expect((readTorch(legacy(pickle(...tensor("0", 1, [10, 10], [0, 0]), "."), one)) as TorchTensor).data).toHaveLength(
      100,
    );
  });

  test("places of the memo, lengths and numbers beyond the file", () => {
    expect(read("Nr", u32(0xffffffff), "0j", u32(0xffffffff), ".")).toBe(null);
    expect(() => read("h\x05.")).toThrow("torch: byte 40 recalls 5, which was not kept");
    for (const code of ["X", "B", "T", 0x8b]) expect(() => read(code, u32(0xffffffff), ".")).toThrow(DataError);
    for (const code of [0x8d, 0x8e, 0x95, 0x96])
      expect(() =>
        read(
          code,
          Array.from({ length: 8 }, () => 255),
          ".",
        ),
      ).toThrow(DataError);
    expect(() => read(0x8b, u32(5000), "\x01".repeat(5000), ".")).toThrow(
      "torch: a whole number of 5000 bytes before byte",
    );
    expect(() => read("L", "9".repeat(10_000), "L\n.")).toThrow("torch: no whole number before byte");
    expect(() => read("V", "x".repeat(100_000), ".")).toThrow("torch: the line at byte 39 has no end");
    expect(() => read("(((((.")).toThrow("the stack is empty");
    expect(() => read("t.")).toThrow("there is no mark");
    expect(read(0x8a, 0, ".")).toBe(0);
    expect(read(0x8b, u32(20), "\xff".repeat(20), ".")).toBe(-1);
    expect(read(0x8a, 8, "\x00".repeat(7), "\x80.")).toBe(-(2n ** 63n));
  });
});

describe("what is no pickle, or of another time, is refused in words", () => {
  test.each<[message: string, parts: readonly Part[]]>([
    ["byte 38 is 255, which is no instruction of a pickle", [255]],
    [
      "byte 38 is 130, which is no instruction of a pickle that stands for itself: it names a class by a number",
      [0x82, 1],
    ],
    ["byte 38 is 151, which is no instruction of a pickle that stands for itself: its bytes are elsewhere", [0x97]],
    ["a pickle of protocol 6; those up to 5 are known", [0x80, 6, "N."]],
    ["a number is appended to at byte", ["K\x01K\x02a."]],
    ["a list is added to at byte", ["](K\x02", 0x90, "."]],
    ["a key of a list is set at byte", ["]NNs."]],
    ["a key has no value before byte", ["}(Nu."]],
    ["None is called before byte", ["N)R."]],
    ["a dictionary stands for arguments before byte", ["ca\nb\n}R."]],
    ["nothing is called before byte", ["(o."]],
    ["the name before byte 41 is no text", ["NN\x93."]],
    ["the text at byte 40 is not UTF-8", [0x8c, 2, 0xc3, 0x28, "."]],
    ["no number before byte", ["F0x10\n."]],
    ["no whole number before byte", ["Iten\n."]],
    ["no text between quotes before byte", ["Sab\n."]],
    ["a text stands for a storage, before byte", ["P7\n."]],
    ["a number stands for a storage, before byte", ["K\x07Q."]],
    ["None stands for a storage, before byte", [")Q."]],
    ["None is no class of a storage, before byte", ["(", text("storage"), "NtQ."]],
    ["the reference to a storage before byte", ["(", text("storage"), "ctorch\nFloatStorage\ntQ."]],
    ["the reference to a storage before byte", ["(", text("storage"), "ctorch\nFloatStorage\nNNNtQ."]],
    ["storages of os.FloatStorage are not read", storage("0", 1, "os\nFloatStorage")],
    [
      "quantised numbers, QInt8Storage, are not read: dequantize() gives others",
      storage("0", 1, "torch\nQInt8Storage"),
    ],
    ["storages of torch.ComplexFloatStorage are not read", storage("0", 1, "torch\nComplexFloatStorage")],
    ["storage 0 is of float32 and of float64", [...storage("0", 1), ...storage("0", 1, "torch\nDoubleStorage"), "."]],
    ["storage 0 is not in the file", [...storage("0", 1), "."]],
    ["a tensor of None, which is no storage, before byte", ["ctorch._utils\n_rebuild_tensor_v2\n(N)))tR."]],
    [
      "no sizes or strides of a tensor, but a text, before byte",
      ["ctorch._utils\n_rebuild_tensor_v2\n(", ...storage("0", 1), "K\x00", text("a"), ")tR."],
    ],
    ["no sizes or strides of a tensor, but a list, before byte", tensor("0", 1, [-1], [1])],
    ["no sizes or strides of a tensor, but a list, before byte", tensor("0", 1, Array(65).fill(1), Array(65).fill(1))],
    ["a tensor of sizes, strides and an offset that do not fit", tensor("0", 1, [1], [])],
    ["a tensor of sizes, strides and an offset that do not fit", tensor("0", 1, [1], [1], -1)],
    [
      "a tensor of sizes, strides and an offset that do not fit",
      tensor("0", 1, [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1], [0, 0, 0]),
    ],
  ])("%s", (message, parts) => {
    const attempt = () => read(...parts);
    expect(attempt).toThrow(DataError);
    expect(attempt).toThrow(message);
  });

  test("views beyond their storage", () => {
    const view = (...args: Parameters<typeof tensor>) =>
      readTorch(legacy(pickle(...tensor(...args), "."), [["0", 4, new Uint8Array(16)]]));
    expect((view("0", 4, [2, 2], [1, 2]) as TorchTensor).shape).toEqual([2, 2]);
    expect((view("0", 4, [0], [1], 1000) as TorchTensor).data).toHaveLength(0);
    expect(() => view("0", 4, [5], [1])).toThrow("has its last element at 4 of storage 0, which has 4");
    expect(() => view("0", 4, [2], [4])).toThrow("has its last element at 4 of storage 0, which has 4");
    expect(() => view("0", 4, [1], [1], 4)).toThrow("has its last element at 4 of storage 0, which has 4");
    expect(() => view("0", 4, [2, 2], [2 ** 31 - 1, 2 ** 31 - 1])).toThrow("of storage 0, which has 4");
    const cut = () => readTorch(legacy(pickle(...tensor("0", 4, [4], [1]), "."), [["0", 5, new Uint8Array(16)]]));
    expect(cut).toThrow("torch: 20 bytes from byte");
    const huge = () =>
      readTorch(legacy(pickle(...tensor("0", 4, [4], [1]), "."), [["0", 0xffffffff, new Uint8Array(16)]]));
    expect(huge).toThrow("torch: 17179869180 bytes from byte");
    const other = () => readTorch(legacy(pickle("N."), [["1", 1, new Uint8Array(4)]]));
    expect(other).toThrow("torch: the file has a storage that nothing refers to");
  });

  test("sizes that change after their tensor was made do not change it", () => {
    const parts = [
      "ctorch._utils\n_rebuild_tensor_v2\n(",
      ...storage("0", 1),
      "K\x00(K\x01lq\x00(K\x01l",
      0x89,
      "}tR0h\x00K\x07a0h\x00.",
    ];
    expect(readTorch(legacy(pickle(...parts), [["0", 1, new Uint8Array(4)]]))).toEqual([1, 7]);
    const kept = parts.with(-1, 0x89).slice(0, -1);
    const value = readTorch(
      legacy(pickle(...kept, "}tRq\x010h\x00K\x07a0h\x01."), [["0", 1, new Uint8Array(4)]]),
    ) as TorchTensor;
    expect(value.shape).toEqual([1]);
  });

  test("storages that are part of others, as before 0.4", () => {
    const part = (offset: number, count: number) =>
      pickle(
        "ctorch._utils\n_rebuild_tensor_v2\n((",
        text("storage"),
        "ctorch\nFloatStorage\n",
        text("0"),
        text("cpu"),
        whole(4),
        "(",
        text("view"),
        whole(offset),
        whole(count),
        "ttQK\x00K\x02\x85K\x01\x85\x89}tR.",
      );
    const storages = [["0", 4, new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)]] as const;
    expect(told(readTorch(legacy(part(2, 2), storages)))).toMatchObject({ data: [3, 4] });
    expect(() => readTorch(legacy(part(3, 2), storages))).toThrow("does not hold what is referred to");
    expect(() => readTorch(legacy(part(-1, 2), storages))).toThrow("does not hold what is referred to");
    expect(() => readTorch(legacy(part(0, 1), storages))).toThrow("which has 1");
  });

  test("other files", () => {
    const refused = (bytes: Uint8Array) => expect(() => readTorch(bytes));
    const file = (...parts: readonly Part[]) => pickle(...parts);
    refused(new Uint8Array()).toThrow("torch: the file of 0 bytes begins neither as a ZIP file nor as a pickle");
    refused(file("<!DOCTYPE html>")).toThrow("begins neither as a ZIP file nor as a pickle");
    refused(file("\x00".repeat(257), "ustar\x0000")).toThrow("torch: a tar file, as PyTorch wrote before 0.2");
    refused(file("version https://git-lfs.github.com/spec/v1\n")).toThrow("torch: a pointer of Git LFS");
    refused(file(0x10, "\x00".repeat(7), '{"x":{}}')).toThrow("torch: a safetensors file: parseSafetensors()");
    refused(file("\x89HDF\r\n")).toThrow("torch: an HDF5 file");
    refused(file(0x80, 4, "N.")).toThrow("torch: a pickle that torch.save did not write");
    refused(legacy(pickle("N.")).with(16, 0)).toThrow("torch: the file is not of version 1001");
    refused(legacy(pickle("N."))).not.toThrow();
    refused(Uint8Array.from([...legacy(pickle("N.")).subarray(0, 19), ...pickle("N.")])).toThrow(
      "torch: None describes the machine",
    );
    const machine = pickle("}", text("little_endian"), 0x89, "s.");
    refused(Uint8Array.from([...legacy(pickle("N.")).subarray(0, 19), ...machine])).toThrow(
      "whose numbers begin with their highest byte",
    );
  });
});

describe("what other versions write", () => {
  const four = [["0", 4, new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)]] as const;
  const bytes = [["0", 4, Uint8Array.of(1, 2, 255, 255)]] as const;
  const view = ["K\x00K\x02\x85K\x01\x85", 0x89, "}"];

  test("tensors that say their dtype beside a storage of bytes", () => {
    const file = (dtype: string) =>
      legacy(
        pickle(
          "ctorch._utils\n_rebuild_tensor_v3\n(",
          ...storage("0", 4, "torch.storage\nUntypedStorage"),
          ...view,
          `c${dtype}\ntR.`,
        ),
        bytes,
      );
    expect(told(readTorch(file("torch\nuint16")))).toMatchObject({ tensor: "uint16", data: [513, 65535] });
    expect(told(readTorch(file("torch\nuint8")))).toMatchObject({ tensor: "uint8", data: [1, 2] });
    expect(() => readTorch(file("torch\nfloat8_e4m3fn"))).toThrow(
      "tensors of float8_e4m3fn are not read; those of float32,",
    );
    expect(() => readTorch(file("torch\nint64"))).toThrow("has its last element at 1 of storage 0, which has 0");
  });

  test("tensors and parameters with attributes, of classes of their own, and without a version", () => {
    const tensor = ["(", ...storage("0", 4), ...view, "t"];
    const expected = { tensor: "float32", shape: [2], data: [1, 2] };
    const typed = pickle(
      "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nca\nT\n",
      ...tensor,
      "}tR}b.",
    );
    expect(told(readTorch(legacy(typed, four)))).toEqual({ ...expected, requiresGrad: false });
    const own = pickle(
      "ctorch._utils\n_rebuild_parameter_with_state\n(ctorch._utils\n_rebuild_tensor_v2\n",
      ...tensor,
      "R\x88}}tR.",
    );
    expect(told(readTorch(legacy(own, four)))).toEqual({ ...expected, requiresGrad: true });
    const old = pickle(
      "ctorch._utils\n_rebuild_tensor\n(",
      ...storage("0", 4, "torch.cuda\nFloatStorage"),
      "K\x02K\x02\x85K\x01\x85tR.",
    );
    expect(told(readTorch(legacy(old, four)))).toEqual({ ...expected, data: [3, 4], requiresGrad: false });
    // By what is no function that makes tensors: as it is told.
    const other = pickle("ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\nca\nT\n)}tR.");
    expect(object(readTorch(legacy(other))).className).toBe("torch._tensor._rebuild_from_type_v2");
  });

  test("objects and texts of Python 2", () => {
    const made = read("ccopy_reg\n_reconstructor\n(ca\nB\nc__builtin__\nobject\nNtR}", text("x"), "K\x01sb.");
    expect(object(made)).toEqual({ ...nothing, className: "a.B", args: [], state: new Map([["x", 1]]) });
    expect(read("(S'it\\'s \\x41\\n'\nS\"a\"\nU\x02\xe9!T", u32(1), "zVna\\u00efve\\U0001f600 \xe9\nl.")).toEqual([
      "it's A\n",
      "a",
      "é!",
      "z",
      "naïve😀 é",
    ]);
    expect(read("(I01\nI00\nI-5\nL12L\nL-99999999999999999999L\nF1e3\nFinf\nF-inf\nFnan\nl.")).toEqual([
      ...[true, false, -5, 12, -99999999999999999999n, 1000, Infinity, -Infinity, Number.NaN],
    ]);
    expect(read("K\x01p7\n0(K\x02K\x031g7\n.")).toBe(1);
    expect(read("(K\x020K\x03l.")).toEqual([3]);
    expect(read("(", text("a"), "K\x01d.")).toEqual(new Map([["a", 1]]));
  });
});

describe("ZIP files", () => {
  const zipped = (files: Readonly<Record<string, Uint8Array>>, level: 0 | 9 = 0) =>
    Uint8Array.from(zipSync(files, { level }));
  const value = pickle(0x80, 2, ...tensor("0", 4, [4], [1]), ".");
  const four = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

  test("hold a pickle and storages", () => {
    const file = zipped({ "a/data.pkl": value, "a/data/0": four });
    expect(told(readTorch(file))).toMatchObject({ data: [1, 2, 3, 4] });
    expect(() => readTorch(zipped({ "a/data.pkl": value }))).toThrow(
      "torch: data.pkl: there is no file data/0 for a storage",
    );
    expect(() => readTorch(zipped({ "a/data.pkl": value, "a/data/0": four.subarray(1) }))).toThrow(
      "torch: data.pkl: storage 0 of 4 elements of float32 has 15 bytes",
    );
    expect(() => readTorch(zipped({ "a/data/0": four }))).toThrow("torch: the ZIP file holds no data.pkl");
    expect(() => readTorch(zipped({ "a/data.pkl": value, "a/data/0": four, "a/byteorder": pickle("big") }))).toThrow(
      "whose numbers begin with their highest byte",
    );
  });

  /** Another size in all headers that say this one. */
  const resized = (file: Uint8Array<ArrayBuffer>, from: number, to: number) => {
    const view = new DataView(file.buffer);
    for (let at = 0; at + 46 < file.length; at++) {
      const place = { 67324752: at + 22, 33639248: at + 24 }[view.getUint32(at, true)] ?? 0;
      if (place > 0 && view.getUint32(place, true) === from) view.setUint32(place, to, true);
    }
    return file;
  };

  test("that inflate to far more than they are, are refused before", () => {
    const large = 2 ** 26 + 2 ** 21;
    const bomb = zipped({ "a/data.pkl": value, "a/data/0": new Uint8Array(large) }, 9);
    expect(bomb.length).toBeLessThan(2 ** 17);
    expect(() => readTorch(bomb)).toThrow(/^torch: the files of the ZIP file are more than \d+ bytes/);
    expect(() => readTorch(resized(bomb, large, 16))).toThrow("torch: a/data/0 is damaged: more than 16 bytes");
    const liar = zipped({ "a/data.pkl": value, "a/data/0": new Uint8Array(5000) }, 9);
    expect(() => readTorch(resized(liar, 5000, 2 ** 25))).toThrow(
      /torch: a\/data\/0 is damaged: no \d+ bytes become 33554432/,
    );
    // What nothing refers to is left as it is.
    const unread = zipped({ "a/data.pkl": pickle("N."), "a/data/0": new Uint8Array(5000) }, 9);
    expect(readTorch(resized(unread, 5000, large))).toBe(null);
  });
});

test.each(Object.entries(golden.refused))("%s is refused in words", (_, bytes) => {
  const attempt = () => readTorch(bytesOf(bytes));
  expect(attempt).toThrow(DataError);
  expect(attempt).toThrow(/^torch: .*(sparse|quantised|Complex|no i32|meta|torch\.jit\.save|highest byte)/);
});
