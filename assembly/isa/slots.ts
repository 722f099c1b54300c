// Slot numbers of every instruction (word 0 is the header). Addresses are in words until the executor relocates them.
// Sizes are in elements (one element is one word, u8 excepted). Matrices are row-major and, except in PACK and MATMUL, contiguous.

// LOOP count body: repeats the next `body` words `count` times; LOOP_DEPTH says which loop counter it advances (outermost 0).
export const LOOP_COUNT = 1;
export const LOOP_BODY = 2;
export const LOOP_DEPTH = 3;

// INDEX pairs...: prefix of one instruction inside a loop. Each triple (slot, depth, stride) adds
// counter[depth] * stride words to the address in that slot of the next instruction. Strides may be negative.
export const INDEX_COUNT = 1;
export const INDEX_FIRST = 2;
export const INDEX_STRIDE = 3;

// MAP: out[i] = body(operands at i) for i in 0..n. Also embedded in MATMUL as its epilogue.
// Domain: rows x columns, n = rows * columns. Then operands (4 words each), outputs (2 words each), steps (2 words each).
export const MAP_N = 1;
export const MAP_COLUMNS = 2;
export const MAP_COUNTS = 3; // operands | outputs << 8 | steps << 16
export const MAP_FUNCTION = 4; // 0 in a program; an executor may put a function of its own there that does the same
export const MAP_FIRST = 5;
export const MAP_OPERAND_WORDS = 4; // address, mode | element << 8, div, mod
export const MAP_OUTPUT_WORDS = 2; // address, words from row to row: 0 where rows follow one another
export const MAP_STEP_WORDS = 2; // code | target << 8 | a << 16 | b << 24 ; c | d << 8

// Operand modes. FULL: at[i]. SCALAR: at[0]. ROW: at[i % columns]. COLUMN: at[(i / columns / div) % mod].
// ROWS: at[i / columns * div + i % columns], a part of longer rows (words only).
export const MODE_FULL = 0;
export const MODE_SCALAR = 1;
export const MODE_ROW = 2;
export const MODE_COLUMN = 3;
export const MODE_ROWS = 4;
// Elements of an operand: 32-bit words, or bytes widened to i32.
export const ELEMENT_WORD = 0;
export const ELEMENT_BYTE = 1;
// Registers of the block machine: 0..31 scratch blocks, 32..63 operands, 64..95 outputs.
export const REGISTER_OPERAND = 32;
export const REGISTER_OUTPUT = 64;
export const REGISTERS = 96;

// REDUCE: to[o, i] = fold over n of from[o, :, i]; kind below. ARGMAX writes i32: the first index of the largest, NaN counts as largest.
// WIDE_SUM is kept in float64 until its end. SUM_IN_TWO is, too, and writes to[o, 0, i], the sum rounded to float32, and to[o, 1, i],
// what the rounding left: parts of a longer sum. NORM is the root of the sum of squares, in float64 until its end.
export const REDUCE_TO = 1;
export const REDUCE_FROM = 2;
export const REDUCE_KIND = 3;
export const REDUCE_OUTER = 4;
export const REDUCE_N = 5;
export const REDUCE_INNER = 6;
export const REDUCE_WORDS = 7;
export const KIND_SUM = 0;
export const KIND_MAX = 1;
export const KIND_ARGMAX = 2;
export const KIND_SUM_I32 = 3;
export const KIND_MAX_I32 = 4;
export const KIND_WIDE_SUM = 5;
export const KIND_SUM_IN_TWO = 6;
export const KIND_NORM = 7;

// PACK: panels <- B (k x n, or n x k when transposed), `batch` times `heads` matrices, panels `PACK_TO` private to the executor. A row of
// a matrix, as it is stored, lies ROW words after the one before, a batch STRIDE and a head HEAD words. ACROSS > 0: strips of an A of n
// rows, as it lies when transposed, for a product with so many columns.
export const PACK_TO = 1;
export const PACK_FROM = 2;
export const PACK_BATCH = 3;
export const PACK_HEADS = 4;
export const PACK_K = 5;
export const PACK_N = 6;
export const PACK_TRANSPOSED = 7;
export const PACK_ROW = 8;
export const PACK_STRIDE = 9;
export const PACK_HEAD = 10;
export const PACK_ACROSS = 11;
export const PACK_WORDS = 12;

