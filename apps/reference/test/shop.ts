import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importDataset } from '@palate/datasets';

const SHOP = fileURLToPath(new URL('../../../examples/shop/', import.meta.url));

/** Imports the shop of the examples into a folder of its own below one that is there; gives its path. */
export async function importShop(below: string): Promise<string> {
  const folder = join(below, 'shop');
  await importDataset({
    interactions: join(SHOP, 'orders.csv'),
    items: join(SHOP, 'products.jsonl'),
    folder,
  });
  return folder;
}
