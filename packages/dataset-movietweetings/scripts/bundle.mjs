// Makes data/ from a folder with a MovieTweetings snapshot and the knowledge and answer files: node scripts/bundle.mjs FOLDER
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
const filesOf = (folder) =>
  readdirSync(join(source, folder))
    .filter((name) => name.endsWith('.jsonl') || name.endsWith('.json'))
    .map((name) => join(folder, name));
for (const name of ['ratings.dat', 'movies.dat', ...filesOf('knowledge'), ...filesOf('answers')]) {
  const bytes = readFileSync(join(source, name));
  const isArray = name.endsWith('.json');
  const to = join(target, `${name.replace('/', '-')}${isArray ? 'l' : ''}.gz`);
  // An array becomes one record a line, as the other files have them.
  const records = isArray
    ? `${JSON.parse(bytes.toString())
        .map((record) => JSON.stringify(record))
        .join('\n')}\n`
    : bytes;
  writeFileSync(to, gzipSync(records, { level: constants.Z_BEST_COMPRESSION }));
  process.stdout.write(`${to}\n`);
}
writeFileSync(join(target, 'LICENSE-MovieTweetings'), readFileSync(join(source, 'LICENSE')));
