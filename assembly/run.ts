// The interpreter: fetch, one switch over the opcode, advance. Loops nest by recursion; INDEX rewrites the instruction after it.

import { convolve } from "./convolve/convolve";
import { convolveFilter } from "./convolve/filter";
import { copy } from "./copy";
import { ctc, ctcGradient } from "./ctc";
import { cumulativeMax, cumulativeSum } from "./cumulative";
import { gather, scatterAdd } from "./gather";
import { matmul } from "./gemm/gemm";
import { pack } from "./gemm/pack";
import {
  BARRIER,
  CONVOLVE,
  CONVOLVE_FILTER,
  COPY,
  CROSS_ENTROPY,
  CROSS_ENTROPY_GRADIENT,
  CTC,
  CTC_GRADIENT,
  CUMULATIVE_MAX,
  CUMULATIVE_SUM,
  END,
  GATHER,
  INDEX,
  LOG_SUM_EXP,
  LOOP,
  MAP,
  MATMUL,
  MAX_POOL,
  MOMENTS,
  NORMALIZE,
  NORMALIZE_GRADIENT,
  PACK,
  REDUCE,
  SCATTER_ADD,
  SCATTER_PLANES,
  SOFTMAX,
  SORT,
  SUM_POOL,
  SUM_POOL_TRANSPOSED,
  WEIGHTED_SUMS,
} from "./isa/opcode";
import { SCRATCH_COUNTERS, SCRATCH_INSTRUCTION } from "./isa/sizes";
import { INDEX_COUNT, INDEX_FIRST, INDEX_STRIDE, LOOP_BODY, LOOP_COUNT, LOOP_DEPTH } from "./isa/slots";
import { map } from "./map";
import { moments, normalize, normalizeGradient, weightedSums } from "./normalize";
import { barrier, scratch } from "./parallel";
import { pool, scatterPlanes, sumPoolTransposed } from "./pool";
import { reduce } from "./reduce";
import { crossEntropy, crossEntropyGradient, logSumExp, softmax } from "./softmax";
import { sort } from "./sort";

/** Bytes of the instruction with this header: its words are counted above the opcode. */
function bytesOf(header: u32): usize {
  return (header >> 8) << 2;
}

/** Runs from `pc` up to `end`, or to END. False if the team was told to leave at once. */
export function execute(pc: usize, end: usize): bool {
  while (pc < end) {
    let at = pc;
    let header = load<u32>(pc);
    pc += bytesOf(header);
    if ((header & 255) === INDEX) {
      at = indexed(at, pc);
      header = load<u32>(at);
      pc += bytesOf(header);
    }
    switch (header & 255) {
      case END:
        return true;
      case BARRIER:
        if (!barrier()) return false;
        break;
      case LOOP: {
        const body = pc;
        pc += load<i32>(at, 4 * LOOP_BODY) << 2;
        if (!loop(at, body, pc)) return false;
        break;
      }
      case MAP:
        map(at);
        break;
      case REDUCE:
        reduce(at);
        break;
      case PACK:
        pack(at);
        break;
      case MATMUL:
        matmul(at);
        break;
      case COPY:
        copy(at);
        break;
      case GATHER:
        gather(at);
        break;
      case SCATTER_ADD:
        scatterAdd(at);
        break;
      case SOFTMAX:
        softmax(at);
        break;
      case LOG_SUM_EXP:
        logSumExp(at);
        break;
      case CROSS_ENTROPY:
        crossEntropy(at);
        break;
      case CROSS_ENTROPY_GRADIENT:
        crossEntropyGradient(at);
        break;
      case CUMULATIVE_SUM:
        cumulativeSum(at);
        break;
      case CUMULATIVE_MAX:
        cumulativeMax(at);
        break;
      case SORT:
        sort(at);
        break;
      case CONVOLVE:
        convolve(at);
        break;
      case CONVOLVE_FILTER:
        convolveFilter(at);
        break;
      case MAX_POOL:
        pool(at, true);
        break;
      case SUM_POOL:
        pool(at, false);
        break;
      case SUM_POOL_TRANSPOSED:
        sumPoolTransposed(at);
        break;
      case SCATTER_PLANES:
        scatterPlanes(at);
        break;
      case NORMALIZE:
        normalize(at);
        break;
      case NORMALIZE_GRADIENT:
        normalizeGradient(at);
        break;
      case MOMENTS:
        moments(at);
        break;
      case WEIGHTED_SUMS:
        weightedSums(at);
        break;
      case CTC:
        ctc(at);
        break;
      case CTC_GRADIENT:
        ctcGradient(at);
        break;
      default:
        unreachable();
    }
  }
  return true;
}

/** Repeats a body, with its iteration number in the counter of its depth. */
function loop(at: usize, body: usize, end: usize): bool {
  const count = load<i32>(at, 4 * LOOP_COUNT);
  const counter = scratch + 4 * (SCRATCH_COUNTERS + load<i32>(at, 4 * LOOP_DEPTH));
  for (let i = 0; i < count; i++) {
    store<i32>(counter, i);
    if (!execute(body, end)) return false;
  }
  return true;
}

/** A copy in scratch of the instruction at `from`, its addresses moved as the INDEX prefix at `prefix` says. */
function indexed(prefix: usize, from: usize): usize {
  const to = scratch + 4 * SCRATCH_INSTRUCTION;
  memory.copy(to, from, bytesOf(load<u32>(from)));
  const count = load<i32>(prefix, 4 * INDEX_COUNT);
  for (let i = 0, triple = prefix + 4 * INDEX_FIRST; i < count; i++, triple += 4 * INDEX_STRIDE) {
    const slot = to + 4 * load<i32>(triple);
    const iteration = load<i32>(scratch + 4 * (SCRATCH_COUNTERS + load<i32>(triple, 4)));
    store<i32>(slot, load<i32>(slot) + 4 * iteration * load<i32>(triple, 8));
  }
  return to;
}
