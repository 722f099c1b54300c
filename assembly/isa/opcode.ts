// Instruction numbers: the first byte of every instruction. Read by asc and tsc alike.
// An instruction is [opcode | length << 8, slot 1, slot 2, ...] in 32-bit words; slot meanings stand in slots.ts.

export const END = 0;
export const BARRIER = 1;
export const LOOP = 2;
export const INDEX = 3;
export const MAP = 4;
export const REDUCE = 5;
export const PACK = 6;
export const MATMUL = 7;
export const COPY = 8;
export const GATHER = 9;
export const SCATTER_ADD = 10;
export const SOFTMAX = 11;
export const LOG_SUM_EXP = 12;
export const CROSS_ENTROPY = 13;
export const CROSS_ENTROPY_GRADIENT = 14;
export const CUMULATIVE_SUM = 15;
export const SORT = 16;
export const CUMULATIVE_MAX = 17;
export const CONVOLVE = 18;
export const CONVOLVE_FILTER = 19;
export const MAX_POOL = 20;
export const SUM_POOL = 21;
export const SUM_POOL_TRANSPOSED = 22;
export const SCATTER_PLANES = 23;
export const NORMALIZE = 24;
export const NORMALIZE_GRADIENT = 25;
export const MOMENTS = 26;
export const WEIGHTED_SUMS = 27;
export const CTC = 28;
export const CTC_GRADIENT = 29;
export const OPCODES = 30;
