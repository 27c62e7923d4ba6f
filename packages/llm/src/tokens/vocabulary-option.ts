import { option } from '@palate/core';
import type { TextTokens } from './text-tokens.js';

/** Kind of an option that is a vocabulary. */
export const VOCABULARY = option.value<TextTokens>(
  'a vocabulary, such as wordTokens or folderTokens gives',
  (value) => ['encode', 'decode', 'files'].every((name) => typeof Object(value)[name] === 'function'),
);
