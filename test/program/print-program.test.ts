// Printed programs: every kind of line once.
import { compile, input } from "simdgrad";
import { printProgram } from "simdgrad/debug";
import { expect, test } from "vitest";
import * as step from "../../assembly/isa/map-code.ts";
import * as op from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import {
  batched,
  convolved,
  dense,
  halves,
  heads,
  made,
  maps,
  moving,
  pooled,
  recurrent,
} from "../compile/programs.ts";
import { a, column, o, r, row } from "../runtime/encode.ts";
import { Draft } from "./draft.ts";

test("a product with its epilogue, a sum, an assignment", () => {
  expect(printProgram(dense())).toMatchInlineSnapshot(`
    "variable w: f32[2731, 3] at state+16
    variable b: f32[3] at state+8224
    input x: f32[4, 2731] at io+0
    output total: f32[] at io+10928, logged
    output y: f32[4, 3] at io+10944
    arena: 65552 words
    0 pack to=arena+0 from=w batch=1 k=2731 n=3 transposed=0                ; matmul+add+relu [4, 3]
    1 barrier
    2 matmul c=y a=x b=w panels=arena+0 m=4 n=3 k=2731                      ; matmul+add+relu [4, 3]
        epilogue n=12 columns=3: a0=y, a1=row b, o0=y
          r0 = add a0 a1
          o0 = relu r0
    3 barrier
    4 reduce to=total from=y kind=sum outer=1 n=12 inner=1                  ; sum []
    5 map n=8193 columns=8193: a0=w, a1=scalar 0.5, o0=w                    ; mul [2731, 3]
        o0 = mul a0 a1
    6 end"
  `);
});

test("a loop with prefixes", () => {
  expect(printProgram(recurrent())).toMatchInlineSnapshot(`
    "variable w: f32[24, 24] at state+16
    input rows: f32[7, 4, 24] at io+0
    input start: f32[4, 24] at io+672
    output last: f32[4, 24] at io+768
    output all: f32[7, 4, 24] at io+864
    arena: 672 words
     0 copy to=arena+0 from=start, 96 x (to 1, from 1)                      ; scan [4, 24]
     1 pack to=arena+96 from=w batch=1 k=24 n=24 transposed=1               ; scan [4, 24]
     2 barrier
     3 loop i0 to 7                                                         ; scan [4, 24]
     4   index c += 96 i0, a0 += 96 i0, a1 += 96 i0, o0 += 96 i0
     5   matmul c=all a=arena+0 b=w panels=arena+96 m=4 n=24 k=24 transposed=b ; matmul+add+tanh [4, 24]
           epilogue n=96 columns=96: a0=all, a1=rows, o0=all
             r0 = add a0 a1
             o0 = tanh r0
     6   barrier
     7   index from += 96 i0
     8   copy to=arena+0 from=all, 96 x (to 1, from 1)                      ; copy scan [4, 24] carry 0
     9   barrier
    10 copy to=last from=arena+0, 96 x (to 1, from 1)                       ; scan [4, 24]
    11 end"
  `);
});

test("windows along the axes that there are", () => {
  expect(printProgram(pooled())).toMatchInlineSnapshot(`
    "input x: f32[2, 5, 7] at io+0
    output indices: i32[2, 3, 3] at io+80
    output back: f32[2, 5, 7] at io+112
    output slope: f32[2, 5, 7] at io+192
    arena: 32 words
     0 max_pool to=arena+0 from=x planes=2 size_h=5 out_h=3 kernel_h=2 stride_h=2 padding_h=1 dilation_h=2 size_w=7 out_w=3 kernel_w=3 stride_w=3 padding_w=1 indices=indices ; maxPool [2, 1, 3, 3]
     1 barrier
     2 scatter_planes to=back from=arena+0 index=indices planes=2 size=35 count=9 last=1 ; scatterPlanes [2, 5, 7]
     3 barrier
     4 sum_pool to=arena+0 from=x planes=2 size_h=5 out_h=3 kernel_h=3 stride_h=2 padding_h=1 size_w=7 out_w=4 kernel_w=3 stride_w=2 padding_w=1 ; sumPool [2, 1, 3, 4]
     5 barrier
     6 map n=24 columns=24: a0=arena+0, a1=scalar 9, a2=scalar 1, o0=arena+0 ; div+mul+add [2, 3, 4]
         r0 = div a0 a1
         r0 = mul a2 r0
         r0 = add r0 r0
         o0 = div r0 a1
     7 barrier
     8 sum_pool_transposed to=slope from=arena+0 planes=2 size_h=5 out_h=3 kernel_h=3 stride_h=2 padding_h=1 size_w=7 out_w=4 kernel_w=3 stride_w=2 padding_w=1 ; sumPoolTransposed [2, 1, 5, 7]
     9 end"
  `);
});

