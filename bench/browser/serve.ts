// A contender in a dedicated worker. It is told once what it is, then how many steps to make.
import type { Answer } from "../rounds.ts";
import type { Start } from "../start.ts";
import { decodeStart } from "../start-file.ts";

/** What a worker is told, answered by `true` and by an Answer; errors come as { failed }. */
export type Request = { readonly network: string; readonly settings: readonly string[] } | { readonly steps: number };

export function serve(
  begin: (start: Start, settings: readonly string[]) => Promise<(steps: number) => Promise<Answer>>,
): void {
  let ask: ((steps: number) => Promise<Answer>) | undefined;
  const answer = async (request: Request) => {
    if ("steps" in request) return ask?.(request.steps);
    const [json, binary] = await Promise.all(["json", "bin"].map((ending) => fetch(`/${request.network}.${ending}`)));
    ask = await begin(decodeStart(await json.text(), await binary.arrayBuffer()), request.settings);
    return true;
  };
  self.onmessage = async ({ data }: MessageEvent<Request>) =>
    self.postMessage(await answer(data).catch((error: unknown) => ({ failed: `${error}` })));
}
