declare module "virtual:examples" {
  /** Each runs one example: rejects with the first of its checks that fails. */
  export const examples: readonly { readonly name: string; readonly run: () => Promise<unknown> }[];
}
