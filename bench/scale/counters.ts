/** Bytes of payloads and headers that came to a server and went from it, by its own counters. */
export async function counters(port: number): Promise<{ readonly up: number; readonly down: number }> {
  const answer = await fetch(`http://127.0.0.1:${port}/varz`);
  const { in_bytes: up, out_bytes: down } = (await answer.json()) as { in_bytes: number; out_bytes: number };
  return { up, down };
}
