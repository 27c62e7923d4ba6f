// Copies the first ```ts example of each package's README into the root README, between its markers, so that what
// the front page shows is what CI runs. With --check it only compares.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages, root } from './workspace.mjs';

const path = join(root, 'README.md');
const before = readFileSync(path, 'utf8');
let after = before;
const missing = [];
for (const { dir, manifest } of packages()) {
  const room = manifest.name.replace('@palate/', '');
  const readme = join(dir, 'README.md');
  const example = existsSync(readme) && readFileSync(readme, 'utf8').match(/^```ts\n[\s\S]*?^```/m)?.[0];
  const markers = new RegExp(`(<!-- example:${room} -->\n)[\\s\\S]*?(<!-- /example -->)`);
  if (!example || !markers.test(after)) {
    missing.push(room);
    continue;
  }
  after = after.replace(markers, (_, open, close) => `${open}${example}\n${close}`);
}
for (const room of missing) process.stderr.write(`README.md: no example of ${room}\n`);
if (process.argv.includes('--check')) {
  if (after !== before)
    process.stderr.write(
      'README.md: examples differ from the packages; run node scripts/readme-examples.mjs\n',
    );
  process.exit(after === before && missing.length === 0 ? 0 : 1);
}
writeFileSync(path, after);
