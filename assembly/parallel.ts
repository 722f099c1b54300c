// The team of threads: who this one is, how chunks of an instruction are claimed, how threads wait for one another.
// Every thread has its own instance of the module, hence its own copy of these globals, over one shared memory. All run the
// same program, so all count the same instructions and use the same claim counter for each.
import {
  ABORT_NOW,
  CLAIM_SLOTS,
  CONTROL_ABORT,
  CONTROL_BARRIER_COUNT,
  CONTROL_BARRIER_GENERATION,
  CONTROL_BARRIER_SLEEPERS,
  CONTROL_CLAIMS,
  CONTROL_PATIENCE,
  CONTROL_SPINS,
  SLEEP,
} from "./isa/sizes";

/** Start of this thread's scratch, SCRATCH_WORDS words. */
export let scratch: usize = 0;

/** How many run the program. */
export let threads: i32 = 1;

let thread: i32 = 0; // which of them this is

const CLAIM_BYTES = 64; // a cache line a counter
// A thread reads the generation CONTROL_SPINS times before it sleeps: for at most 200 microseconds. Waking one costs 50 or, on a busy host,
// 150; the host measures it. Each sleep halves the reads, twice at the most, and each wait that ended before doubles them: where a core must
// be shared, less time is spun away, and where none must, waits as long as a chunk do not end in sleep.
const MOST_HALVINGS = 2;
const SLEEP_NANOSECONDS: i64 = 1_000_000 * SLEEP;
const TIMED_OUT = 2; // what a wait answers

let claimed = 0; // chunked instructions since the last barrier
let counter: usize = 0; // claim counter of the instruction under way
let next = 0; // one thread: the next chunk; several: 0 until the first chunk is taken
let generation = 0; // of the barrier this thread waits in
let halvings = 0; // of the reads
let broken = false; // the team was told to leave at once

/** Sets this instance's globals; the control page must be zero when a team begins. */
export function attach(number: i32, count: i32, scratchAt: usize): void {
  thread = number;
  threads = count;
  scratch = scratchAt;
  claimed = 0;
  broken = false;
}

/** Begins the claiming of one instruction's chunks. */
export function startClaims(): void {
  next = 0;
  if (threads === 1) return;
  if (claimed === CLAIM_SLOTS) barrier();
  counter = CONTROL_CLAIMS + claimed * CLAIM_BYTES;
  claimed++;
}

/**
 * Number of the next chunk this thread shall do; every number from 0 on is given to exactly one thread. Which thread gets
 * which is left to chance, except that a thread's first chunk is its own number: no contention, and it finds in its cache
 * what it wrote there.
 */
export function nextChunk(): i32 {
  if (threads === 1) return next++;
  if (next === 0) {
    next = 1;
    return thread;
  }
  return threads + atomic.add<i32>(counter, 1);
}

/** Waits until all threads are here. False if the team was told to leave at once. */
export function barrier(): bool {
  if (threads === 1) return true;
  if (!arrive()) return wait();
  release();
  return true;
}

/** Counts this thread in; true for the last one, which must call release(), false for the others, which must call wait(). */
export function arrive(): bool {
  if (threads === 1) return true;
  generation = atomic.load<i32>(CONTROL_BARRIER_GENERATION);
  return atomic.add<i32>(CONTROL_BARRIER_COUNT, 1) === threads - 1;
}

/** Resets the claim counters and lets the others go. */
export function release(): void {
  if (threads === 1) return;
  for (let slot = 0; slot < claimed; slot++) store<i32>(CONTROL_CLAIMS + slot * CLAIM_BYTES, 0);
  claimed = 0;
  atomic.store<i32>(CONTROL_BARRIER_COUNT, 0);
  atomic.add<i32>(CONTROL_BARRIER_GENERATION, 1);
  if (atomic.load<i32>(CONTROL_BARRIER_SLEEPERS) !== 0) atomic.notify(CONTROL_BARRIER_GENERATION, -1);
}

/**
 * Spins, then sleeps until the last thread has come. False if the team was told to leave at once, which this thread does itself where
 * another one does not come: it is dead, and no event of its death reaches who waits here.
 */
export function wait(): bool {
  claimed = 0;
  for (let spin = load<i32>(CONTROL_SPINS) >> halvings; spin > 0; spin--) {
    if (atomic.load<i32>(CONTROL_BARRIER_GENERATION) === generation) continue;
    halvings = max(0, halvings - 1);
    return !broken;
  }
  halvings = min(MOST_HALVINGS, halvings + 1);
  atomic.add<i32>(CONTROL_BARRIER_SLEEPERS, 1);
  let patience = load<i32>(CONTROL_PATIENCE);
  while (!broken && atomic.load<i32>(CONTROL_BARRIER_GENERATION) === generation) {
    // Sleeps are counted, not time: where all threads stood still, none is given up.
    const slept = atomic.wait<i32>(CONTROL_BARRIER_GENERATION, generation, SLEEP_NANOSECONDS) === TIMED_OUT;
    if (slept && --patience === 0) atomic.store<i32>(CONTROL_ABORT, ABORT_NOW);
    if (atomic.load<i32>(CONTROL_ABORT) === ABORT_NOW) broken = true;
  }
  atomic.sub<i32>(CONTROL_BARRIER_SLEEPERS, 1);
  return !broken;
}
