import type { GenrePreferences } from './genre-preferences.js';

const NONE = 'nothing';

/** Writes preferences as the answer that the model learns: `'likes Drama, Comedy; dislikes Horror'`. */
export function writePreferences({ liked, disliked }: GenrePreferences): string {
  const list = (names: readonly string[]): string => names.join(', ') || NONE;
  return `likes ${list(liked)}; dislikes ${list(disliked)}`;
}

/**
 * Reads an answer back (the verbaliser): genres that are named after "likes" and after "dislikes". What is no known genre is
 * left out, and a text without these words names none.
 *
 * @param genres - the genres that there are
 */
export function readPreferences(text: string, genres: readonly string[]): GenrePreferences {
  const known = new Map(genres.map((name) => [name.toLowerCase(), name]));
  const [likes = '', dislikes = ''] = text.split(/\bdislikes\b/i);
  const namesIn = (part: string): string[] => {
    const names = part
      .replace(/^.*\blikes\b/is, '')
      .split(/[,;.]/)
      .map((name) => known.get(name.trim().toLowerCase()))
      .filter((name) => name !== undefined);
    return [...new Set(names)];
  };
  return { liked: /\blikes\b/i.test(likes) ? namesIn(likes) : [], disliked: namesIn(dislikes) };
}

/** The classes of preferences, for multi-label scores: each genre once as liked and once as disliked. */
export function preferenceClasses({ liked, disliked }: GenrePreferences): string[] {
  return [...liked.map((name) => `liked ${name}`), ...disliked.map((name) => `disliked ${name}`)];
}
