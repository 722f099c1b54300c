// A script as `npm run` would run it, in this process.
import { vi } from "vitest";

/**
 * What a script's last line of JSON says, after a run with these options on one thread whose files go to a folder; `load` imports it. A script
 * runs when it is imported, so each can run once in a file of tests.
 */
export async function outcomeOf(load: () => Promise<unknown>, options: string, folder: string) {
  const { argv } = process;
  const lines: string[] = [];
  const complaints: unknown[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  vi.spyOn(console, "error").mockImplementation((line) => void complaints.push(line));
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  process.argv = [...argv.slice(0, 2), ...`${options} --threads 1 --json --out ${folder}`.split(" ")];
  try {
    await load();
  } finally {
    process.argv = argv;
    vi.restoreAllMocks();
  }
  if (complaints.length > 0) throw new Error(`the script complains: ${complaints.join("; ")}`);
  return JSON.parse(lines[lines.length - 1]);
}
