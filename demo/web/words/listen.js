// Runs where the browser makes sound: hands over what the microphone gives, some hundredths of a second at once.
const SIZE = 1024;

class Listener extends AudioWorkletProcessor {
  #samples = new Float32Array(SIZE);
  #count = 0;

  process([[channel]]) {
    if (channel === undefined) return true;
    for (const sample of channel) {
      this.#samples[this.#count++] = sample;
      if (this.#count < SIZE) continue;
      this.port.postMessage(this.#samples, [this.#samples.buffer]);
      this.#samples = new Float32Array(SIZE);
      this.#count = 0;
    }
    return true;
  }
}

registerProcessor("listener", Listener);
