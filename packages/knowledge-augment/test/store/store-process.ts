// Run by the tests of damage: uses a store in a process with limits of its own and tells what came of it as JSON.
import { openKnowledgeStore } from '../../src/store/lmdb-knowledge-store.js';

const [path = '', count = '0'] = process.argv.slice(2);
const unhandled: string[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(String(reason)));

const store = openKnowledgeStore(path);
const stored: string[] = [];
const codes: string[] = [];
for (let k = 0; k < Number(count) && codes.length < 3; k++)
  try {
    const entity = `film-${k}`;
    // Digits that compression cannot make short.
    const text = Array.from({ length: 400 }, (_, i) => (k * 7919 + i * 104_729) % 9973).join(' ');
    await store.put([
      { entityType: 'item', entity, kind: 'infer', promptVersion: '1', model: 'm', text, createdAt: 1 },
    ]);
    stored.push(entity);
  } catch (error) {
    codes.push((error as { code: string }).code);
  }
const listed: string[] = [];
for await (const { entity } of store.list()) listed.push(entity);
await store.close();
console.log(JSON.stringify({ stored, codes, listed, unhandled }));
