// Runs every example of a list, and counts those that fail.
import './stage.js';
import { readFileSync } from 'node:fs';

const examples = JSON.parse(readFileSync('examples.json', 'utf8')) as { file: string; where: string }[];
let failed = 0;
for (const { file, where } of examples)
  await import(`./${file.replace(/ts$/, 'js')}`).catch((error: unknown) => {
    failed++;
    console.log(`${where}: ${error instanceof Error ? error.message : error}`);
  });
console.log(`doc examples: ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
