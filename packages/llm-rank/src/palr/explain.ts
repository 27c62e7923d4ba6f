import { foldedWords } from '@palate/core';

/** Facts that an explanation may draw on. */
export interface ExplanationSources {
  /** Keywords of the user's profile, or of what was typed. */
  readonly keywords: readonly string[];
  /** Tags or genres of the recommended item. */
  readonly tags: readonly string[];
  /** Items of the history with their tags or genres. */
  readonly history: readonly { readonly title: string; readonly tags: readonly string[] }[];
  /** Stored knowledge on the item. */
  readonly knowledge?: string | undefined;
}

/** An explanation without a language model. */
export interface Explanation {
  readonly text: string;
  /** Grounds that it rests on. */
  readonly source: 'knowledge' | 'history' | 'retriever';
}

/** Words that say nothing about one item among others. */
const COMMON: ReadonlySet<string> = new Set(
  (
    'film films movie movies story stories with that about like from this these those into than then them they their ' +
    'what when where which while who whose will would could should have has had been being were was are is be am its ' +
    'it he she his her him you your our we us me my the and for not but nor or yet so an as at by do did does go how ' +
    'if in no of on off out over up to too all any one two few how own old new may can get got let set some such only ' +
    'also just very more most much many other each every both'
  ).split(' '),
);

/** The word without its ending, where enough of it is left: `wars` is about a `war`, but `red` ends in no `ed`. */
const stem = (word: string): string => {
  const stemmed = word.replace(/(ing|ed|es|s)$/, '');
  return stemmed.length >= 3 ? stemmed : word;
};
/** Words of two letters and more, the common ones left out: "war", "spy" and "AI" say what an item is about. */
const tellingWords = (text: string): string[] =>
  foldedWords(text).filter((word) => word.length >= 2 && !COMMON.has(word));
const words = (text: string): string[] => tellingWords(text).map(stem);

/** Texts of items are asked for again and again: their words are remembered, up to so many texts. */
const MOST_REMEMBERED = 20_000;
const remembered = new Map<string, readonly string[]>();

/** The words of a text of the data; what users typed is not remembered. */
function itemWords(text: string): readonly string[] {
  const known = remembered.get(text);
  if (known) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const found = words(text);
  remembered.set(text, found);
  return found;
}

const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** A piece that ends with an initial, as in "H.R. Giger", is no whole sentence. */
const ENDS_WITH_INITIAL = /(?:^|[\s.])\p{Lu}\.\s*$/u;

function sentencesOf(text: string): string[] {
  const all: string[] = [];
  let begun = '';
  for (const { segment } of sentences.segment(text)) {
    begun += segment;
    if (ENDS_WITH_INITIAL.test(begun)) continue;
    all.push(begun);
    begun = '';
  }
  return (begun === '' ? all : [...all, begun]).map((each) => each.trim().replace(/\s+/g, ' '));
}

/** The first of the sentences that hold most of the stems, as it stands. */
function tellingSentence(text: string, stems: ReadonlySet<string>): string {
  const all = sentencesOf(text);
  const held = (sentence: string): number => new Set(words(sentence).filter((word) => stems.has(word))).size;
  return all.reduce((best, each) => (held(each) > held(best) ? each : best), all[0] ?? '');
}

/**
 * A reason for an item from stored knowledge alone: the sentence of it that tells most of what was asked for, what its
 * tags share with the profile, and which item of the history is most like it. It says only what is in its sources.
 */
export function explainFromKnowledge(sources: ExplanationSources): Explanation {
  const { keywords, tags, history, knowledge } = sources;
  const own = new Set(
    keywords.length === 0 ? [] : [...tags, ...(knowledge ? [knowledge] : [])].flatMap(itemWords),
  );
  // Most of a keyword's words have to be there: "Russian disaster film" is no match for any disaster.
  const shared = keywords
    .filter((keyword) => {
      const all = words(keyword);
      return all.length > 0 && all.filter((word) => own.has(word)).length > all.length / 2;
    })
    .slice(0, 2);
  // Where no keyword fits as a whole, the words of one that do are still worth telling.
  const mentioned = [...new Set(keywords.flatMap(tellingWords).filter((word) => own.has(stem(word))))];
  const plain = new Set(tags.map((tag) => tag.toLowerCase()));
  const alike = history
    .map(({ title, tags: theirs }) => ({
      title,
      common: theirs.filter((tag) => plain.has(tag.toLowerCase())),
    }))
    .filter(({ common }) => common.length > 0)
    .sort((a, b) => b.common.length - a.common.length)[0];
  const like = alike
    ? `like ${alike.title} it is ${alike.common.slice(0, 2).join(' and ').toLowerCase()}`
    : '';
  const further = like === '' ? '' : `; ${like}`;
  if (mentioned.length > 0) {
    const told = knowledge?.trim() ? tellingSentence(knowledge, new Set(mentioned.map(stem))) : '';
    if (shared.length > 0) {
      const fits = `Fits your taste for ${shared.join(' and ')}${further}`;
      return { text: told === '' ? `${fits}.` : `${fits}: ${told}`, source: 'knowledge' };
    }
    const named = `Its tags name ${mentioned.slice(0, 2).join(' and ')}${further}.`;
    return { text: told === '' ? named : told, source: 'knowledge' };
  }
  if (alike) return { text: `${like.charAt(0).toUpperCase()}${like.slice(1)}.`, source: 'history' };
  return {
    text:
      history.length > 0
        ? 'Liked by people with a history like yours.'
        : 'Its description is close to what you asked for.',
    source: 'retriever',
  };
}
