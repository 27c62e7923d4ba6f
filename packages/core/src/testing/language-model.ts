import assert from 'node:assert/strict';
import { PalateError } from '../basics/errors.js';
import type { GenerateRequest, LanguageModel } from '../language/language-model.js';
import type { ConformanceCase } from './conformance.js';
import { refuses } from './refuses.js';

/** Arguments of {@link languageModelConformance}. */
export interface LanguageModelConformanceOptions {
  /** Makes the model under test; it answers any request with some text. */
  readonly create: () => Promise<LanguageModel>;
  /** Makes one whose second call of three fails for good; left out where a provider cannot be made to fail. */
  readonly failing?: (() => Promise<LanguageModel>) | undefined;
  /** Requests that it still works at when it tells of its first progress; left out where nothing can be stopped by then. */
  readonly long?: readonly GenerateRequest[] | undefined;
}

const ask = (content: string): GenerateRequest => ({ messages: [{ role: 'user', content }], maxTokens: 32 });

/** The contract of `LanguageModel` as a list of cases to run, for every provider. */
export function languageModelConformance(options: LanguageModelConformanceOptions): ConformanceCase[] {
  const { create, failing, long } = options;
  return [
    {
      name: 'answers each request in the order given, with usage, an end and the model’s name',
      run: async () => {
        const model = await create();
        assert.match(model.id, /^[\w.-]+:.+/);
        const requests = ['one', 'two', 'three'].map(ask);
        const outcomes = await model.generate(requests);
        assert.equal(outcomes.length, 3);
        for (const [k, outcome] of outcomes.entries()) {
          if (!outcome.ok) throw outcome.error;
          const { text, usage, finishReason, model: name } = outcome.result;
          assert.equal(typeof text, 'string');
          assert.ok(usage.inputTokens >= 0 && usage.outputTokens >= 0);
          assert.ok(['stop', 'length', 'filter'].includes(finishReason));
          assert.ok(name.length > 0);
          const [alone] = await model.generate([{ ...(requests[k] as GenerateRequest), temperature: 0 }]);
          assert.ok(alone?.ok);
        }
      },
    },
    {
      name: 'answers no requests with no outcomes',
      run: async () => assert.deepEqual(await (await create()).generate([]), []),
    },
    {
      name: 'stops when its signal is aborted',
      run: async () => {
        const model = await create();
        await refuses(() => model.generate([ask('one')], { signal: AbortSignal.abort() }), 'cancelled');
      },
    },
    ...(long
      ? [
          {
            name: 'stops in the middle of its work when its signal is aborted, and answers afterwards',
            run: async () => {
              const model = await create();
              const stop = new AbortController();
              const onProgress = (): void => stop.abort();
              await refuses(() => model.generate(long, { signal: stop.signal, onProgress }), 'cancelled');
              const [next] = await model.generate([{ ...(long[0] as GenerateRequest), maxTokens: 1 }]);
              assert.ok(next?.ok);
            },
          },
        ]
      : []),
    {
      name: 'refuses invalid options and requests',
      run: async () => {
        const model = await create();
        // An option that there is none of.
        const unknown: object = { abortSignal: undefined };
        await refuses(() => model.generate([ask('one')], unknown), 'invalid-input');
        await refuses(() => model.generate([{ ...ask('one'), maxTokens: 0 }]), 'invalid-input');
      },
    },
    {
      name: 'leaves its requests as they were',
      run: async () => {
        const requests = [{ ...ask('one'), stop: ['end'] }];
        const before = structuredClone(requests);
        await (await create()).generate(requests);
        assert.deepEqual(requests, before);
      },
    },
    ...(failing
      ? [
          {
            name: 'one failing call fails one answer, with an error that says what came',
            run: async () => {
              const model = await failing();
              const outcomes = [];
              for (const content of ['one', 'two', 'three'])
                outcomes.push(...(await model.generate([ask(content)])));
              assert.deepEqual(
                outcomes.map(({ ok }) => ok),
                [true, false, true],
              );
              const [, failed] = outcomes;
              assert.ok(failed && !failed.ok && PalateError.is(failed.error));
              assert.ok(failed.error.expected && failed.error.received && failed.error.hint);
            },
          },
        ]
      : []),
  ];
}
