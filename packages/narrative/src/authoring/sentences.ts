/** Abbreviations whose point ends no sentence. */
const ABBREVIATIONS = /\b(?:mr|mrs|ms|dr|st|jr|sr|vs|etc|e\.g|i\.e|no|vol|[A-Z])\.$/i;

/** The sentences of a text, trimmed, in order. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let open = '';
  for (const part of text.split(/(?<=[.!?…]["”’)]?)\s+(?=["“‘(]?[\p{Lu}\d])|\n+/u)) {
    open = open === '' ? part.trim() : `${open} ${part.trim()}`;
    if (ABBREVIATIONS.test(open)) continue;
    if (open !== '') sentences.push(open);
    open = '';
  }
  if (open !== '') sentences.push(open);
  return sentences;
}

/** Words of a sentence, as the bounds on its length count them. */
export const wordCount = (sentence: string): number =>
  sentence.split(/\s+/).filter((word) => word !== '').length;
