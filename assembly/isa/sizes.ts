// Sizes that both worlds rely on. A program depends on these and on nothing else of the machine.

export const ALIGN = 16; // words: every whole buffer starts on a multiple (64 bytes) and is padded to one
export const BLOCK = 512; // elements a step of the block machine works on (swept: 256-1024 are level)
export const MAP_CHUNK = 8192; // elements of a map one thread claims at a time, at most
export const KC = 512; // depth of a GEMM block at most: fixes the order of summation, so it is never tuned
export const CLOSE = 4096; // numbers of a matrix B that leave enough of the first cache to A and C
export const PANEL = 24; // packed panels are sized for columns rounded up to this: a multiple of every NR (8 and 12)
export const MAX_THREADS = 64;
export const MAX_RANK = 8; // of a strided copy
export const MAX_DEPTH = 4; // nested loops
export const MAX_OPERANDS = 32;
export const MAX_OUTPUTS = 32;
export const MAX_SCRATCH_REGISTERS = 32;
export const MAX_STEPS = 255;
export const SHUFFLED = 64; // indices up to which a permutation is a shuffle, whose time grows with their square
export const SORT_SHORT = 8192; // columns of a row that is sorted in scratch, three words each

// An address in a program: region << 30 | word offset. The word 0 means "absent": state starts at word ALIGN.
export const REGION_SHIFT = 30;
export const REGION_STATE = 0;
export const REGION_IO = 1;
export const REGION_ARENA = 2;
export const REGION_CONSTANTS = 3;
export const OFFSET_MASK = 0x3fffffff;

// Control words, bytes from the start of Wasm memory; everything below GUARD is never touched (address 0 means "absent").
export const GUARD = 64;
export const CONTROL_BARRIER_COUNT = 64;
export const CONTROL_BARRIER_SLEEPERS = 68;
export const CONTROL_BARRIER_GENERATION = 128;
export const CONTROL_ABORT = 192; // the host asks the team to stop: one of the two values below
export const ABORT_AFTER_STEP = 1; // all threads stop after the same whole step
export const ABORT_NOW = 2; // leave the next barrier unfinished (a thread died): memory and control page are then in disorder
export const CONTROL_STOP = 196; // the team's own: the abort word as the last arriver of a step saw it
export const CONTROL_CLAIMS = 256; // CLAIM_SLOTS counters, one cache line each
export const CLAIM_SLOTS = 64; // chunked instructions between two barriers at the most (the executor adds a barrier beyond)
// How the host hands a run to its workers; the kernels know nothing of it. Its words: src/runtime/wasm/job.ts.
export const CONTROL_JOBS = 4352; // JOB_BYTES for each thread
export const JOB_BYTES = 32;
export const CONTROL_CALL = 6400; // the latest run
export const CONTROL_NARROW = 6464; // the host sets 1 where tiles of 12 columns spill registers: the portable build then has none
export const CONTROL_PATIENCE = 6468; // sleeps after which a thread in a barrier gives the others up, 0 for never: written by the host
export const CONTROL_SPINS = 6472; // reads of its generation before a thread in a barrier sleeps: written by the host
export const SLEEP = 20; // milliseconds after which a thread that sleeps in a barrier looks at the abort word
export const MATH_PAGE = 8192; // page of constants: 16-byte vectors, numbered in math-page.ts, written by the host
export const MATH_PAGE_BYTES = 4096;
export const HEAP = 16384; // first byte that programs, state and scratch may use

// Scratch of one thread, in words: the block machine's registers or frames of products first, then loop counters and an indexed
// instruction (at most CONVOLVE with a full epilogue).
export const SCRATCH_WORDS = 32768;
export const SCRATCH_COUNTERS = 28672;
export const SCRATCH_INSTRUCTION = 28688;
