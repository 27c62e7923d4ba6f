import { describe, expect, it } from 'vitest';
import { orCancelled } from '../src/index.js';

describe('orCancelled', () => {
  it('gives what the work gives, with or without a signal', async () => {
    const { signal } = new AbortController();
    expect(await orCancelled(Promise.resolve(7), undefined, 'waiting')).toBe(7);
    expect(await orCancelled(Promise.resolve(7), signal, 'waiting')).toBe(7);
    await expect(orCancelled(Promise.reject(new RangeError('no')), signal, 'waiting')).rejects.toThrow('no');
  });

  it('rejects when the signal fires, or has fired before, while the work goes on', async () => {
    const controller = new AbortController();
    let finish = (_: number): void => undefined;
    const work = new Promise<number>((resolve) => {
      finish = resolve;
    });
    const waiting = orCancelled(work, controller.signal, 'waiting for a model');
    controller.abort(new Error('closed'));
    const refusal = {
      code: 'cancelled',
      message: expect.stringContaining('waiting for a model'),
      cause: expect.objectContaining({ message: 'closed' }),
    };
    await expect(waiting).rejects.toMatchObject(refusal);
    await expect(orCancelled(work, controller.signal, 'waiting for a model')).rejects.toMatchObject(refusal);
    finish(7);
    expect(await work).toBe(7);
  });
});
