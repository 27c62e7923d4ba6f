import type { RecommendRequest } from '../../api/types.js';
import { lengthField, readLength } from '../../routing/list-length.js';
import { go, hrefOf } from '../../routing/route.js';

/** Request in the address. */
export interface Asked {
  /** A wish in words. */
  readonly text: string;
  /** A user of the data. */
  readonly user: string;
  /** Ids of titles to start from. */
  readonly picks: readonly string[];
  readonly ups: readonly string[];
  readonly downs: readonly string[];
  readonly k: number;
}

/** Reads the address; what cannot be meant is left out. */
export function readAsked(query: URLSearchParams): Asked {
  return {
    text: query.get('text') ?? '',
    user: query.get('user') ?? '',
    picks: [...new Set(query.getAll('item'))],
    ups: [...new Set(query.getAll('up'))],
    downs: [...new Set(query.getAll('down'))],
    k: readLength(query),
  };
}

/** Goes to the address of what is asked. */
export function ask(asked: Asked): void {
  go(
    hrefOf('ask', {
      text: asked.text,
      user: asked.user,
      item: asked.picks,
      up: asked.ups,
      down: asked.downs,
      k: lengthField(asked.k),
    }),
  );
}

/** Whether anything is asked. */
export function isAsked({ text, user, picks, ups, downs }: Asked): boolean {
  return text !== '' || user !== '' || picks.length + ups.length + downs.length > 0;
}

/**
 * The request behind the address. Of nobody known, titles and thumbs up are the history, and thumbs down put what is like them
 * down; for a user of the data the server counts thumbs itself, and a history would take the place of what it knows.
 */
export function requestOf({ text, user, picks, ups, downs, k }: Asked): RecommendRequest {
  const history = [...picks, ...ups.filter((id) => !picks.includes(id))];
  const wish = text === '' ? {} : { text };
  if (user !== '') return { user, ...wish, exclude: [...ups, ...downs], k, explain: true };
  return { ...(history.length === 0 ? {} : { history }), ...wish, dislikes: downs, k, explain: true };
}

/** The same question with a thumb given, turned or taken back. */
export function withThumb(asked: Asked, item: string, kind: 'like' | 'dislike'): Asked {
  const [own, other] = kind === 'like' ? (['ups', 'downs'] as const) : (['downs', 'ups'] as const);
  const isSet = asked[own].includes(item);
  return {
    ...asked,
    [own]: isSet ? asked[own].filter((id) => id !== item) : [...asked[own], item],
    [other]: asked[other].filter((id) => id !== item),
  };
}
