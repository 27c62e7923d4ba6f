import { EmbeddingTable, type LanguageModel, type TextEncoder } from '@palate/core';
import { retrieverConformance } from '@palate/core/testing';
import { describe, expect, it, test } from 'vitest';
import {
  askFactors,
  augmentationTemplate,
  buildTagVocabulary,
  candidateTags,
  cleanTags,
  cleanText,
  FACTORS,
  itemFactsTemplate,
  itemTextVectors,
  reasoningInputs,
  TwoTower,
  tagGeneratively,
  tagSelectively,
  userReasoningTemplate,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

/** Letters as axes: a text is the counts of its letters at norm 1. */
const letters: TextEncoder = {
  id: 'letters',
  width: 26,
  encode: async (texts) => {
    const data = new Float32Array(texts.length * 26);
    for (const [row, text] of texts.entries()) {
      const own = data.subarray(row * 26, (row + 1) * 26);
      for (const letter of text.toLowerCase().match(/[a-z]/g) ?? []) own[letter.charCodeAt(0) - 97]! += 1;
      const norm = Math.hypot(...own);
      if (norm === 0) own[0] = 1;
      else for (let k = 0; k < 26; k++) own[k]! /= norm;
    }
    return { data, width: 26, truncated: texts.filter((text) => text.length > 20).length };
  },
};

/** As many unit vectors, none like another. */
const byIndex = (count: number) => {
  const data = new Float32Array(count * 26);
  for (let row = 0; row < count; row++) data[row * 26 + row] = 1;
  return { data, width: 26, truncated: 0 };
};

describe('what is no knowledge', () => {
  it.each(['No.', 'Yes', 'Understood.', 'Thank you!', '**Description:**', 'The tags are:', "I'm not sure."])(
    '%j is neither text nor tags',
    (answer) => {
      for (const clean of [cleanText, cleanTags])
        expect(() => clean(answer)).toThrow(expect.objectContaining({ name: 'UnusableAnswerError' }));
    },
  );

  it('is a turn of somebody else after the answer', () => {
    expect(cleanText('A drama by Lean.\n\nUser: hi\nAssistant: hello')).toBe('A drama by Lean.');
    expect(cleanText('No Country for Old Men follows a hunter.')).toBe(
      'No Country for Old Men follows a hunter.',
    );
  });
});

describe('cleanText', () => {
  it('takes off what models put around a text', () => {
    const text = 'A slow film about grief.';
    for (const answer of [
      text,
      `  ${text}\n`,
      `Sure, here is the description: ${text}`,
      `Certainly! Here's a paraphrase:\n\n${text}`,
      `Here is a fuller description of the item:\n"${text}"`,
      `\`\`\`\n${text}\n\`\`\``,
      `${text}\n\nLet me know if you would like another version!`,
    ])
      expect(cleanText(answer)).toBe(text);
  });

  it('leaves texts alone that only look like it', () => {
    expect(cleanText('Here is where two brothers meet again.')).toBe(
      'Here is where two brothers meet again.',
    );
    expect(cleanText('Certain women fight for land.')).toBe('Certain women fight for land.');
  });

  it('keeps content that begins like an announcement', () => {
    for (const text of [
      'Great Expectations (1946) is a drama by David Lean. It follows Pip.',
      'Sure Fire (1990) is a drama.',
      'Okay Madam: a Korean comedy of 2020.',
      'Absolutely Anything (2015) is a comedy.',
      'Here Is Your Life (1966): a Swedish coming-of-age film.',
      '"Heat" (1995) has a scene like that of "Thief"',
      "I Can't Sleep (1994) is a drama.",
    ])
      expect(cleanText(text)).toBe(text);
  });

  it('never takes reasoning for the text', () => {
    expect(cleanText('<think>Is it fast?</think>A slow film.')).toBe('A slow film.');
    expect(cleanText('Is it fast?</think>\n\nA slow film.')).toBe('A slow film.');
    expect(() => cleanText('<think>Is it fa')).toThrow(/empty/);
    expect(cleanText('{"description": "A slow film."}')).toBe('A slow film.');
  });

  it('reads fifty thousand blanks as nothing', () => {
    expect(() => cleanText(' '.repeat(50_000))).toThrow();
    expect(cleanText(`A slow${' '.repeat(50_000)}\n film.`)).toBe('A slow film.');
    expect(() => cleanTags('\n '.repeat(50_000))).toThrow();
  });

  it('refuses refusals and nothing', () => {
    for (const answer of ['', '  ', "I'm sorry, I cannot help with that.", 'As an AI, I have not seen it.'])
      expect(() => cleanText(answer)).toThrow();
  });
});

describe('cleanTags', () => {
  it('reads lists in any form, each tag once', () => {
    const expected = ['heist', 'dark comedy', '1970s'];
    for (const answer of [
      'heist, dark comedy, 1970s',
      'Tags: Heist, Dark comedy, 1970s.',
      '- heist\n- dark comedy\n- 1970s\n- Heist',
      '1. heist\n2. dark comedy\n3. 1970s',
      'Sure! Here are the tags:\nheist; dark comedy; "1970s"',
    ])
      expect(cleanTags(answer).facts?.tags).toEqual(expected);
  });

  it('keeps tags that begin like an announcement, and no sentences', () => {
    expect(cleanTags('great acting, heist, noir').facts?.tags).toEqual(['great acting', 'heist', 'noir']);
    expect(cleanTags('["great acting", "heist", "noir"]').facts?.tags).toEqual([
      'great acting',
      'heist',
      'noir',
    ]);
    expect(cleanTags('<think>comedy, war</think>heist, and noir').facts?.tags).toEqual(['heist', 'noir']);
    expect(() => cleanTags('I cannot provide tags for this film, sorry.')).toThrow(/refusal/);
    expect(() =>
      cleanTags('This is a film that one could watch with the whole family on a rainy Sunday'),
    ).toThrow(/tags separated by commas/);
  });
});

describe('prompts', () => {
  it('of the recommending families differ from the basic ones by their goal, the guided ones show neighbours', () => {
    const words = (kind: Parameters<typeof augmentationTemplate>[0]): string =>
      augmentationTemplate(kind)
        .messages({ description: 'Heat (1995)', neighbours: ['Thief (1981)'] })
        .map(({ content }) => content)
        .join('\n');
    for (const kind of ['paraphrase', 'tag', 'infer'] as const) {
      expect(words(kind)).not.toContain('others decide');
      expect(words(`recommend-${kind}`)).toContain('others decide');
      expect(words(kind)).not.toContain('Thief');
    }
    expect(words('engagement')).toContain('Thief (1981)');
    expect(words('recommend-engagement')).toContain('others decide');
  });

  it('of KAR go along the same factors for users and items, and show the early history alone', () => {
    const dataset = madeUpFilms();
    const [input] = reasoningInputs(dataset);
    expect(input?.input.history).toHaveLength(6);
    const user = userReasoningTemplate(FACTORS.films).messages(input?.input as never)[0]?.content ?? '';
    const item = itemFactsTemplate(FACTORS.films).messages({ item: 'Heat' })[0]?.content ?? '';
    for (const factor of FACTORS.films.factors) {
      expect(user).toContain(factor);
      expect(item).toContain(factor);
    }
    const later = [...dataset.log.history(0)]
      .slice(6)
      .map((film) => dataset.catalog.itemText(film, ['title']));
    for (const title of later) expect(`${user}\n`).not.toContain(`- ${title}:`);
  });

  it('ask a model for the factors of another domain', async () => {
    const model: LanguageModel = {
      id: 'test',
      generate: async () => [
        {
          ok: true,
          result: {
            text: '1. Flavour\n2. Cooking time\n- Price.\n',
            usage: { inputTokens: 1, outputTokens: 1 },
            finishReason: 'stop',
            model: 'test',
          },
        },
      ],
    };
    expect(await askFactors(model, 'recipes')).toEqual({
      noun: 'recipes',
      factors: ['flavour', 'cooking time', 'price'],
    });
  });
});

describe('itemTextVectors', () => {
  const dataset = madeUpFilms(10, 4, 3);
  const { items } = dataset.log;

  it('puts vectors side by side, or joins texts and says how many were cut', async () => {
    const own = [...items].map((id) => `title ${id}`);
    const more = [...items].map(() => 'a longer augmented text');
    const apart = await itemTextVectors(items, [own, more], letters);
    expect(apart.table.width).toBe(52);
    expect(apart.truncatedShare).toBe(0.5);
    const { data } = await letters.encode(['title f0', 'a longer augmented text']);
    const at = items.indexOf('f0');
    expect([...apart.table.vector(at)]).toEqual([...data]);
    const joined = await itemTextVectors(items, [own, more], letters, 'concatenate-texts');
    expect(joined.table.width).toBe(26);
    expect(joined.truncatedShare).toBe(1);
  });
});

describe('TwoTower', () => {
  const cases = retrieverConformance({
    create: (dataset, seed) =>
      TwoTower.fit(dataset, { dimension: 4, hidden: 8, epochs: 2, batchSize: 64, seed }),
    load: (dir) => TwoTower.load(dir),
  });
  for (const { name, run } of cases) test(name, run);

  it('learns taste from text vectors, and items that nobody met are scored by theirs', async () => {
    const dataset = madeUpFilms(60, 24, 12);
    const likes = dataset.log.select(
      Int32Array.from({ length: dataset.log.length }, (_, row) => row).filter(
        (row) =>
          (dataset.log.rating?.[row] as number) > 3 &&
          dataset.log.items.idOf(dataset.log.item[row] as number) !== 'f22',
      ),
    );
    const vectors = new EmbeddingTable(
      likes.items,
      2,
      Float32Array.from([...likes.items].flatMap((id) => (Number(id.slice(1)) % 2 === 0 ? [1, 0] : [0, 1]))),
    );
    const model = await TwoTower.fit(
      { ...dataset, log: likes },
      { vectors, dimension: 8, hidden: 16, epochs: 40, batchSize: 64, learningRate: 0.01 },
    );
    const scores = await model.scoreAll([{ user: 'u0' }, { user: 'u1' }]);
    const at = likes.items.indexOf('f22');
    expect(scores[at] as number).toBeGreaterThan(scores[likes.items.size + at] as number);
  });

  it('refuses a validation log of other users and items', async () => {
    const dataset = madeUpFilms(6, 8, 4);
    const { log } = madeUpFilms(6, 8, 4);
    await expect(TwoTower.fit(dataset, { validation: log })).rejects.toThrow(
      /validation log to share the id maps/,
    );
  });
});

describe('TagGPT', () => {
  it('counts answers without tags instead of ending there, and a tag once an answer', async () => {
    const answers = Array.from({ length: 1000 }, (_, k) =>
      k === 500 ? '' : k === 501 ? "I'm sorry, I can't help with that." : 'sci-fi, Sci Fi',
    );
    const vocabulary = await buildTagVocabulary(answers, { encoder: letters, least: 998 });
    expect(vocabulary.tags).toEqual(['sci fi']);
    expect(vocabulary.unread).toEqual({ 'empty-answer': 1, 'refused-answer': 1 });
    // Written twice in each of two answers, it comes from two answers.
    expect((await buildTagVocabulary(answers.slice(0, 2), { encoder: letters, least: 3 })).tags).toEqual([]);
    await expect(buildTagVocabulary(['', ''], { encoder: letters })).rejects.toThrow(/2 without any/);
  });

  it('keeps the marks of scripts in which they make letters', async () => {
    const vocabulary = await buildTagVocabulary(['ใกล้, ใกล', 'ใกล้, ใกล'], {
      encoder: { ...letters, encode: async (texts) => byIndex(texts.length) },
      least: 2,
    });
    expect(vocabulary.tags).toHaveLength(2);
  });

  it('keeps tags that are frequent once they have one form, and one of those that mean the same', async () => {
    const vocabulary = await buildTagVocabulary(
      ['Sci-Fi, heist', 'sci fi, heist', 'SCI-FI; noir', 'heist, theist', 'theist', 'theist'],
      { encoder: letters, least: 3, same: 0.9 },
    );
    // "theist" stands thrice too, but its letters are those of "heist", which comes first by the alphabet.
    expect(vocabulary.tags).toEqual(['heist', 'sci fi']);
    expect(await tagGeneratively(['Heists', 'western'], vocabulary, letters, 0.8)).toEqual(['heist']);
    expect(await candidateTags('a science fiction film', vocabulary, letters, 1)).toEqual(['sci fi']);
  });

  it('lets a model choose among the nearest tags of a text, and counts what it invents or leaves unsaid', async () => {
    const vocabulary = await buildTagVocabulary(['heist, sci fi, noir', 'heist, sci fi, noir'], {
      encoder: letters,
      least: 2,
    });
    const asked: string[] = [];
    const answers = ['Heist, western', 'western', "I'm sorry, I can't help with that."];
    const model: LanguageModel = {
      id: 'chooser:1',
      generate: async (requests) =>
        requests.map(({ messages }, at) => {
          asked.push(messages.at(-1)?.content ?? '');
          return {
            ok: true,
            result: {
              text: answers[at] as string,
              usage: { inputTokens: 1, outputTokens: 1 },
              finishReason: 'stop',
              model: 'chooser',
            },
          };
        }),
    };
    const texts = ['the theist heist', 'nothing of it', 'a third'];
    const { tags, outcomes } = await tagSelectively(texts, vocabulary, model, {
      encoder: letters,
      candidates: 2,
    });
    expect(tags).toEqual([['heist'], [], []]);
    expect(outcomes).toMatchObject({
      asked: 3,
      fellBack: 2,
      causes: { 'tag invented': 2, 'no candidate named': 1, 'refused-answer': 1 },
    });
    // Only the nearest tags are offered.
    expect(asked[0]).toContain('the theist heist');
    expect(asked[0]).toContain('heist');
    expect(vocabulary.tags.filter((tag) => asked[0]?.split('list: ')[1]?.includes(tag))).toHaveLength(2);
  });
});
