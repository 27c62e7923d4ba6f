// Adds items to a file, one batch after the other, as fast as it can: FILE NAME COUNT.
import { AddedItemsFile } from '../src/engine/added-items-file.ts';

const [, , path, name, count] = process.argv;
const file = new AddedItemsFile(path);
process.stdout.write('open\n');
// Both begin together.
await new Promise((resolve) => process.stdin.once('data', resolve));
for (let n = 0; n < Number(count); n++)
  await file.append([
    { id: `${name}-${n}`, text: { title: 'x'.repeat(200) } },
    { id: `${name}-${n}b`, text: {} },
  ]);
process.exit(0);
