// The table of kernels, made from the backend as it registers itself (packages/tfjs-backend-ort/scripts/list-kernels.mjs).
import { spawnSync } from 'node:child_process';
import { root } from './places.mjs';

export function kernelTable() {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=palate-source', 'packages/tfjs-backend-ort/scripts/list-kernels.mjs'],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the kernels cannot be listed:\n${stderr}`);
  const { kernels } = JSON.parse(stdout);
  const count = (way) => kernels.filter((each) => each.way === way).length;
  return [
    `TensorFlow.js names ${kernels.length} kernels: ${count('graph')} are recorded into graphs, ${count('JavaScript')} run in JavaScript, ${count('none')} are refused.`,
    '',
    '| kernel | runs in | gradient | `tfjs-backend-cpu` has it |',
    '|---|---|---|---|',
    ...kernels.map(
      ({ name, way, gradient, cpu }) =>
        `| \`${name}\` | ${way === 'none' ? 'refused' : way} | ${gradient ? 'yes' : ''} | ${cpu ? 'yes' : 'no'} |`,
    ),
  ].join('\n');
}
