import { RandomStream } from '@palate/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readAnswer } from '../../src/structured/read-answer.js';
import { readList } from '../../src/structured/read-list.js';
import { readValue } from '../../src/structured/read-value.js';
import { structureSchema } from '../../src/structured/structure-schema.js';

const Ranking = z.object({ ranking: z.array(z.number().int().min(1).max(30)) });
const jsonSchema = structureSchema(Ranking);
const TRUTH = [7, 3, 21];

/** Frames that keep an answer's meaning. */
const FRAMES: readonly ((json: string) => string)[] = [
  (json) => json,
  (json) => `<think>Perhaps {"ranking": [1]}?</think>\n${json}`,
  (json) => `They like [2] and [4]. ${json}`,
  (json) => `\`\`\`json\n${json}\n\`\`\``,
  (json) => `Sure! Here is my answer:\n\n${json}\n\nLet me know if you want more [5].`,
  (json) => `<|channel|>analysis<|message|>[1]?<|end|><|start|>assistant<|channel|>final<|message|>${json}`,
  (json) => `I weigh {the history} first.\n</THINK>${json}<|im_end|>`,
];

/** Forms of the same value. */
const FORMS: readonly string[] = [
  JSON.stringify({ ranking: TRUTH }),
  JSON.stringify({ ranking: TRUTH.map(String) }),
  JSON.stringify({ Ranking: TRUTH }),
  '{"ranking": [7, 3, 21,],}',
  "{'ranking': [7, 3, 21]}",
  JSON.stringify({ answer: { ranking: TRUTH } }),
];

/** Damages a text as transmission and models do: pieces are dropped, doubled, exchanged, put in. */
function mutate(text: string, random: RandomStream): string {
  let mutated = text;
  for (let n = 1 + random.integer(3); n > 0; n--) {
    const at = random.integer(mutated.length + 1);
    const length = random.integer(12);
    const piece = mutated.slice(at, at + length);
    const inserted = ['"', '{', ']', '\n', '</think>', '<think>', '```', '\\', '[1]', '\u0000', '½', ' '];
    mutated = [
      mutated.slice(0, at) + mutated.slice(at + length),
      mutated.slice(0, at) + piece + mutated.slice(at),
      mutated.slice(0, at) + (inserted[random.integer(inserted.length)] ?? '') + mutated.slice(at),
      mutated.slice(0, at),
    ][random.integer(4)] as string;
  }
  return mutated;
}

test('every form in every frame is read as what it means', async () => {
  for (const frame of FRAMES)
    for (const form of FORMS)
      expect(await readValue(Ranking, jsonSchema, frame(form)), frame(form)).toEqual({
        ok: true,
        value: { ranking: TRUTH },
      });
});

test('500 mutated answers give a value of the schema or a problem in words, and the drafts of reasoning never', async () => {
  const random = new RandomStream(19).fork('mutated answers');
  let read = 0;
  for (let n = 0; n < 500; n++) {
    const frame = FRAMES[n % FRAMES.length] as (json: string) => string;
    const text = mutate(frame(FORMS[random.integer(FORMS.length)] as string), random);
    const outcome = await readValue(Ranking, jsonSchema, text, n % 5 === 0);
    if (outcome.ok) {
      read++;
      expect(Ranking.safeParse(outcome.value).success).toBe(true);
    } else expect(outcome.problem.length, text).toBeGreaterThan(0);
    const answer = readAnswer({
      text,
      finishReason: n % 5 === 0 ? 'length' : 'stop',
      usage: { inputTokens: 0, outputTokens: 0 },
      model: 'm',
    });
    expect(answer.ok ? answer.text : answer.error.code).not.toBe('');
    if (answer.ok) expect(readList(answer.text).every((entry) => entry !== '')).toBe(true);
  }
  // Most mutations leave the value whole.
  expect(read).toBeGreaterThan(150);
});

test('long answers of brackets, quotes and blanks take time that grows with their length alone', async () => {
  for (const piece of ['{', '[', '[1]', '"', '{"', '<think>', '```', ' ', '\n', 'a: ', '</think>', '{"a":']) {
    const text = piece.repeat(40_000);
    expect((await readValue(Ranking, jsonSchema, text)).ok, piece).toBe(false);
    readList(text);
  }
});
