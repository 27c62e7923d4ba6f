import { METHODS } from './methods.js';

/** The registry as a Markdown table, for a README. */
export function methodTable(): string {
  return [
    '| key | goes by | kind | needs | package |',
    '|---|---|---|---|---|',
    ...METHODS.map(
      ({ key, title, kind, needs, package: of }) =>
        `| \`${key}\` | ${title} | ${kind} | ${needs.join(', ') || 'nothing'} | \`${of}\` |`,
    ),
  ].join('\n');
}
