// Fetching the page's own files, gzipped as they are, with progress.
import { Problem } from "./problems.ts";

/** Told how many bytes came and how many there will be; 0 where that is unknown. */
export type OnProgress = (received: number, total: number) => void;

/** The contents of a gzipped file beside the page. @throws Problem, in words, where it is missing or broken */
export async function download(path: string, onProgress: OnProgress = () => undefined): Promise<Uint8Array> {
  const bytes = await receive(path, onProgress);
  // A server may have opened it already, by its Content-Encoding.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    const opened = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(opened).arrayBuffer());
  } catch {
    throw new Problem(`The file ${path} arrived incomplete. Reload the page to try again.`);
  }
}

async function receive(path: string, onProgress: OnProgress): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(path, document.baseURI);
  const response = await fetch(url).catch(() => undefined);
  if (response === undefined) throw new Problem(`The file ${path} could not be fetched: is the connection gone?`);
  if (!response.ok || response.body === null)
    throw new Problem(`The file ${path} is missing on the server (it answered ${response.status}).`);
  const total = Number(response.headers.get("Content-Length") ?? 0);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  const reader = response.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    received += next.value.length;
    onProgress(received, Math.max(total, received));
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
