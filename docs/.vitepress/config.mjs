// The site: its navigation is the list of parts (docs/scripts/places.mjs), its search an index of its own, so that it works
// without any other host.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { slugify } from '../scripts/anchors.mjs';
import { docs, pageOf, parts, REPOSITORY, root } from '../scripts/places.mjs';

const titleOf = (path) => (/^# (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? path).replaceAll('`', '');

const api = join(docs, '.site', 'api');
const interfaces = existsSync(api)
  ? readdirSync(api, { recursive: true })
      .filter((name) => name.endsWith('.md') && name !== 'index.md')
      .sort()
      .map((name) => ({ text: `@palate/${name.slice(0, -3)}`, link: `/api/${name.slice(0, -3)}` }))
  : [];

export default {
  title: 'Palate',
  description: 'LLM-powered recommendation in TypeScript',
  lang: 'en',
  srcDir: '.site',
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  lastUpdated: false,
  markdown: { anchor: { slugify }, headers: { slugify } },
  vite: { build: { chunkSizeWarningLimit: 4000, reportCompressedSize: false } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    nav: [
      { text: 'Ten minutes', link: '/ten-minutes' },
      { text: 'Which method', link: '/which-method' },
      { text: 'Results', link: '/apps/benchmark' },
      { text: 'Interfaces', link: '/api/index' },
    ],
    sidebar: [
      ...parts().map(({ text, sources }) => ({
        text,
        collapsed: ['Packages', 'Methods'].includes(text),
        items: sources.map((source) => ({ text: titleOf(join(root, source)), link: `/${pageOf(source)}` })),
      })),
      { text: 'Interfaces', collapsed: true, items: interfaces },
    ],
  },
};
