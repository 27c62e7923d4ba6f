const ESCAPE = '\\u001b';
const STRING_END = `(?:\\u0007|${ESCAPE}\\\\|\\u009c)`;

/**
 * Sequences that terminals obey (ECMA-48): control sequences, operating system commands and other strings up to
 * their end mark, and two-character escapes. Every part stops at the next escape, so that matching is linear.
 */
const TERMINAL_SEQUENCES = new RegExp(
  [
    `(?:${ESCAPE}\\[|\\u009b)[0-?]*[ -/]*[@-~]`,
    `(?:${ESCAPE}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u001b\\u009c\\n]*${STRING_END}`,
    `${ESCAPE}[ -/]*[0-~]`,
  ].join('|'),
  'g',
);

/** Controls other than line feed and tab, and marks that turn the direction of what is displayed. */
const CONTROLS = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Strips from a text of unknown origin (a title, an error) what a terminal would obey instead of showing: escape
 * sequences, control characters other than line feed and tab, and changes of the writing direction.
 *
 * @example
 * ```ts
 * printable('\u001b[2J\u001b]0;owned\u0007Heat'); // 'Heat'
 * ```
 */
export function printable(text: string): string {
  return text.replace(TERMINAL_SEQUENCES, '').replace(CONTROLS, '');
}

/**
 * A value as JSON that a terminal shows and does not obey: controls and changes of the writing direction are escaped, so
 * that who parses it gets every character.
 *
 * @example
 * ```ts
 * printableJson('a\u202eb'); // "a\u202eb"
 * ```
 */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(
    CONTROLS,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Marks by which widespread chat templates begin and end turns, at the position where a blank disarms them. */
const TEMPLATE_MARKS = /<(?=\||\/?s>|(?:start|end)_of_turn>)|\[(?=\/?INST\])/g;

/**
 * A text of unknown origin (a title, a description, a user's words) on one line, for use in a prompt: it can begin
 * no line of its own, hence forge no numbered line and no heading, and holds no mark of a chat template.
 *
 * A text on one line without such marks stays as it is, so that prompts, and the keys of their recorded answers, do
 * not change by quoting.
 *
 * @example
 * ```ts
 * quoteForPrompt('Heat\n2. Alien'); // 'Heat 2. Alien'
 * ```
 */
export function quoteForPrompt(text: string): string {
  return text
    .replace(TERMINAL_SEQUENCES, '')
    .replace(/[\s\u0085]+/gu, (run) => (/[^\p{Zs}]/u.test(run) ? ' ' : run))
    .replace(CONTROLS, '')
    .replace(TEMPLATE_MARKS, '$& ')
    .trim();
}
