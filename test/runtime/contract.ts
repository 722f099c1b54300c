// What every executor keeps to, written against the Executor interface and hand-made programs alone. No Node built-ins: it runs in
// browsers, too.
import { describe, expect, it } from "vitest";
import * as code from "../../assembly/isa/map-code.ts";
import * as op from "../../assembly/isa/opcode.ts";
import { ALIGN, PANEL } from "../../assembly/isa/sizes.ts";
import { ArgumentError, DisposedError, MemoryError, ProgramError } from "../../src/errors.ts";
import type { Executor, PlanEntry, Slot } from "../../src/runtime/executor.ts";
import { matmulSlots, packSlots } from "../product.ts";
import { numbers } from "../random.ts";
import { affine, counter, cumulative, nested, runAffine, turns, untilSteps } from "./contract-programs.ts";
import { runsContract } from "./contract-runs.ts";
import { a, Encoder, full, mapWords, o, one, r, row } from "./encode.ts";

/** Makes an executor; with poison where asked. */
export type Create = (options: { readonly poison: boolean }) => Executor | Promise<Executor>;

export function executorContract(name: string, create: Create): void {
  describe(name, () => {
    /** Runs the test with an executor with and without poison, and disposes of it. */
    function test(sentence: string, body: (executor: Executor) => Promise<void>): void {
      for (const poison of [false, true]) {
        it(poison ? `${sentence} (poisoned)` : sentence, async () => {
          const executor = await create({ poison });
          try {
            await body(executor);
          } finally {
            await executor.dispose();
          }
        });
      }
    }

    describe("programs", () => {
      test("compute outputs from inputs", async (executor) => {
        const id = await executor.load(affine(5));
        await runAffine(executor, id, [1, -2, 0.5, 0, 1024]);
        await runAffine(executor, id, [5, 4, 3, 2, 1]);
        expect([...(await executor.read({ program: id, name: "x" }))]).toEqual([5, 4, 3, 2, 1]);
      });

      test("have teams, told in the order of their loads", async (executor) => {
        const ids = [await executor.load(affine(3)), await executor.load(affine(4)), await executor.load(affine(5))];
        await runAffine(executor, ids[1], [1, 2, 3, 4]);
        await executor.unload(ids[0]);
        const teams = await executor.teams();
        expect(teams.map(({ program }) => program)).toEqual(ids.slice(1));
        for (const { threads, compared } of teams) {
          expect([threads >= 1, threads <= executor.info.threads]).toEqual([true, true]);
          expect(compared).toEqual({});
        }
      });

      test("are loaded and unloaded in any order, each with its own slots", async (executor) => {
        const sizes = [3, 100, 17, 1, 64];
        const ids: number[] = [];
        for (const size of sizes) ids.push(await executor.load(affine(size)));
        expect(new Set(ids).size).toBe(sizes.length);
        const data = (size: number) => Array.from({ length: size }, (_, i) => i - size / 2);
        for (const [i, size] of sizes.entries()) await runAffine(executor, ids[i], data(size));
        await executor.unload(ids[1]);
        await executor.unload(ids[3]);
        const again = await executor.load(affine(40));
        await runAffine(executor, again, data(40));
        for (const i of [4, 0, 2]) {
          expect([...(await executor.read({ program: ids[i], name: "x" }))]).toEqual(data(sizes[i]));
          await runAffine(executor, ids[i], data(sizes[i]));
          await executor.unload(ids[i]);
        }
        await runAffine(executor, again, data(40));
      });

      test("do not touch one another's memory, whatever came and went before", async (executor) => {
        const random = numbers(7);
        const loaded = new Map<number, number[]>();
        for (let round = 0; round < 60; round++) {
          if (loaded.size > 0 && random() < 0.45) {
            const id = [...loaded.keys()][Math.floor(random() * loaded.size)];
            await executor.unload(id);
            loaded.delete(id);
          } else {
            const x = Array.from({ length: 1 + Math.floor(random() * 400) }, () => Math.floor(random() * 1000));
            const id = await executor.load(affine(x.length, Math.floor(random() * 2000)));
            await executor.write({ program: id, name: "x" }, x);
            loaded.set(id, x);
            await executor.run([[id, 1]]).done;
          }
          for (const [id, x] of loaded) {
            expect([...(await executor.read({ program: id, name: "x" }))]).toEqual(x);
            expect([...(await executor.read({ program: id, name: "y" }))]).toEqual(x.map((value) => 2 * value + 1));
          }
        }
        for (const [id, x] of loaded) await runAffine(executor, id, x);
      });

      test("whose code names memory of no variable are refused", async (executor) => {
        const e = new Encoder();
        const y = e.output("y", [1]);
        e.map({ n: 1, operands: [full(ALIGN)], outputs: [y], steps: [[code.COPY_BITS, o(0), a(0)]] });
        await expect(executor.load(e.program())).rejects.toThrow(ProgramError);
      });

      test("of another version are refused, and change nothing", async (executor) => {
        const kept = await executor.load(affine(5));
        const old = { ...affine(5), version: 1 };
        const refused = executor.load(old);
        await expect(refused).rejects.toThrow(ProgramError);
        await expect(refused).rejects.toThrow("is of version 1; version 2 runs here: compile it anew");
        await runAffine(executor, kept, [1, -2, 0.5, 0, 1024]);
      });

      test("run as they were when they were loaded, whatever becomes of the caller's object", async (executor) => {
        for (const program of [affine(5), structuredClone(affine(5))]) {
          const id = await executor.load(program);
          program.code.fill(-1);
          structuredClone(program.code, { transfer: [program.code.buffer] });
          await executor.load(affine(5000)); // its arena moves all that is loaded
          await runAffine(executor, id, [1, -2, 0.5, 0, 1024]);
        }
      });

      test("of unknown instructions are refused", async (executor) => {
        for (const header of [op.OPCODES | (1 << 8), op.BARRIER]) {
          const program = { ...new Encoder().program(), code: Int32Array.of(header, op.END | (1 << 8)) };
          await expect(executor.load(program)).rejects.toThrow(ProgramError);
        }
      });

      test("that are refused leave none of their variables", async (executor) => {
        const e = new Encoder();
        e.variable("refused", [7]);
        const program = { ...e.program(), code: Int32Array.of(op.OPCODES | (1 << 8)) };
        await expect(executor.load(program)).rejects.toThrow(ProgramError);
        await expect(executor.read({ variable: "refused" })).rejects.toThrow(ArgumentError);
      });

      test("whose instructions go on beyond their code are refused", async (executor) => {
        const loop = [op.LOOP | (4 << 8), 3, 9, 0];
        for (const words of [[op.BARRIER | (2 << 8)], [...loop, op.END | (1 << 8)]]) {
          const program = { ...new Encoder().program(), code: Int32Array.from(words) };
          await expect(executor.load(program)).rejects.toThrow(ProgramError);
        }
      });

      test("that need a variable are refused where it is not, and begin none", async (executor) => {
        const program = { ...counter("n"), needs: ["n"] };
        await expect(executor.load(program)).rejects.toThrow(ArgumentError);
        await expect(executor.load(program)).rejects.toThrow("variable n has no value on this executor");
        await expect(executor.read({ variable: "n" })).rejects.toThrow(ArgumentError);
        const first = await executor.load(counter("n"));
        await executor.run([[first, 3]]).done;
        await executor.run([[await executor.load(program), 1]]).done;
        expect([...(await executor.read({ variable: "n" }))]).toEqual([4]);
      });

      test("begin with inputs of zero", async (executor) => {
        const first = await executor.load(affine(50));
        await runAffine(executor, first, new Array(50).fill(7));
        await executor.unload(first);
        const second = await executor.load(affine(50));
        expect([...(await executor.read({ program: second, name: "x" }))]).toEqual(new Array(50).fill(0));
      });

      test("stay right when a larger arena moves and memory grows", async (executor) => {
        const ids: number[] = [];
        const sizes = [10, 5000, 20, 300_000];
        for (const [i, size] of sizes.entries()) {
          ids.push(await executor.load(affine(size, i * 1000)));
          for (const [j, id] of ids.entries())
            await runAffine(
              executor,
              id,
              Array.from({ length: sizes[j] }, (_, k) => k % 100),
            );
        }
        await executor.unload(ids[3]);
        ids[3] = await executor.load(affine(1000));
        sizes[3] = 1000;
        for (const [j, id] of ids.entries()) await runAffine(executor, id, new Array(sizes[j]).fill(j));
      });

      test("of more than an executor can address are refused, with the largest buffers' names", async (executor) => {
        const small = await executor.load(affine(4));
        const e = new Encoder();
        for (let i = 0; i < 6; i++) e.variable(`giant ${i}`, [2 ** 28 - 16 * i]);
        const refused = executor.load(e.program());
        await expect(refused).rejects.toThrow(MemoryError);
        await expect(refused).rejects.toThrow(
          /6\.\d\d GiB .*Largest: giant 0 \[268435456\] \(1\.00 GiB\), giant 1 .*, giant 2 [^,]*$/,
        );
        await expect(executor.read({ variable: "giant 0" })).rejects.toThrow(ArgumentError);
        await runAffine(executor, small, [1, 2, 3, 4]);
      });
    });

    describe("variables", () => {
      test("start at zero and are shared by all programs that name their key", async (executor) => {
        const up = await executor.load(counter("n"));
        expect([...(await executor.read({ variable: "n" }))]).toEqual([0]);
        const down = await executor.load(counter("n", -10));
        const other = await executor.load(counter("m"));
        await executor.run([
          [up, 3],
          [down, 1],
          [other, 2],
        ]).done;
        expect([...(await executor.read({ variable: "n" }))]).toEqual([-7]);
        expect([...(await executor.read({ variable: "m" }))]).toEqual([2]);
      });

      test("are told apart within a program, and by parts", async (executor) => {
        const before = await executor.load(counter("second"));
        const e = new Encoder();
        const [first, second, third] = ["first", "second", "third"].map((key) =>
          key === "second" ? e.variable(key, [], "i32") : e.variable(key, [20]),
        );
        const y = e.output("y", [19]);
        const one1 = e.constant(Int32Array.of(1));
        e.map({ n: 19, operands: [full(first + 1), full(third)], outputs: [y], steps: [[code.SUB, o(0), a(0), a(1)]] });
        e.map({
          n: 1,
          operands: [full(second), one(one1)],
          outputs: [second],
          steps: [[code.SUB_I, o(0), a(0), a(1)]],
        });
        const id = await executor.load(e.program());
        const rising = Array.from({ length: 20 }, (_, i) => i * i);
        await executor.write({ variable: "first" }, rising);
        await executor.write({ variable: "third" }, rising);
        await executor.run([
          [before, 5],
          [id, 2],
        ]).done;
        expect([...(await executor.read({ program: id, name: "y" }))]).toEqual(
          Array.from({ length: 19 }, (_, i) => 2 * i + 1),
        );
        expect([...(await executor.read({ variable: "second" }))]).toEqual([3]);
        expect([...(await executor.read({ variable: "third" }))]).toEqual(rising);
      });

      test("keep their values when programs come and go", async (executor) => {
        const first = await executor.load(counter("n"));
        await executor.write({ variable: "n" }, [41]);
        await executor.run([[first, 1]]).done;
        await executor.unload(first);
        expect([...(await executor.read({ variable: "n" }))]).toEqual([42]);
        await executor.load(affine(200_000));
        const second = await executor.load(counter("n"));
        await executor.run([[second, 1]]).done;
        expect([...(await executor.read({ variable: "n" }))]).toEqual([43]);
      });

      test("are forgotten only when no loaded program names them", async (executor) => {
        const id = await executor.load(counter("n"));
        await executor.run([[id, 5]]).done;
        await expect(executor.forget("n")).rejects.toThrow(ArgumentError);
        await executor.unload(id);
        await executor.forget("n");
        await expect(executor.read({ variable: "n" })).rejects.toThrow(ArgumentError);
        const again = await executor.load(counter("n"));
        await executor.run([[again, 1]]).done;
        expect([...(await executor.read({ variable: "n" }))]).toEqual([1]);
      });

      test("must have one shape and dtype", async (executor) => {
        await executor.load(counter("n"));
        const e = new Encoder();
        e.variable("fresh", [3]);
        e.variable("n", [2]);
        const other = e.program();
        await expect(executor.load(other)).rejects.toThrow(ProgramError);
        await expect(executor.load(other)).rejects.toThrow("n is f32 [2]");
        await expect(executor.read({ variable: "fresh" })).rejects.toThrow(ArgumentError);
      });
    });

    describe("slots", () => {
      test("take and give the elements of their dtype", async (executor) => {
        const e = new Encoder();
        const variables = [e.variable("f", [3]), e.variable("i", [3], "i32"), e.variable("b", [5], "u8")];
        expect(variables).toHaveLength(3);
        await executor.load(e.program());
        await executor.write({ variable: "f" }, Float64Array.of(0.5, Number.NaN, -1e30));
        await executor.write({ variable: "i" }, Int32Array.of(-(2 ** 31), 2 ** 31 - 1, -1));
        await executor.write({ variable: "b" }, [0, 255, 3, 4, 5]);
        const [f, i, b] = [
          await executor.read({ variable: "f" }),
          await executor.read({ variable: "i" }),
          await executor.read({ variable: "b" }),
        ];
        const oracle = executor.info.name === "js-float64";
        expect(f).toEqual(
          oracle ? Float64Array.of(0.5, Number.NaN, -1e30) : Float32Array.of(0.5, Number.NaN, Math.fround(-1e30)),
        );
        expect(i).toEqual(Int32Array.of(-(2 ** 31), 2 ** 31 - 1, -1));
        expect(b).toEqual(Uint8Array.of(0, 255, 3, 4, 5));
        await executor.write({ variable: "b" }, [9, 8, 7, 6, 5]);
        expect(b[0]).toBe(0);
      });

      test("refuse what does not fit", async (executor) => {
        const id = await executor.load(affine(6));
        await executor.load(counter("n"));
        const x = { program: id, name: "x" };
        const refusals: [Promise<unknown>, string][] = [
          [executor.write(x, [1, 2]), "write: x [6] has 6 elements, got 2"],
          [executor.write({ variable: "n" }, [1.5]), "variable n is i32, but element 0 is 1.5"],
          [executor.write({ variable: "n" }, [2 ** 31]), "element 0 is 2147483648"],
          [executor.write({ program: id, name: "y" }, new Array(6).fill(0)), "no input y"],
          [executor.write({ program: id, name: "w" }, [1]), "no input w"],
          [executor.read({ program: id, name: "w" }), "no slot w"],
          [executor.read({ variable: "w" }), "variable w"],
        ];
        for (const [refused, message] of refusals) {
          await expect(refused).rejects.toThrow(ArgumentError);
          await expect(refused).rejects.toThrow(message);
        }
      });

      test("go by slots and options as they are at the call", async (executor) => {
        const e = new Encoder();
        for (const key of ["p", "q"]) e.variable(key, [1]);
        // Begun while the programs are on their way, too.
        const loading = executor.load(e.program());
        const counting = executor.load(counter("counted"));
        for (const waits of [true, false]) {
          const slot = { variable: "p" };
          const first = executor.write(slot, [5]);
          slot.variable = "q";
          const second = executor.write(slot, [7]);
          const reading = executor.readAll([slot]);
          slot.variable = "p";
          if (waits) await loading;
          await Promise.all([first, second]);
          expect([...(await reading)[0]]).toEqual([7]);
          expect([...(await executor.read(slot))]).toEqual([5]);
          const options = { repeat: 50 };
          const run = executor.run([[await counting, 1]], options);
          options.repeat = 1;
          expect(await run.done).toEqual({ steps: 50, stopped: false });
        }
      });

      test("take what an array holds at the call, whatever becomes of it", async (executor) => {
        const e = new Encoder();
        for (const [key, dtype] of [
          ["f", "f32"],
          ["i", "i32"],
          ["b", "u8"],
        ] as const)
          e.variable(key, [3], dtype);
        // Written while the program is on its way, too.
        const loading = executor.load(e.program());
        for (const waits of [true, false]) {
          const given = { f: new Float32Array(3), i: new Int32Array(3), b: new Uint8Array(3), list: [0, 0, 0] };
          for (const array of Object.values(given)) array.fill(7);
          const slots = ["f", "i", "b"].map((variable) => ({ variable }));
          const writes = [
            executor.write(slots[0], given.f),
            executor.writeAll([
              { slot: slots[1], data: given.i },
              { slot: slots[2], data: given.b },
            ]),
          ];
          for (const array of Object.values(given)) array.fill(9);
          if (waits) await loading;
          await Promise.all(writes);
          expect((await executor.readAll(slots)).map((values) => [...values])).toEqual(slots.map(() => [7, 7, 7]));
          const listed = executor.write(slots[0], given.list);
          given.list.fill(8);
          await listed;
          expect([...(await executor.read(slots[0]))]).toEqual([9, 9, 9]);
        }
      });

      test("are written all or not at all", async (executor) => {
        const id = await executor.load(affine(2));
        await executor.load(counter("n"));
        const x = { program: id, name: "x" };
        const n = { variable: "n" };
        await executor.writeAll([
          { slot: x, data: [1, 2] },
          { slot: n, data: [3] },
        ]);
        const refused = [
          { slot: n, data: [0.5] },
          { slot: n, data: [1, 2] },
          { slot: { variable: "unknown" }, data: [1] },
          { slot: { program: id, name: "y" }, data: [1, 2] },
        ];
        for (const write of refused)
          await expect(executor.writeAll([{ slot: x, data: [8, 9] }, { slot: n, data: [7] }, write])).rejects.toThrow(
            ArgumentError,
          );
        expect((await executor.readAll([n, x])).map((values) => [...values])).toEqual([[3], [1, 2]]);
        expect(await executor.readAll([])).toEqual([]);
        await executor.writeAll([]);
        await expect(executor.readAll([n, { variable: "unknown" }])).rejects.toThrow(ArgumentError);
      });

      test("come with the end of a run that asks for them, as its last step left them", async (executor) => {
        const counting = await executor.load(counter("n"));
        const n = { variable: "n" };
        const read = [n];
        const first = executor.run([[counting, 3]], { read });
        read.length = 0;
        const second = executor.run([[counting, 1]], { repeat: Number.POSITIVE_INFINITY, read: [n] });
        const { steps, values = [] } = await first.done;
        expect(steps).toBe(3);
        expect(values).toHaveLength(1);
        expect(values[0][0]).toBeGreaterThanOrEqual(3);
        expect(await second.stop()).not.toHaveProperty("values");
        await executor.write(n, [5]);
        const all = [n, n];
        expect((await executor.run([[counting, 2]], { read: all }).done).values?.map(([value]) => value)).toEqual([
          7, 7,
        ]);
        expect((await executor.run([], { read: [n] }).done).values?.map(([value]) => value)).toEqual([7]);
        const unknown = executor.run([[counting, 1]], { read: [{ variable: "unknown" }] });
        await expect(unknown.done).rejects.toThrow(ArgumentError);
      });

      test("hold bytes, in loops and constants as well", async (executor) => {
        const e = new Encoder();
        const x = e.input("x", [3, 4], "u8");
        const table = e.constant(Uint8Array.of(10, 20, 30, 40, 50, 60));
        const rows = e.constant(Int32Array.of(1, 2, 0, 9));
        const picked = e.output("picked", [4, 2], "u8");
        const y = e.output("y", [3, 4], "i32");
        e.put(op.GATHER, picked, table, rows, 4, 2, 3, 1);
        e.loop(3, 0, () => {
          e.index([5, 0, 1], [9, 0, 4]);
          e.map({
            n: 4,
            operands: [{ ...full(x), byte: true }],
            outputs: [y],
            steps: [[code.ADD_I, o(0), a(0), a(0)]],
          });
        });
        const id = await executor.load(e.program());
        await executor.write(
          { program: id, name: "x" },
          Array.from({ length: 12 }, (_, i) => 20 * i),
        );
        await executor.run([[id, 1]]).done;
        expect(await executor.read({ program: id, name: "picked" })).toEqual(
          Uint8Array.of(30, 40, 50, 60, 10, 20, 0, 0),
        );
        expect([...(await executor.read({ program: id, name: "y" }))]).toEqual(
          Array.from({ length: 12 }, (_, i) => 40 * i),
        );
      });
    });

    test("matrix products read A and B through what is packed of them or not, and end in their epilogue", async (executor) => {
      const [batch, m, n, k] = [2, 7, 13, 9];
      for (const transposed of [0, 1, 2, 3]) {
        const e = new Encoder();
        const x = e.input("x", [batch, m * k]);
        const w = e.input("w", [k * n]);
        const bias = e.input("bias", [n]);
        const y = e.output("y", [batch, m, n]);
        const panels = e.arena(k * Math.ceil(n / PANEL) * PANEL);
        const strips = transposed & 1 ? e.arena(batch * k * Math.ceil(m / PANEL) * PANEL) : 0;
        e.put(op.PACK, ...packSlots({ to: panels, from: w, k, n, transposed: transposed >> 1 }));
        if (strips !== 0) e.put(op.PACK, ...packSlots({ to: strips, from: x, batch, k, n: m, across: n }));
        e.barrier();
        const epilogue = mapWords({
          n: batch * m * n,
          columns: n,
          operands: [full(y), row(bias)],
          outputs: [y],
          steps: [
            [code.ADD, r(0), a(0), a(1)],
            [code.RELU, o(0), r(0)],
          ],
        });
        const product = { c: y, a: x, b: w, panels, strips, batch, m, n, k, transposed, strides: [m * k, 0, m * n] };
        e.put(op.MATMUL, ...matmulSlots({ ...product, map: epilogue }));
        const id = await executor.load(e.program());
        const random = numbers(transposed);
        const data = (size: number) => Array.from({ length: size }, () => Math.floor(random() * 17) - 8);
        const [xs, ws, biases] = [data(batch * m * k), data(k * n), data(n)];
        await executor.write({ program: id, name: "x" }, xs);
        await executor.write({ program: id, name: "w" }, ws);
        await executor.write({ program: id, name: "bias" }, biases);
        await executor.run([[id, 1]]).done;
        const expected = Array.from({ length: batch * m * n }, (_, at) => {
          const [b, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
          let sum = biases[j];
          for (let p = 0; p < k; p++)
            sum +=
              xs[b * m * k + (transposed & 1 ? p * m + i : i * k + p)] * ws[transposed & 2 ? j * k + p : p * n + j];
          return Math.max(sum, 0);
        });
        expect([...(await executor.read({ program: id, name: "y" }))]).toEqual(expected);
        await executor.unload(id);
      }
    });

    test("matrix products find matrices in the parts of others, and write to parts", async (executor) => {
      // Attention without its softmax: queries, keys and values of each head lie side by side in a row.
      for (const [batch, heads, rows, width] of [
        [2, 3, 5, 4],
        [1, 2, 40, 16],
      ]) {
        const [all, own] = [3 * heads * width, heads * width];
        const e = new Encoder();
        const x = e.input("x", [batch, rows, all]);
        const y = e.output("y", [batch, rows, own]);
        const scores = e.arena(batch * heads * rows * rows);
        const panels = e.arena(batch * heads * rows * Math.ceil(width / PANEL) * PANEL);
        const [queries, keys, values] = [x, x + own, x + 2 * own];
        const squares = heads * rows * rows;
        const found = { row: all, stride: rows * all, head: width };
        e.put(op.PACK, ...packSlots({ to: panels, from: values, batch, heads, k: rows, n: width, ...found }));
        const [m, n] = [rows, rows];
        const first = { c: scores, a: queries, b: keys, batch, heads, m, n, k: width, transposed: 2 };
        const strides = [rows * all, rows * all, squares];
        e.put(op.MATMUL, ...matmulSlots({ ...first, rows: [all, all, n], strides, byHead: [width, width, n * n] }));
        e.barrier();
        const second = { c: y, a: scores, b: values, panels, batch, heads, m, n: width, k: rows };
        const byHead = [rows * rows, width, width];
        const between = { rows: [rows, all, own], strides: [squares, rows * all, rows * own], byHead };
        e.put(op.MATMUL, ...matmulSlots({ ...second, ...between }));
        const id = await executor.load(e.program());
        const random = numbers(rows);
        const data = Array.from({ length: batch * rows * all }, () => Math.floor(random() * 9) - 4);
        await executor.write({ program: id, name: "x" }, data);
        await executor.run([[id, 1]]).done;
        const of = (part: number, b: number, h: number, i: number, p: number) =>
          data[(b * rows + i) * all + part * own + h * width + p];
        const expected = Array.from({ length: batch * rows * own }, (_, at) => {
          const [b, i, h, p] = [
            Math.floor(at / own / rows),
            Math.floor(at / own) % rows,
            Math.floor(at / width) % heads,
            at % width,
          ];
          let sum = 0;
          for (let j = 0; j < rows; j++)
            for (let q = 0; q < width; q++) sum += of(0, b, h, i, q) * of(1, b, h, j, q) * of(2, b, h, j, p);
          return sum;
        });
        expect([...(await executor.read({ program: id, name: "y" }))]).toEqual(expected);
        await executor.unload(id);
      }
    });

    describe("loops", () => {
      test("move the addresses of their instructions, forwards and backwards", async (executor) => {
        const id = await executor.load(cumulative(5));
        await executor.write({ program: id, name: "x" }, [1, 10, 2, 20, 3, 30, 4, 40, 5, 50]);
        await executor.run([[id, 2]]).done;
        expect([...(await executor.read({ program: id, name: "y" }))]).toEqual([
          0, 0, 1, 10, 3, 30, 6, 60, 10, 100, 15, 150,
        ]);
        expect([...(await executor.read({ program: id, name: "z" }))]).toEqual([15, 150, 10, 100, 6, 60, 3, 30, 1, 10]);
      });

      test("nest, and may run no times", async (executor) => {
        for (const [counts, expected] of [
          [[3, 2, 4, 5], 120],
          [[3, 0, 4], 120],
          [[7], 127],
        ] as const) {
          const id = await executor.load(nested(counts));
          await executor.run([[id, 1]]).done;
          expect([...(await executor.read({ variable: "nested" }))]).toEqual([expected]);
        }
      });
    });

    describe("runs", () => runsContract({ test, create }));

    describe("a plan", () => {
      test("with a hole is none, and nothing dies over it", async (executor) => {
        const id = await executor.load(counter("n"));
        const behindHole = (entry: unknown) => Object.assign(new Array(2), { 1: entry });
        const plans: unknown = [behindHole([id, 2]), new Array(3), [behindHole(1)], [[id]]];
        for (const plan of plans as PlanEntry[][])
          await expect(executor.run(plan).done).rejects.toThrow("run: a plan is a list of [program, steps]");
        expect(await executor.run([[id, 2]]).done).toEqual({ steps: 2, stopped: false });
      });

      test("that is over is not stopped any more", async (executor) => {
        const id = await executor.load(counter("n"));
        const [none, some] = [executor.run([[id, 0]]), executor.run([[id, 3]])];
        await some.done;
        expect(await some.stop()).toEqual({ steps: 3, stopped: false });
        expect(await none.stop()).toMatchObject({ steps: 0, stopped: false });
      });

      test("of a slot that is a variable and none is refused", async (executor) => {
        const id = await executor.load(counter("n"));
        const slot = { program: id, name: "n", variable: undefined } as unknown as Slot;
        await expect(executor.read(slot)).rejects.toThrow("must be { program, name } or { variable }");
      });
    });

    describe("after dispose", () => {
      test("everything is refused, and what was under way ends", async (executor) => {
        const id = await executor.load(counter("n"));
        const running = executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY });
        await untilSteps(running, 1);
        const paused = executor.run([[id, 1]]);
        await paused.pause();
        await turns(1);
        const ends = [running, paused].map(({ done }) => expect(done).rejects.toThrow(DisposedError));
        await executor.dispose();
        await Promise.all(ends);
        executor.run([[id, 1]]); // whoever disposed knows: nobody waits for it, and nothing complains
        const slot = { variable: "n" };
        for (const refused of [
          executor.load(counter("n")),
          executor.unload(id),
          executor.forget("n"),
          executor.write(slot, [1]),
          executor.writeAll([{ slot, data: [1] }]),
          executor.read(slot),
          executor.readAll([slot]),
          executor.teams(),
          executor.run([[id, 1]]).done,
        ])
          await expect(refused).rejects.toThrow(DisposedError);
        await executor.dispose();
      });

      it("calls made before it are refused if they had to wait", async () => {
        const executor = await create({ poison: false });
        const loading = executor.load(affine(2));
        const outcome = loading.then(
          () => "loaded",
          (error: unknown) => error,
        );
        await executor.dispose();
        const result = await outcome;
        if (result !== "loaded") expect(result).toBeInstanceOf(DisposedError);
      });
    });

    it("poison is what a program reads that it never wrote", async () => {
      const executor = await create({ poison: true });
      const e = new Encoder();
      const y = e.output("y", [3]);
      const never = e.arena(3);
      e.map({ n: 3, operands: [full(never)], outputs: [y], steps: [[code.COPY_BITS, o(0), a(0)]] });
      const id = await executor.load(e.program());
      await executor.run([[id, 1]]).done;
      expect([...(await executor.read({ program: id, name: "y" }))]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      await executor.dispose();
    });
  });
}
