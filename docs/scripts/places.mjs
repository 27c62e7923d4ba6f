// Where the pages of the site come from, and where they go.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/workspace.mjs';

export { root };
export const docs = join(root, 'docs');
/** Where files that are no pages can be read. */
export const REPOSITORY = 'https://github.com/palate-js/palate';

/** Parts of the sidebar in their order; a page that none of them names is refused. */
export const PARTS = [
  {
    text: 'Begin',
    pages: ['docs/ten-minutes.md', 'docs/which-package.md', 'docs/which-method.md', 'examples/README.md'],
  },
  {
    text: 'Guides',
    pages: [
      'docs/evaluation.md',
      'docs/language-models.md',
      'docs/serving.md',
      'apps/reference/README.md',
      'docs/scale.md',
      'docs/add-a-method.md',
    ],
  },
  { text: 'Methods', folder: 'docs/methods' },
  { text: 'Results', pages: ['apps/benchmark/README.md'] },
  {
    text: 'How it works',
    pages: ['docs/one-step-through-the-backend.md', 'docs/one-beam-through-tiger.md'],
  },
  {
    text: 'Reference',
    pages: [
      'docs/runtimes.md',
      'docs/error-codes.md',
      'docs/kernels.md',
      'docs/licences.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
    ],
  },
  { text: 'Packages', folder: 'packages' },
];

/** The READMEs of the packages. */
export const readmes = () =>
  readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}/README.md`)
    .filter((path) => existsSync(join(root, path)));

const below = (folder) =>
  folder === 'packages'
    ? readmes()
    : readdirSync(join(root, folder))
        .filter((name) => name.endsWith('.md'))
        // The page that tells of all others comes first.
        .sort((a, b) => Number(b === 'index.md') - Number(a === 'index.md') || (a < b ? -1 : 1))
        .map((name) => `${folder}/${name}`);

/** The sources of all pages, by part. */
export const parts = () =>
  PARTS.map(({ text, pages, folder }) => ({
    text,
    sources: pages?.filter((path) => existsSync(join(root, path))) ?? below(folder),
  }));

/** Where a page of the site stands, without `.md`: of `packages/eval/README.md` it is `packages/eval`. */
export function pageOf(source) {
  if (source === 'docs/index.md') return 'index';
  return source
    .replace(/^docs\//, '')
    .replace(/\/README\.md$/, '')
    .replace(/\.md$/, '')
    .toLowerCase();
}
