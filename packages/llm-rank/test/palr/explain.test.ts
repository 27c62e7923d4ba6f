import { describe, expect, it } from 'vitest';
import { explainFromKnowledge } from '../../src/index.js';

describe('explainFromKnowledge', () => {
  it('reads words of three letters and of two, in any script, and no common ones', () => {
    const none = { tags: [], history: [] };
    expect(explainFromKnowledge({ ...none, keywords: ['war'], tags: ['War', 'drama'] })).toEqual({
      text: 'Fits your taste for war.',
      source: 'knowledge',
    });
    expect(
      explainFromKnowledge({ ...none, keywords: ['spy wars'], knowledge: 'A spy in the war.' }).source,
    ).toBe('knowledge');
    expect(
      explainFromKnowledge({ ...none, keywords: ['AI'], knowledge: 'An AI that learns to lie.' }).text,
    ).toBe('Fits your taste for AI: An AI that learns to lie.');
    expect(explainFromKnowledge({ ...none, keywords: ['война'], tags: ['война'] }).source).toBe('knowledge');
    // "red" is no form of "r", and common words say nothing.
    expect(explainFromKnowledge({ ...none, keywords: ['red'], tags: ['ring', 'reed'] }).source).toBe(
      'retriever',
    );
    expect(
      explainFromKnowledge({
        ...none,
        keywords: ['the one and the other'],
        knowledge: 'The one and the other.',
      }).source,
    ).toBe('retriever');
  });

  it('says only what is in its sources, and what they are', () => {
    const sources = {
      keywords: ['heist films', 'Nordic noir'],
      tags: ['heist', 'ensemble'],
      history: [{ title: 'Heat', tags: ['heist', 'Los Angeles'] }],
      knowledge: 'A crew plans a heist on a casino.',
    };
    expect(explainFromKnowledge(sources)).toEqual({
      text: 'Fits your taste for heist films; like Heat it is heist: A crew plans a heist on a casino.',
      source: 'knowledge',
    });
    expect(explainFromKnowledge({ ...sources, keywords: [] }).source).toBe('history');
    // One word of three is no match of the keyword, but it is there.
    expect(explainFromKnowledge({ ...sources, keywords: ['elegant casino romance'], history: [] }).text).toBe(
      'A crew plans a heist on a casino.',
    );
    expect(explainFromKnowledge({ keywords: ['war'], tags: ['ballet'], history: [] })).toEqual({
      text: 'Its description is close to what you asked for.',
      source: 'retriever',
    });
  });

  it('tells the sentence of the knowledge that holds most of what was asked for', () => {
    const knowledge =
      'A film of 2010. Thieves plan one last heist, and a detective closes in. The heist goes wrong. It is fast.';
    const reason = (keywords: string[], tags: string[] = []): string =>
      explainFromKnowledge({ keywords, tags, knowledge, history: [] }).text;
    expect(reason(['slow-burning heist films'])).toBe(
      'Thieves plan one last heist, and a detective closes in.',
    );
    expect(reason(['the wrong way to Rome by night train'])).toBe('The heist goes wrong.');
    // An initial ends no sentence.
    expect(
      explainFromKnowledge({
        keywords: ['a masterpiece about creatures of the deep'],
        tags: [],
        knowledge: 'A masterpiece made by H.R. Giger and J. Doe. It is from 1979.',
        history: [],
      }).text,
    ).toBe('A masterpiece made by H.R. Giger and J. Doe.');
    // The word stands in the tags alone: the knowledge begins with what the item is.
    expect(reason(['heart-warming cat stories'], ['cat'])).toBe('A film of 2010.');
    expect(
      explainFromKnowledge({ keywords: ['slow heist pictures'], tags: ['heist'], history: [] }).text,
    ).toBe('Its tags name heist.');
  });
});

it('a sentence that says only what was asked for gives way to one that says more', () => {
  const about = (knowledge: string) =>
    explainFromKnowledge({ keywords: ['garden'], tags: [], history: [], knowledge }).text;
  expect(about('Garden. Oak trowel. A trowel for the garden.')).toMatch(/: A trowel for the garden\.$/);
  expect(about('Garden. Oak trowel.')).toMatch(/: Garden\.$/);
});
