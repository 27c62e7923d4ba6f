// Hides the optional library from this process, then starts a ranker fresh and from the folder that is asked for.
import { register } from 'node:module';

const hide = `export async function resolve(specifier, context, next) {
  if (specifier === '@huggingface/transformers')
    throw Object.assign(new Error('Cannot find package ' + specifier), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hide)}`);
const { Catalog, createDataset, InteractionLog } = await import('@palate/core');
const { LocalRanker } = await import('../../src/index.js');
const log = InteractionLog.fromRows([
  { user: 'u', item: 'a' },
  { user: 'u', item: 'b' },
]);
const catalog = new Catalog({ items: log.items, text: { title: ['Film a', 'Film b'] } });
const dataset = createDataset({ name: 'two films', log, catalog, licence: 'MIT', source: 'made up' });
const { items } = await LocalRanker.fit(dataset, { dimension: 8, heads: 2, blocks: 1, epochs: 1 });
console.log(items.size);
await LocalRanker.fit(dataset, { startFrom: process.argv[2] }).catch((error) =>
  console.log(error.code, error.dependency, error.message.includes('npm install')),
);
