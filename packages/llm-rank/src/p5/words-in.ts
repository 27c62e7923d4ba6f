/** The words of a text as P5 counts them: whatever stands between white space. */
export const wordsIn = (text: string): readonly string[] => text.match(/\S+/gu) ?? [];
