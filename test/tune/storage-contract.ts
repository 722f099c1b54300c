// What every storage of studies does, wherever it keeps its bytes.
import { openStudy, type StudyStorage, type Trial, uniform } from "simdgrad/tune";
import { expect, test } from "vitest";

const space = { x: uniform(0, 1) };
const objective = ({ number, values: { x } }: Trial<{ x: number }>) => ({
  value: x,
  artifact: Uint8Array.of(number, 7),
});
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** @param open the storage of a name, opened anew; what it held stays */
export function studyStorageTests(open: (name: string) => StudyStorage | Promise<StudyStorage>): void {
  test("a study that is left goes on, with the trials and the best artifact of one that is not", async () => {
    const whole = await openStudy({ space, seed: 3 });
    await whole.trials(12, { objective });
    for (const count of [5, 9, 12]) {
      const part = await openStudy({ space, seed: 3, storage: await open("going") });
      await part.trials(count, { objective });
    }
    const last = await openStudy({ space, seed: 3, storage: await open("going") });
    expect(last.history.map(({ number, value }) => [number, value])).toEqual(
      whole.history.map(({ number, value }) => [number, value]),
    );
    expect(await last.bestArtifact()).toEqual(Uint8Array.of(last.best?.number ?? -1, 7));
  });

  test("a trial that ran is given again", async () => {
    const first = await openStudy({ space, storage: await open("asked") });
    const { values } = await first.ask();
    const second = await openStudy({ space, storage: await open("asked") });
    expect((await second.ask()).values).toEqual(values);
  });

  test("what was appended comes back, to the byte, however long, and cut where it is cut", async () => {
    let storage = await open("bytes");
    expect(await storage.read()).toEqual(new Uint8Array());
    let expected = new Uint8Array();
    for (let i = 0; i < 12; i++) {
      const more = Uint8Array.from({ length: i % 3 === 0 ? 70_000 : 1000 }, (_, place) => (i + place) % 251);
      await storage.append(more);
      more.fill(9); // they count as they were
      const grown = Uint8Array.from({ length: more.length }, (_, place) => (i + place) % 251);
      expected = Uint8Array.from([...expected, ...grown]);
    }
    for (const length of [expected.length, 200_001, 200_000, 70_000, 69_999, 3, 0]) {
      storage = await open("bytes");
      expect(await storage.read()).toEqual(expected);
      await storage.truncate(length);
      expected = expected.slice(0, length);
      expect(await storage.read()).toEqual(expected);
      expect(await (await open("bytes")).read()).toEqual(expected);
    }
    await storage.append(bytesOf("new"));
    expect(await (await open("bytes")).read()).toEqual(bytesOf("new"));
  });

  test("artifacts are kept, replaced and dropped, those of two studies apart", async () => {
    const [a, b] = [await open("a"), await open("b")];
    await a.keepArtifact(1, Uint8Array.of(1));
    await a.keepArtifact(1, Uint8Array.of(2));
    await b.keepArtifact(1, Uint8Array.of(3));
    expect(await a.readArtifact(1)).toEqual(Uint8Array.of(2));
    await a.dropArtifact(1);
    await a.dropArtifact(1);
    expect(await a.readArtifact(1)).toBeUndefined();
    expect(await (await open("b")).readArtifact(1)).toEqual(Uint8Array.of(3));
  });

  test("two that write to one study are told, and nothing is lost", async () => {
    const [first, second] = [await open("two"), await open("two")];
    for (const each of [first, second]) await each.read();
    await first.append(bytesOf("first"));
    await expect(second.append(bytesOf("second"))).rejects.toThrow(/something else writes to it$/);
    await expect(second.truncate(0)).rejects.toThrow(/something else writes to it$/);
    await first.append(bytesOf(" and more"));
    expect(await (await open("two")).read()).toEqual(bytesOf("first and more"));
  });
}