// MATMUL: C[b, h] = A[b, h] . B[b, h] (m x k . k x n) for b in 0..batch and h in 0..heads, B through PANELS and A through STRIPS, or where
// they lie if these are 0 (an executor without panels always reads them there). A transposed means stored k x m. In words: a row of a
// matrix, as it is stored, lies ROW after the one before, the matrices of a batch STRIDE, those of a head HEAD after the one before.
// STRIDE and HEAD of A and B are 0 where batches or heads share them; panels and strips hold what is shared once. Rows of C are apart.
// MAP words > 0: an epilogue follows in the layout of MAP from its MAP_N slot on, over the batch * heads * m * n elements of C in their
// order, run on each finished tile.
export const MATMUL_C = 1;
export const MATMUL_A = 2;
export const MATMUL_B = 3;
export const MATMUL_PANELS = 4;
export const MATMUL_STRIPS = 5;
export const MATMUL_BATCH = 6;
export const MATMUL_HEADS = 7;
export const MATMUL_M = 8;
export const MATMUL_N = 9;
export const MATMUL_K = 10;
export const MATMUL_TRANSPOSED = 11; // 1: A, 2: B
export const MATMUL_ROW_A = 12;
export const MATMUL_ROW_B = 13;
export const MATMUL_ROW_C = 14;
export const MATMUL_STRIDE_A = 15;
export const MATMUL_STRIDE_B = 16;
export const MATMUL_STRIDE_C = 17;
export const MATMUL_HEAD_A = 18;
export const MATMUL_HEAD_B = 19;
export const MATMUL_HEAD_C = 20;
export const MATMUL_MAP = 21; // words of the epilogue, 0 for none
export const MATMUL_WORDS = 22;

// COPY: strided words: to[sum(index * toStride)] = from[sum(index * fromStride)]; rank triples (size, toStride, fromStride).
export const COPY_TO = 1;
export const COPY_FROM = 2;
export const COPY_RANK = 3;
export const COPY_FIRST = 4;
export const COPY_DIMENSION_WORDS = 3;

// GATHER: to[i, :] = from[index[i], :]; `width` elements a row of `bytes` (1 or 4) each. An index outside 0..rows gives a row of NaN (bytes: 0).
export const GATHER_TO = 1;
export const GATHER_FROM = 2;
export const GATHER_INDEX = 3;
export const GATHER_COUNT = 4;
export const GATHER_WIDTH = 5;
export const GATHER_ROWS = 6;
export const GATHER_BYTES = 7;
export const GATHER_WORDS = 8;

// SCATTER_ADD: to[r, :] = sum over i with index[i] = r of from[i, :], in the order of i; rows nobody names are 0, indices outside are passed over.
export const SCATTER_TO = 1;
export const SCATTER_FROM = 2;
export const SCATTER_INDEX = 3;
export const SCATTER_COUNT = 4;
export const SCATTER_WIDTH = 5;
export const SCATTER_ROWS = 6;
export const SCATTER_WORDS = 7;

// SOFTMAX (to: rows x columns) and LOG_SUM_EXP (to: rows), over the columns of a matrix.
export const ROWS_TO = 1;
export const ROWS_FROM = 2;
export const ROWS_ROWS = 3;
export const ROWS_COLUMNS = 4;
export const ROWS_WORDS = 5;

