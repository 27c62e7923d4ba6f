import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compiledProgram } from '../../../../scripts/compiled-program.js';
import { BatchedEncoder } from '../../src/encoders/batched-encoder.js';
import type { EmbeddingModel } from '../../src/encoders/embedding-model.js';

const PROGRAM = await compiledProgram(fileURLToPath(new URL('vectors-process.ts', import.meta.url)));
const TEXTS = 60;
const BATCH = 5;

const folder = (): string => mkdtempSync(join(tmpdir(), 'palate-vectors-'));
const encodedIn = (dir: string): string[] => {
  const log = join(dir, 'encoded.log');
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
};
const start = (dir: string): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, [PROGRAM, join(dir, 'vectors'), join(dir, 'encoded.log')]);
async function ended(child: ChildProcessWithoutNullStreams): Promise<string> {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  await once(child, 'close');
  return said;
}

/** A model that takes all texts at once, and waits for what `opened` gives before it tells their vectors. */
function lengths(opened: () => Promise<unknown> = async () => undefined): EmbeddingModel & { texts: number } {
  return {
    id: 'lengths@1',
    width: 2,
    texts: 0,
    prepare: (text) => ({ input: text, length: 1, truncated: false }),
    batchSize: () => 10,
    async embed(batch) {
      this.texts += batch.length;
      await opened();
      return Float32Array.from(batch.flatMap(({ input }) => [String(input).length, 1]));
    },
  };
}
/** A model that has been asked, by an encoder that has claimed its texts. */
async function begun(model: { texts: number }): Promise<void> {
  while (model.texts === 0) await setTimeout(1);
}

describe('processes that share a folder of vectors', () => {
  it('encode each text once, all together, and get the same vectors', async () => {
    const dir = folder();
    const told = await Promise.all([start(dir), start(dir)].map(ended));
    expect(told[0]).toMatch(/^[0-9a-f]{64}\n$/);
    expect(told[1]).toBe(told[0]);
    const encoded = encodedIn(dir);
    expect(encoded).toHaveLength(TEXTS);
    expect(new Set(encoded).size).toBe(TEXTS);
    // A third one finds everything.
    expect(await ended(start(dir))).toBe(told[0]);
    expect(encodedIn(dir)).toHaveLength(TEXTS);
  });

  it('take over what a killed one had claimed', async () => {
    const dir = folder();
    const killed = start(dir);
    const end = once(killed, 'close');
    while (encodedIn(dir).length < 2 * BATCH) await setTimeout(1);
    killed.kill('SIGKILL');
    const other = ended(start(dir));
    await end;
    const fresh = folder();
    expect(await other).toBe(await ended(start(fresh)));
    const encoded = encodedIn(dir);
    expect(new Set(encoded).size).toBe(TEXTS);
    // What was in flight is encoded anew, and nothing else.
    expect(encoded.length).toBeLessThanOrEqual(TEXTS + BATCH);
  });
});

describe('calls that share a folder of vectors', () => {
  const texts = ['a', 'bb', 'ccc'];

  it('wait for each other in one process too', async () => {
    const cacheDir = folder();
    const model = lengths(() => setTimeout(20));
    const encoder = new BatchedEncoder(model, { cacheDir });
    const [one, two] = await Promise.all([encoder.encode(texts), encoder.encode([...texts].reverse())]);
    expect(model.texts).toBe(texts.length);
    expect([...two.data.subarray(0, 2)]).toEqual([...one.data.subarray(4)]);
    await encoder.close();
  });

  it('encode themselves what another failed at', async () => {
    const cacheDir = folder();
    const failing = lengths(() => setTimeout(50).then(() => Promise.reject(new Error('out of order'))));
    const working = lengths();
    const encoders = [failing, working].map((model) => new BatchedEncoder(model, { cacheDir }));
    const failed = expect(encoders[0]?.encode(texts)).rejects.toThrow('out of order');
    await begun(failing);
    expect((await encoders[1]?.encode(texts))?.data).toHaveLength(2 * texts.length);
    expect(working.texts).toBe(texts.length);
    await failed;
    await Promise.all(encoders.map((encoder) => encoder.close()));
  });

  it('leave when they are cancelled while another encodes', async () => {
    const cacheDir = folder();
    let go: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      go = resolve;
    });
    const slow = lengths(() => opened);
    const other = lengths();
    const encoders = [slow, other].map((model) => new BatchedEncoder(model, { cacheDir }));
    const holding = encoders[0]?.encode(texts);
    await begun(slow);
    const controller = new AbortController();
    const waiting = encoders[1]?.encode(texts, { signal: controller.signal });
    await setTimeout(50);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    go();
    await holding;
    expect(other.texts).toBe(0);
    await Promise.all(encoders.map((encoder) => encoder.close()));
  });
});
