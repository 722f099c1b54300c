// Slots of hand-made PACK and MATMUL: strides that are not given are those of matrices without gaps, side by side.

interface Packing {
  readonly to: number;
  readonly from: number;
  readonly batch?: number;
  readonly heads?: number;
  readonly k: number;
  readonly n: number;
  readonly transposed?: number;
  readonly row?: number;
  readonly stride?: number;
  readonly head?: number;
  readonly across?: number;
}

export function packSlots(packing: Packing): number[] {
  const { to, from, batch = 1, heads = 1, k, n, transposed = 0, across = 0 } = packing;
  const { row = transposed ? k : n, stride = heads * k * n, head = k * n } = packing;
  return [to, from, batch, heads, k, n, transposed, row, stride, head, across];
}

interface Multiplication {
  readonly c: number;
  readonly a: number;
  readonly b: number;
  readonly panels?: number;
  readonly strips?: number;
  readonly batch?: number;
  readonly heads?: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** 1: A, 2: B. */
  readonly transposed?: number;
  /** Strides of A, B and C. */
  readonly rows?: readonly number[];
  readonly strides?: readonly number[];
  readonly byHead?: readonly number[];
  /** The epilogue from its MAP_N slot on. */
  readonly map?: readonly number[];
}

export function matmulSlots(product: Multiplication): number[] {
  const { c, a, b, panels = 0, strips = 0, batch = 1, heads = 1, m, n, k, transposed = 0, map = [] } = product;
  const sizes = [m * k, k * n, m * n];
  const { rows = [transposed & 1 ? m : k, transposed & 2 ? k : n, n] } = product;
  const { strides = sizes.map((size) => heads * size), byHead = sizes } = product;
  return [
    ...[c, a, b, panels, strips, batch, heads, m, n, k, transposed],
    ...[...rows, ...strides, ...byHead, map.length, ...map],
  ];
}
