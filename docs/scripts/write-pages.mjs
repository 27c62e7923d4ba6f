// Writes the pages of docs/ and the READMEs into docs/.site: the tables that they name are put in, and their links lead to
// pages of the site where there are such, or to the repository.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { docs, pageOf, parts, REPOSITORY, root } from './places.mjs';
import { withTables } from './tables.mjs';

const site = join(docs, '.site');
const IMAGE = new Set(['.png', '.svg', '.jpg']);

/** A text with what stands outside of its code changed. */
const outsideCode = (text, change) =>
  text
    .split(/(^```[\s\S]*?^```$)/m)
    .map((piece, k) => (k % 2 === 1 ? piece : change(piece)))
    .join('');

/** Writes every page; gives their number, and what is wrong with them. */
export function writePages() {
  const sources = ['docs/index.md', ...parts().flatMap(({ sources }) => sources)];
  const known = new Map(sources.map((source) => [source, pageOf(source)]));
  const faults = [];

  /** Where a link leads on the site. */
  function target(source, link) {
    const [path, hash] = link.split('#');
    const suffix = hash === undefined ? '' : `#${hash}`;
    const found = posix.normalize(posix.join(posix.dirname(source), path)).replace(/\/$/, '');
    const page = known.get(found) ?? known.get(`${found}/README.md`);
    if (page !== undefined) return `/${page}.md${suffix}`;
    if (found.startsWith('docs/api/')) return `/${found.slice('docs/'.length)}${suffix}`;
    if (!existsSync(join(root, found))) {
      faults.push(`${source}: there is no ${found}, to which it links`);
      return link;
    }
    if (IMAGE.has(extname(found))) {
      const copy = join(site, 'public', found);
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(join(root, found), copy);
      return `/${found}`;
    }
    return `${REPOSITORY}/${statSync(join(root, found)).isDirectory() ? 'tree' : 'blob'}/main/${found}${suffix}`;
  }

  for (const [source, page] of known) {
    const filled = withTables(readFileSync(join(root, source), 'utf8'), source, faults);
    const text = outsideCode(filled, (piece) =>
      piece
        .replace(/(\]\()([^)\s]+)(\))/g, (all, open, link, close) =>
          /^([a-z]+:|#|\/)/.test(link) ? all : `${open}${target(source, link)}${close}`,
        )
        .replaceAll('{{', '&#123;&#123;'),
    );
    const path = join(site, `${page}.md`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  for (const name of readdirSync(docs).filter((each) => each.endsWith('.md')))
    if (!known.has(`docs/${name}`))
      faults.push(`docs/${name}: no part of the sidebar names it (docs/scripts/places.mjs)`);
  return { pages: known.size, faults };
}
