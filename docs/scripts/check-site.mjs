// Checks what was built: every link within the site leads to a page that is there, and to an anchor that the page has; no
// page loads anything from another host.
import { existsSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { filesBelow } from '../../scripts/workspace.mjs';

const idsOf = (html) =>
  new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => decodeURIComponent(id)));

/** Counts the links of a site, and lists what is broken. */
export function checkSite(dir) {
  const pages = new Map(
    filesBelow(dir, ['.html']).map((path) => [
      relative(dir, path).replaceAll(sep, '/'),
      readFileSync(path, 'utf8'),
    ]),
  );
  const ids = new Map([...pages].map(([path, html]) => [path, idsOf(html)]));
  const broken = [];
  let links = 0;
  for (const [path, html] of pages) {
    for (const [, href] of html.matchAll(/<a\s[^>]*?href="([^"]+)"/g)) {
      if (/^[a-z]+:/.test(href)) continue;
      links++;
      const [to = '', hash] = href.split('#');
      const found = to === '' ? path : to.startsWith('/') ? to.slice(1) : posix.join(posix.dirname(path), to);
      const page = found === '' || found.endsWith('/') ? `${found}index.html` : found;
      if (!pages.has(page) && !existsSync(join(dir, page))) broken.push(`${path}: there is no ${href}`);
      else if (hash && pages.has(page) && !ids.get(page)?.has(decodeURIComponent(hash)))
        broken.push(`${path}: ${page} has no part ${hash}`);
    }
    for (const [, address] of html.matchAll(
      /<(?:script|link|img|iframe)\s[^>]*?(?:src|href)="((?:https?:)?\/\/[^"]+)"/g,
    ))
      broken.push(`${path}: loads ${address} from another host`);
  }
  return { links, broken: [...new Set(broken)] };
}
