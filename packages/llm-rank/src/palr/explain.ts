import { stem, stemsOfItemText, tellingSentence, tellingStems, tellingWords } from './telling-words.js';

/** Facts on who gets an explanation. */
export interface ExplanationReader {
  /** Keywords of the user's profile, or of what was typed. */
  readonly keywords: readonly string[];
  /** Items of the history with their tags or genres. */
  readonly history: readonly { readonly title: string; readonly tags: readonly string[] }[];
}

/** Facts on an item that is explained. */
export interface ExplanationItem {
  /** Tags or genres of the recommended item. */
  readonly tags: readonly string[];
  /** Stored knowledge on the item. */
  readonly knowledge?: string | undefined;
}

/** Facts that an explanation may draw on. */
export interface ExplanationSources extends ExplanationReader, ExplanationItem {}

/** An explanation without a language model. */
export interface Explanation {
  readonly text: string;
  /** Grounds that it rests on. */
  readonly source: 'knowledge' | 'history' | 'retriever';
}

/**
 * A reason for an item from stored knowledge alone: the sentence of it that tells most of what was asked for, what its
 * tags share with the profile, and which item of the history is most like it. It says only what is in its sources.
 */
export function explainFromKnowledge(sources: ExplanationSources): Explanation {
  return explainerFromKnowledge(sources)(sources);
}

/**
 * Gives the reasons of {@link explainFromKnowledge} for any number of items to one reader, whose keywords and history are
 * taken apart once.
 */
export function explainerFromKnowledge({
  keywords,
  history,
}: ExplanationReader): (item: ExplanationItem) => Explanation {
  const keywordStems = keywords.map((keyword) => ({ keyword, stems: tellingStems(keyword) }));
  const told = [...new Set(keywords.flatMap(tellingWords))].map((word) => ({ word, stem: stem(word) }));
  const known = history.map(({ title, tags }) => ({
    title,
    tags: tags.map((tag) => ({ tag, plain: tag.toLowerCase() })),
  }));
  return ({ tags, knowledge }) => {
    const texts =
      keywords.length === 0 ? [] : [...tags, ...(knowledge ? [knowledge] : [])].map(stemsOfItemText);
    const isAbout = (each: string): boolean => texts.some((stems) => stems.has(each));
    // Most of a keyword's words have to be there: "Russian disaster film" is no match for any disaster.
    const shared = keywordStems
      .filter(({ stems }) => stems.length > 0 && stems.filter(isAbout).length > stems.length / 2)
      .slice(0, 2)
      .map(({ keyword }) => keyword);
    // Where no keyword fits as a whole, the words of one that do are still worth telling.
    const mentioned = told.filter((each) => isAbout(each.stem));
    const plain = new Set(tags.map((tag) => tag.toLowerCase()));
    let alike: { readonly title: string; readonly common: readonly string[] } | undefined;
    for (const each of known) {
      const common = each.tags.filter((tag) => plain.has(tag.plain)).map(({ tag }) => tag);
      if (common.length > (alike?.common.length ?? 0)) alike = { title: each.title, common };
    }
    const like = alike
      ? `like ${alike.title} it is ${alike.common.slice(0, 2).join(' and ').toLowerCase()}`
      : '';
    const further = like === '' ? '' : `; ${like}`;
    if (mentioned.length > 0) {
      const sentence = knowledge?.trim()
        ? tellingSentence(knowledge, new Set(mentioned.map((each) => each.stem)))
        : '';
      if (shared.length > 0) {
        const fits = `Fits your taste for ${shared.join(' and ')}${further}`;
        return { text: sentence === '' ? `${fits}.` : `${fits}: ${sentence}`, source: 'knowledge' };
      }
      const words = mentioned.slice(0, 2).map(({ word }) => word);
      const named = `Its tags name ${words.join(' and ')}${further}.`;
      return { text: sentence === '' ? named : sentence, source: 'knowledge' };
    }
    if (alike) return { text: `${like.charAt(0).toUpperCase()}${like.slice(1)}.`, source: 'history' };
    return {
      text:
        history.length > 0
          ? 'Liked by people with a history like yours.'
          : 'Its description is close to what you asked for.',
      source: 'retriever',
    };
  };
}
