// simdgrad/generate: what a decoder writes, token after token, with what it keeps of those before.
export { KeyValueCache, type Past } from "../nn/cache.ts";
export { type GenerateOptionsOnce, generate, TokenGenerator, type TokenGeneratorOptions } from "./generate.ts";
export type { Generated, GenerateOptions, Generative, TokensInput } from "./order.ts";