test("convolutions and their gradients", () => {
  expect(printProgram(convolved())).toMatchInlineSnapshot(`
    "input x: f32[2, 4, 9, 12] at io+0
    input w: f32[6, 2, 3, 2] at io+864
    output y: f32[2, 6, 5, 13] at io+944
    output images: f32[2, 4, 9, 12] at io+1728
    output filters: f32[6, 2, 3, 2] at io+2592
    arena: 928 words
     0 convolve to=y filters=w from=x images=2 groups=2 rows=3 channels=2 taps_h=3 taps_w=2 size_h=9 size_w=12 positions_h=5 positions_w=13 step_h=2 first_h=-1 first_w=-1 ; convolve+relu+less+mul+add+select [2, 6, 5, 13]
         epilogue n=780 columns=780: a0=y, a1=scalar 0, a2=scalar 1, o0=y, o1=arena+0
           o0 = relu a0
           r0 = less a1 o0
           r1 = mul a2 o0
           r1 = add r1 r1
           o1 = select r0 r1 a1
     1 copy to=arena+784 from=w, 2 x (to 36, from 36), 2 x (to 18, from 6), 3 x (to 6, from 12), 6 x (to 1, from 1) ; permute [2, 2, 3, 3, 2]
     2 barrier
     3 convolve to=images filters=arena+784 from=arena+0 images=2 groups=2 rows=2 channels=3 taps_h=3 taps_w=2 size_h=5 size_w=13 positions_h=9 positions_w=12 apart_h=-1 apart_w=-1 first_h=1 first_w=1 spacing_h=2 ; convolveTransposed [2, 4, 9, 12]
     4 barrier
     5 convolve_filter to=arena+784 gradients=arena+0 from=x images=2 groups=2 rows=3 channels=2 taps_h=3 taps_w=2 size_h=9 size_w=12 positions_h=5 positions_w=13 step_h=2 first_h=-1 first_w=-1 parts=2 ; convolveFilter [6, 2, 3, 2]
     6 barrier
     7 reduce to=arena+0 from=arena+784 kind=sum outer=1 n=2 inner=72       ; convolveFilter [6, 2, 3, 2]
     8 barrier
     9 copy to=filters from=arena+0, 2 x (to 36, from 36), 3 x (to 12, from 1), 12 x (to 1, from 3) ; convolveFilter [6, 2, 3, 2]
    10 end"
  `);
});

test("batches", () => {
  expect(printProgram(batched())).toMatchInlineSnapshot(`
    "input x: f32[2, 4, 2731] at io+0
    input y: f32[2, 2731, 3] at io+21856
    output z: f32[2, 4, 3] at io+38256
    arena: 131088 words
    0 pack to=arena+0 from=y batch=2 k=2731 n=3 transposed=0                ; matmul [2, 4, 3]
    1 barrier
    2 matmul c=z a=x b=y panels=arena+0 batch=2 m=4 n=3 k=2731 stride_a=10924 stride_b=8193 ; matmul [2, 4, 3]
    3 end"
  `);
});

test("matrices that lie apart", () => {
  expect(printProgram(heads())).toMatchInlineSnapshot(`
    "input x: f32[48] at io+0
    output y: f32[48] at io+48
    arena: 192 words
    0 pack to=arena+0 from=x batch=1 heads=2 k=4 n=4 transposed=0 row=8 head=4 ; instruction 0
    1 barrier                                                               ; instruction 1
    2 matmul c=y a=x b=x panels=arena+0 batch=2 heads=2 m=3 n=4 k=4 row_a=8 row_b=8 row_c=8 stride_a=24 stride_b=0 head_a=4 head_b=4 head_c=4 ; instruction 2
    3 end                                                                   ; instruction 3"
  `);
  expect(printProgram(halves())).toMatchInlineSnapshot(`
    "input x: f32[48] at io+0
    output y: f32[48] at io+48
    arena: 48 words
    0 matmul c=arena+0 a=x b=x panels=none m=6 n=4 k=4 row_a=8 row_b=8 row_c=8 ; instruction 0
    1 matmul c=arena+4 a=x b=x+4 panels=none m=6 n=4 k=4 row_a=8 row_b=8 row_c=8 ; instruction 1
    2 barrier                                                               ; instruction 2
    3 matmul c=y a=arena+0 b=arena+2 panels=none m=8 n=6 k=6 transposed=a row_b=8 ; instruction 3
    4 end                                                                   ; instruction 4"
  `);
});

