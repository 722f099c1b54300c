// Sizes of chunks: what one thread claims at a time (of MAP at most MAP_CHUNK in sizes.ts). Work is cut by them in cuts.ts. Sums that a chunk
// may not cut follow from the shape alone, so none of these changes a bit.

export const MAP_WORK = 8192; // steps times elements that a chunk of a map has at least, some 2 us

// Elements, about.
export const REDUCE_CHUNK = 8192; // of CUMULATIVE_SUM, too
export const PACK_CHUNK = 16384; // but two panels at least
export const PACK_STRIPS = 48; // rows of A: three cache lines of each column, and whole strips in every build
export const COPY_CHUNK = 8192;
export const GATHER_CHUNK = 8192;
export const ROWS_CHUNK = 4096; // of softmax and its kin, and of SORT
export const POOL_CHUNK = 8192; // places of windows, or elements of planes

export const REDUCE_COLUMNS = 16; // columns a chunk of REDUCE has at least, a group of CUMULATIVE_SUM at most, if there are so many: a line
export const COPY_SQUARE = 64; // columns of a chunk of a transposition
export const SCATTER_COLUMNS = 128; // columns of a chunk of SCATTER_ADD, of
export const SCATTER_PARTS = 8; // this many ranges of target rows: each part reads all indices, so there are few
export const SCATTER_WIDE = 14336; // numbers of a chunk that are summed in float64, if it has no more: as many as scratch holds

// MATMUL: a chunk is at most MC x NC outputs. Strips of its rows of A, MC x KC / 2 words (96 kB, which scratch must hold), stay in L2
// while panels of B pass through L1. For several threads, chunks are cut smaller until there are MANY, while that costs nothing; then
// until there are ENOUGH for 16: rows first, since every chunk packs its rows of A for all of its columns. For one, none below LARGE.
export const MC = 96; // half of it for sums longer than KC / 2
export const NC = 528;
export const MANY = 64;
export const ENOUGH = 20;
export const LARGE = 8388608; // products of a chunk (0.4 ms); below, fewer are better than many: each packs its A anew and brings B to L1
export const SMALL = 16384; // a chunk of so few is not cut any more
export const FEW_ROWS = 12; // with fewer rows B passes through L1 too fast
export const FEW_COLUMNS = 144;
export const FEW_COLUMNS_PACKED = 240; // the same for a transposed A that chunks pack, which costs more
// An epilogue runs on each row of a chunk; a call of it costs as much as some 2,000 products (and one for whole rows together).
export const SEGMENT = 32768;

// CONVOLVE: a chunk is a band of positions of an image, and all rows of a group's filters. In scratch, beside the frame of a product of
// CONVOLVE_MOST rows: patches of CONVOLVE_DEPTH taps, CONVOLVE_LINES words of them.
export const CONVOLVE_DEPTH = 128; // taps of a block: fixes the order of summation, so it is never tuned
export const CONVOLVE_LINES = 15360;
export const CONVOLVE_MOST = 96;
export const CONVOLVE_WIDE = 528; // positions of a band at most
export const CONVOLVE_LEAST = 48; // positions of a band, below which filters are brought to the first cache for too few
// The same of spaced positions, where the rows of filters that meet and the results lie in scratch, too.
export const SPACED_DEPTH = 64;
export const SPACED_MOST = 48;
export const SPACED_WIDE = 144;

// The same where images are put into planes, with their borders: words of one, and of those of a block of channels.
export const PLANE_WIDE = 512; // positions of a band at most
export const PLANE_WORDS = 8192;
export const PLANES_WORDS = 8192; // fixes the order of summation, as
export const PLANES_SPACED = 16384; // where results lie apart, and are better written once
export const PLANE_TAPS = 512; // taps of a block at most
export const PLANE_PRODUCTS = 131072; // of a chunk at least: small images, or groups of them, go together

// CONVOLVE_FILTER: a chunk is some taps, some rows, and a part of all bands of positions. Gradients are packed for all taps of a chunk.
export const FILTER_TAPS = 216;
export const LEAST_PLACED = 6; // a tile's rows
export const FILTER_ROWS = 64;
export const FILTER_DEPTH = 256; // positions of a band: fixes the order of summation, as
export const FILTER_WORDS = 12288; // of the planes of its channels, or else patches are packed
// The same of patches, which scratch must hold,
export const PATCH_TAPS = 72;
export const PATCH_DEPTH = 128;
// and where a filter has one channel, and few filters share it: a sum of four lanes for each tap of each filter.
export const FEW_TAPS = 72;
export const FEW_DEPTH = 1024;
export const FEW_FILTERS = 4;
export const FEW_WORDS = 16384; // of its plane
export const FILTER_PARTS = 32; // so many chunks, if there are so many bands