// CROSS_ENTROPY, with l the largest of a row: to[r] = ln sum e^(from[r, :] - l) - (from[r, index[r]] - l); an index outside 0..columns gives NaN.
// CROSS_ENTROPY_GRADIENT: to[r, c] = (softmax(from[r, :])[c] - (c == index[r])) * scale[r].
export const ENTROPY_TO = 1;
export const ENTROPY_FROM = 2;
export const ENTROPY_INDEX = 3;
export const ENTROPY_ROWS = 4;
export const ENTROPY_COLUMNS = 5;
export const ENTROPY_WORDS = 6;
export const ENTROPY_SCALE = 6;
export const ENTROPY_GRADIENT_WORDS = 7;

// CUMULATIVE_SUM: to[o, k, i] = sum of from[o, 0..k, i], the last included unless EXCLUSIVE, from the other end on if REVERSE. Of f32 (kept
// in float64, and rounded where it is written), or wrapping of i32.
export const CUMULATIVE_SUM_TO = 1;
export const CUMULATIVE_SUM_FROM = 2;
export const CUMULATIVE_SUM_OUTER = 3;
export const CUMULATIVE_SUM_N = 4;
export const CUMULATIVE_SUM_INNER = 5;
export const CUMULATIVE_SUM_INTEGER = 6;
export const CUMULATIVE_SUM_REVERSE = 7;
export const CUMULATIVE_SUM_EXCLUSIVE = 8;

// SORT: values[r, :] = from[r, :] in ascending order, or descending; indices[r, :] = where each stood. Equal ones, as 0 and -0, stay in their
// order; NaN is the largest. WORK has two words an element, of rows longer than SORT_SHORT; of others nothing there is touched.
export const SORT_VALUES = 1;
export const SORT_INDICES = 2;
export const SORT_WORK = 3;
export const SORT_FROM = 4;
export const SORT_ROWS = 5;
export const SORT_COLUMNS = 6;
export const SORT_INTEGER = 7;
export const SORT_DESCENDING = 8;

// CUMULATIVE_MAX: values[o, k, i] = the largest of from[o, 0..k, i], its last included, or the smallest if SMALLEST; indices[o, k, i] = the
// last k at which it stands. 0 and -0 are equal; NaN is larger, and smaller, than all, and the last of several counts. Of f32, or of i32.
export const CUMULATIVE_MAX_VALUES = 1;
export const CUMULATIVE_MAX_INDICES = 2;
export const CUMULATIVE_MAX_FROM = 3;
export const CUMULATIVE_MAX_OUTER = 4;
export const CUMULATIVE_MAX_N = 5;
export const CUMULATIVE_MAX_INNER = 6;
export const CUMULATIVE_MAX_INTEGER = 7;
export const CUMULATIVE_MAX_SMALLEST = 8;

// CONVOLVE: c[n, g, r, p] = sum over channels i and taps t of filters[g, r, i, t] * from[n, g, i, (p * STEP + FIRST + t * APART) / SPACING],
// for images n, groups g, rows r of a group's filters, positions p; taps whose place is no whole number, or lies outside of an image, add
// nothing. Of positions, taps and sizes of images there are three, depth, height and width; so of all that says where a tap lies. FIRST
// and APART may be negative. Where SPACING is not 1, STEP is. All buffers are whole. MAP words > 0: an epilogue follows, as in MATMUL.
export const CONVOLVE_TO = 1; // of CONVOLVE_FILTER, too, down to CONVOLVE_FIRST_W
export const CONVOLVE_FILTERS = 2;
export const CONVOLVE_FROM = 3;
export const CONVOLVE_IMAGES = 4;
export const CONVOLVE_GROUPS = 5;
export const CONVOLVE_ROWS = 6;
export const CONVOLVE_CHANNELS = 7;
export const CONVOLVE_TAPS_D = 8;
export const CONVOLVE_TAPS_H = 9;
export const CONVOLVE_TAPS_W = 10;
export const CONVOLVE_SIZE_D = 11;
export const CONVOLVE_SIZE_H = 12;
export const CONVOLVE_SIZE_W = 13;
export const CONVOLVE_POSITIONS_D = 14;
export const CONVOLVE_POSITIONS_H = 15;
export const CONVOLVE_POSITIONS_W = 16;
export const CONVOLVE_STEP_D = 17;
export const CONVOLVE_STEP_H = 18;
export const CONVOLVE_STEP_W = 19;
export const CONVOLVE_APART_D = 20;
export const CONVOLVE_APART_H = 21;
export const CONVOLVE_APART_W = 22;
export const CONVOLVE_FIRST_D = 23;
export const CONVOLVE_FIRST_H = 24;
export const CONVOLVE_FIRST_W = 25;
export const CONVOLVE_SPACING_D = 26;
export const CONVOLVE_SPACING_H = 27;
export const CONVOLVE_SPACING_W = 28;
export const CONVOLVE_MAP = 29; // words of the epilogue, 0 for none
export const CONVOLVE_WORDS = 30;

