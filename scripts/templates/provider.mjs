// A language model that works: it repeats the last message. Batches, streams, order and cancelling are those of
// `languageModel`, and every middleware works around it.

/** The source of a new provider. */
export const provider = ({
  file,
  camel,
  type,
  constant,
}) => `import { defineOptions, type OptionsOf, option } from '@palate/core';
import { estimateTokens } from './count-tokens.js';
import { languageModel, type StreamingLanguageModel } from './single-calls.js';

/** Options of {@link ${camel}Model}. */
export const ${constant} = defineOptions(
  '${camel}Model',
  {
    model: option.text()({ default: 'repeat', doc: 'name of the model' }),
    concurrency: option.integer({ min: 1 })({ default: 4, doc: 'calls at once that are of use' }),
  },
  [],
);

/** Options of {@link ${camel}Model}; {@link ${constant}} says what each does. */
export type ${type}Options = OptionsOf<typeof ${constant}.declarations>;

/**
 * Answers with the last message. (Say here whose models these are, and what the provider needs.)
 *
 * Failed calls are outcomes with a \`ModelCallError\`: what may be tried again says so, and nothing is retried here.
 *
 * @throws InvalidInputError for options that are unknown or out of bounds
 */
export function ${camel}Model(options: ${type}Options = {}): StreamingLanguageModel {
  const { model, concurrency } = ${constant}.settings(options);
  return languageModel({
    id: \`${file}:\${model}\`,
    concurrency,
    async generate({ messages }, { onText }) {
      const text = messages.at(-1)?.content ?? '';
      onText?.(text);
      const inputTokens = messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
      const usage = { inputTokens, outputTokens: estimateTokens(text) };
      return { text, usage, finishReason: 'stop', model };
    },
  });
}
`;

/** The test of a new provider. */
export const providerTest = ({ file, camel }) => `import { expect, test } from 'vitest';
import { ${camel}Model } from '../../src/models/${file}.js';

const asking = (content: string) => ({ messages: [{ role: 'user' as const, content }] });

test('${file} answers a batch in its order, and says what it used', async () => {
  const model = ${camel}Model();
  const outcomes = await model.generate(['one', 'two', 'three'].map(asking));
  expect(outcomes.map((outcome) => outcome.ok && outcome.result.text)).toEqual(['one', 'two', 'three']);
  for (const outcome of outcomes)
    expect(outcome.ok && outcome.result.usage.inputTokens).toBeGreaterThan(0);
});

test('${file} gives the same text piece by piece', async () => {
  let text = '';
  for await (const piece of ${camel}Model().stream(asking('one by one'))) text += piece;
  expect(text).toBe('one by one');
});

test('${file} ends when it is cancelled, and refuses what it does not read', async () => {
  const model = ${camel}Model();
  const signal = AbortSignal.abort();
  await expect(model.generate([asking('x')], { signal })).rejects.toMatchObject({ code: 'cancelled' });
  await expect(model.generate([{ messages: [], temprature: 1 } as never])).rejects.toThrow('temperature');
  expect(() => ${camel}Model({ modle: 'x' } as never)).toThrow('model');
});
`;
