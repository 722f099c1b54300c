// Camera and microphone: asked for when the visitor presses a button, refused in words.
import { Problem } from "../shared/problems.ts";

/** @param otherwise what works without the device, as a sentence */
export async function openDevice(what: "camera" | "microphone", otherwise: string): Promise<MediaStream> {
  if (navigator.mediaDevices === undefined)
    throw new Problem(`This browser gives pages no ${what} here: the address must begin with https. ${otherwise}`);
  try {
    const video = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" };
    // What a phone call would make quieter is what is to be heard here.
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: true };
    return await navigator.mediaDevices.getUserMedia(what === "camera" ? { video } : { audio });
  } catch (error) {
    throw new Problem(`${reason(error, what)} ${otherwise}`);
  }
}

function reason(error: unknown, what: string): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return `The ${what} was not allowed. The browser’s settings for this page can allow it.`;
  if (name === "NotFoundError" || name === "OverconstrainedError") return `There is no ${what} on this machine.`;
  if (name === "NotReadableError") return `The ${what} cannot be read: perhaps another program uses it.`;
  return `The ${what} did not start (${error instanceof Error ? error.message : String(error)}).`;
}
