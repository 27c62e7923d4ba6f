import { readFileSync } from 'node:fs';

/** Version of the app, as its manifest has it. */
export const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };
