// Makes data/ from a folder with a MovieTweetings snapshot and the knowledge files: node scripts/bundle.mjs FOLDER
// Equal input gives equal bytes (gzip without names and times). users.dat, the Twitter ids, is left out.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';

const [source] = process.argv.slice(2);
if (!source) {
  process.stderr.write('usage: node scripts/bundle.mjs FOLDER\n');
  process.exit(2);
}
const target = join(dirname(dirname(fileURLToPath(import.meta.url))), 'data');
mkdirSync(target, { recursive: true });
const knowledge = readdirSync(join(source, 'knowledge')).filter((name) => name.endsWith('.jsonl'));
for (const name of ['ratings.dat', 'movies.dat', ...knowledge.map((file) => join('knowledge', file))]) {
  const to = join(target, `${name.replace('/', '-')}.gz`);
  writeFileSync(to, gzipSync(readFileSync(join(source, name)), { level: constants.Z_BEST_COMPRESSION }));
  process.stdout.write(`${to}\n`);
}
writeFileSync(join(target, 'LICENSE-MovieTweetings'), readFileSync(join(source, 'LICENSE')));
