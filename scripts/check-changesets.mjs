// Every published package is known to changesets: the configuration is valid and each package has an entry
// waiting or a changelog behind it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages, root } from './workspace.mjs';

const folder = join(root, '.changeset');
const waiting = readdirSync(folder)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .map((name) => readFileSync(join(folder, name), 'utf8'));
const missing = packages().filter(
  ({ dir, manifest }) =>
    !existsSync(join(dir, 'CHANGELOG.md')) && !waiting.some((text) => text.includes(`'${manifest.name}':`)),
);
for (const { manifest } of missing) process.stderr.write(`${manifest.name}: no changeset and no changelog\n`);
process.exit(missing.length === 0 ? 0 : 1);