// CONVOLVE_FILTER: to[s, g, i, t, r] = sum over images n and positions p of gradients[n, g, r, p] * from[n, g, i, p * STEP + FIRST + t * APART],
// a part s of it: bands of positions (bandRows in cuts.ts) of all images are shared out among PARTS of them.
export const CONVOLVE_GRADIENTS = 2;
export const CONVOLVE_PARTS = 26;
export const CONVOLVE_FILTER_WORDS = 27;

// MAX_POOL, SUM_POOL and SUM_POOL_TRANSPOSED: windows over planes of D x H x W, of which there are OUT along each axis. Window o begins at
// o * STRIDE - PADDING and has KERNEL places, DILATION apart, those outside the plane left out; or, if KERNEL is 0, it is from
// floor(o * SIZE / OUT) up to ceil((o + 1) * SIZE / OUT). Axes of one place and one window stand for none.
// MAX_POOL: to[p, o] = the largest of from[p, window o], indices[p, o] = where in the plane it stands: of equal ones the first, of NaN,
// which is the largest, the last; -infinity and -1 for a window with no place inside. SUM_POOL: to[p, o] = their sum, in float64 until its
// end. SUM_POOL_TRANSPOSED: to[p, i] = the sum of from[p, o] over all windows o with place i, in the order of o.
export const POOL_TO = 1;
export const POOL_FROM = 2;
export const POOL_PLANES = 3;
export const POOL_SIZE_D = 4;
export const POOL_OUT_D = 5;
export const POOL_KERNEL_D = 6;
export const POOL_STRIDE_D = 7;
export const POOL_PADDING_D = 8;
export const POOL_DILATION_D = 9;
export const POOL_SIZE_H = 10;
export const POOL_OUT_H = 11;
export const POOL_KERNEL_H = 12;
export const POOL_STRIDE_H = 13;
export const POOL_PADDING_H = 14;
export const POOL_DILATION_H = 15;
export const POOL_SIZE_W = 16;
export const POOL_OUT_W = 17;
export const POOL_KERNEL_W = 18;
export const POOL_STRIDE_W = 19;
export const POOL_PADDING_W = 20;
export const POOL_DILATION_W = 21;
export const POOL_INDICES = 22;
// The same of one axis, counted from its SIZE.
export const AXIS_SIZE = 0;
export const AXIS_OUT = 1;
export const AXIS_KERNEL = 2;
export const AXIS_STRIDE = 3;
export const AXIS_PADDING = 4;
export const AXIS_DILATION = 5;

// SCATTER_PLANES: to[p, i] = sum over k with index[p, k] = i of from[p, k], in the order of k, or the last of them if LAST; places nobody
// names are 0, indices outside are passed over. Planes of `to` have SIZE elements, those of `from` and `index` COUNT.
export const SCATTER_PLANES_TO = 1;
export const SCATTER_PLANES_FROM = 2;
export const SCATTER_PLANES_INDEX = 3;
export const SCATTER_PLANES_PLANES = 4;
export const SCATTER_PLANES_SIZE = 5;
export const SCATTER_PLANES_COUNT = 6;
export const SCATTER_PLANES_LAST = 7;

