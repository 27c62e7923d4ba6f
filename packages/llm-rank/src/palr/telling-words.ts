import { foldedWords } from '@palate/core';

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
export const stem = (word: string): string => {
  const stemmed = word.replace(/(ing|ed|es|s)$/, '');
  return stemmed.length >= 3 ? stemmed : word;
};
/** Words of two letters and more, the common ones left out: "war", "spy" and "AI" say what an item is about. */
export const tellingWords = (text: string): string[] =>
  foldedWords(text).filter((word) => word.length >= 2 && !COMMON.has(word));

/** The stems of the words of a text that say what it is about. */
export const tellingStems = (text: string): string[] => tellingWords(text).map(stem);

/** A text of the data, taken apart once. */
interface KnownText {
  readonly stems: ReadonlySet<string>;
  /** Sentences as they stand, each with its stems; taken apart when they are first asked for. */
  sentences?: readonly { readonly text: string; readonly stems: ReadonlySet<string> }[];
}

/** Texts of items are asked for again and again: they are remembered, up to so many. */
const MOST_REMEMBERED = 20_000;
const remembered = new Map<string, KnownText>();

/** A text of the data; what users typed is not remembered. */
function knownText(text: string): KnownText {
  const known = remembered.get(text);
  if (known) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const made: KnownText = { stems: new Set(tellingStems(text)) };
  remembered.set(text, made);
  return made;
}

/** The stems of a text of the data. */
export const stemsOfItemText = (text: string): ReadonlySet<string> => knownText(text).stems;

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

/**
 * The first of the sentences of a text of the data that hold most of the stems, as it stands. Of those that hold as many, one
 * that says something else besides goes first: "Garden." tells nobody more than who asked for a garden knew.
 */
export function tellingSentence(text: string, stems: ReadonlySet<string>): string {
  const known = knownText(text);
  known.sentences ??= sentencesOf(text).map((each) => ({ text: each, stems: new Set(tellingStems(each)) }));
  let best = known.sentences[0]?.text ?? '';
  let most = 0;
  for (const sentence of known.sentences) {
    let held = 0;
    for (const each of stems) if (sentence.stems.has(each)) held++;
    const told = held > 0 && sentence.stems.size > held ? held + 0.5 : held;
    if (told <= most) continue;
    best = sentence.text;
    most = told;
  }
  return best;
}
