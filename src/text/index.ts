// simdgrad/text: texts as tokens of a vocabulary, as weights of words, and back.
export type { BagRows, Bags, BagsOptions } from "./bags.ts";
export { type HashedWords, type HashedWordsOptions, hashedWords } from "./hashed-words.ts";
export {
  type HuggingFaceOptions,
  type HuggingFaceTokenizer,
  huggingFaceTokenizer,
} from "./hugging-face.ts";
export type { SavedPattern } from "./patterns.ts";
export type { EncodeAllOptions, TokenRows } from "./rows.ts";
export type { Texts } from "./texts.ts";
export { type FittedTfIdf, type TfIdf, type TfIdfOptions, tfIdf, tfIdfFromJSON } from "./tf-idf.ts";
export {
  type FittedTextVectorizer,
  type TextVectorizer,
  type TextVectorizerOptions,
  textVectorizer,
  textVectorizerFromJSON,
} from "./vectorizer.ts";
