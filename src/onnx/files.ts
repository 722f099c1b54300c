/** The bytes of files beside a model, by the names that it gives them. */
export type Files = Readonly<Record<string, Uint8Array | ArrayBuffer>>;