// NORMALIZE: values[r, :] = (from[r, :] - m) inverse[r], inverse[r] = 1 / sqrt(mean of (from[r, :] - m)^2 + EPSILON's word), where m is the
// mean of from[r, :], or 0 unless CENTRED. All in float64, and rounded where it is written.
export const NORMALIZE_VALUES = 1;
export const NORMALIZE_INVERSE = 2;
export const NORMALIZE_FROM = 3;
export const NORMALIZE_EPSILON = 4;
export const NORMALIZE_ROWS = 5;
export const NORMALIZE_COLUMNS = 6;
export const NORMALIZE_CENTRED = 7;

// NORMALIZE_GRADIENT: to[r, :] = inverse[r] (from[r, :] - mean of from[r, :] - values[r, :] mean of (from values)[r, :]), without the first
// mean unless CENTRED: the gradient of NORMALIZE, of the gradient FROM of its values.
export const NORMALIZE_GRADIENT_TO = 1;
export const NORMALIZE_GRADIENT_FROM = 2;
export const NORMALIZE_GRADIENT_VALUES = 3;
export const NORMALIZE_GRADIENT_INVERSE = 4;
export const NORMALIZE_GRADIENT_ROWS = 5;
export const NORMALIZE_GRADIENT_COLUMNS = 6;
export const NORMALIZE_GRADIENT_CENTRED = 7;

// MOMENTS: mean[o, i] = mean of from[o, :, i], rest[o, i] = what its rounding left, squares[o, i] = sum of (from[o, :, i] - mean - rest)^2. Of
// nothing the mean is NaN.
export const MOMENTS_MEAN = 1;
export const MOMENTS_REST = 2;
export const MOMENTS_SQUARES = 3;
export const MOMENTS_FROM = 4;
export const MOMENTS_OUTER = 5;
export const MOMENTS_N = 6;
export const MOMENTS_INNER = 7;

// WEIGHTED_SUMS: sums[o, i] = sum of from[o, :, i], products[o, i] = sum of (from weights)[o, :, i].
export const WEIGHTED_SUMS_SUMS = 1;
export const WEIGHTED_SUMS_PRODUCTS = 2;
export const WEIGHTED_SUMS_FROM = 3;
export const WEIGHTED_SUMS_WEIGHTS = 4;
export const WEIGHTED_SUMS_OUTER = 5;
export const WEIGHTED_SUMS_N = 6;
export const WEIGHTED_SUMS_INNER = 7;

// CTC: to[n] = -ln of the sum, over all ways through the STATES of sequence n (its labels with a blank around each), of e^(sum of from[t, n,
// label of the state at t]): Graves' forward recursion. alphas[n, t, s] = ln of the same sum over the ways up to state s at time t, less the
// same number for all s of one n and t, with -3e38 for none; 0 beyond the sequence's own times and states. FROM is [times, sequences,
// classes], or [sequences, times, classes] if BATCH_FIRST. A sequence has INPUT_LENGTHS[n] times and the first TARGET_LENGTHS[n] of the LABELS
// targets; infinity where no way leads through, NaN where a length or a label is none.
// CTC_GRADIENT: to[t, n, c] = -SCALE[n] times the share of the ways that are in a state of label c at time t, 0 beyond the sequence's times.
// All 0 where the scale is 0; else NaN where no way leads through. WORK has two words a state of every sequence.
export const CTC_TO = 1;
export const CTC_ALPHAS = 2;
export const CTC_FROM = 3;
export const CTC_TARGETS = 4;
export const CTC_INPUT_LENGTHS = 5;
export const CTC_TARGET_LENGTHS = 6;
export const CTC_SEQUENCES = 7;
export const CTC_TIMES = 8;
export const CTC_CLASSES = 9;
export const CTC_LABELS = 10;
export const CTC_STATES = 11; // 2 LABELS + 1
export const CTC_BLANK = 12;
export const CTC_BATCH_FIRST = 13;
export const CTC_WORK = 14; // of CTC_GRADIENT, as
export const CTC_SCALE = 15;