test("a transposed A whose strips several columns of chunks read", () => {
  const [a, b] = [input([257, 4]), input([257, 529])];
  const product = compile({ inputs: { a, b }, outputs: { c: a.matmul(b, { transposeA: true }) } });
  expect(printProgram(product)).toMatchInlineSnapshot(`
    "input a: f32[257, 4] at io+0
    input b: f32[257, 529] at io+1040
    output c: f32[4, 529] at io+137008
    arena: 148048 words
    0 pack to=arena+0 from=b batch=1 k=257 n=529 transposed=0               ; matmul [4, 529]
    1 pack to=arena+141872 from=a batch=1 k=257 n=4 transposed=0 across=529 ; matmul [4, 529]
    2 barrier
    3 matmul c=c a=a b=b panels=arena+0 strips=arena+141872 m=4 n=529 k=257 transposed=a ; matmul [4, 529]
    4 end"
  `);
});

test("what moves", () => {
  expect(printProgram(moving())).toMatchInlineSnapshot(`
    "input x: f32[5, 3] at io+0
    input index: i32[4] at io+16
    output rows: f32[4, 3] at io+32
    output back: f32[5, 3] at io+48
    output entropy: f32[4] at io+64
    output turned: f32[3, 5] at io+80
    arena: 0 words
    0 gather to=rows from=x index=index count=4 width=3 rows=5 bytes=4      ; gather [4, 3]
    1 barrier
    2 scatter_add to=back from=rows index=index count=4 width=3 rows=5      ; scatterAdd [5, 3]
    3 cross_entropy to=entropy from=rows index=index rows=4 columns=3       ; crossEntropy [4]
    4 copy to=turned from=x, 3 x (to 5, from 1), 5 x (to 1, from 3)         ; permute [3, 5]
    5 end"
  `);
});

test("modes, bytes and tables", () => {
  const program = made(24, (e, _x, y) => {
    const bytes = e.variable("bytes", [4], "u8");
    const table = e.constant([1, 2, 3]);
    const operands = [{ ...row(bytes), byte: true }, column(table, 3, 2)];
    e.map({
      n: 24,
      columns: 4,
      operands,
      outputs: [y],
      steps: [
        [step.FROM_I32, r(0), a(0)],
        [step.LINEAR, o(0), r(0), a(1), r(0), a(1)],
      ],
    });
  });
  expect(printProgram(program)).toMatchInlineSnapshot(`
    "variable bytes: u8[4] at state+16
    input x: f32[24] at io+0
    output y: f32[24] at io+32
    arena: 0 words
    0 map n=24 columns=4: a0=byte row bytes, a1=column(/2 %3) constants+0, o0=y ; instruction 0
        r0 = from_i32 a0
        o0 = linear r0 a1 r0 a1
    1 end                                                                   ; instruction 1"
  `);
});

test("words that are no instructions", () => {
  const draft = new Draft(maps());
  draft.set(op.BARRIER, 0, 99 | (1 << 8));
  draft.set(op.MAP, slot.MAP_COUNTS, -1, 1);
  expect(printProgram(draft.program)).toMatchInlineSnapshot(`
    "input x: f32[20] at io+0
    output y: f32[20] at io+32
    arena: 32 words
    0 map n=20 columns=4: a0=x, a1=row constants+0, a2=scalar 2, o0=arena+0 ; instruction 0
        r0 = add a0 a1
        o0 = mul r0 a2
    1 opcode 99 of 1 words                                                  ; instruction 1
    2 map of 17 words                                                       ; instruction 2
    3 end                                                                   ; instruction 3"
  `);
});
