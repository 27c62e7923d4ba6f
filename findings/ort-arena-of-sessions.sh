#!/usr/bin/env bash
# Memory that kept sessions of ONNX Runtime hold between their runs.
# One would guess that sessions of one process share a CPU arena, or give back what a run needed, so that eight sessions
# that run one after the other need what the largest run needs.
# Seen 2026-11-30, onnxruntime-node 1.30.0, Linux x64: each session has an arena of its own and keeps it. Eight graphs that
# each need one tensor of 64 MB while they run hold some 1,000 MB afterwards; with `enableCpuMemArena: false` and
# `enableMemPattern: false` some 10 MB. Results are equal.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund onnxruntime-node@1.30.0 onnx-proto@8.0.1
cat > run.mjs <<'JS'
process.env.ORT_DISABLE_TELEMETRY = '1';
const { default: ort } = await import('onnxruntime-node');
const { onnx } = (await import('onnx-proto')).default;
const value = (name, dims) => ({ name, type: { tensorType: { elemType: 1, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } } });
const COLUMNS = 4000;
// The mean of the squares of column + row: the sum of the two is the one large tensor.
const modelOf = (rows) => onnx.ModelProto.encode(onnx.ModelProto.create({
  irVersion: 8, opsetImport: [{ domain: '', version: 17 }],
  graph: {
    name: 'g',
    node: [
      { opType: 'Add', input: ['column', 'row'], output: ['sum'] },
      { opType: 'Mul', input: ['sum', 'sum'], output: ['square'] },
      { opType: 'ReduceMean', input: ['square'], output: ['mean'], attribute: [{ name: 'keepdims', type: 2, i: 0 }] },
    ],
    input: [value('column', [rows, 1]), value('row', [1, COLUMNS])], output: [value('mean', [])],
  },
})).finish();
async function held(options) {
  const before = process.memoryUsage().rss;
  const kept = [];
  let mean = 0;
  for (let k = 0; k < 8; k++) {
    const rows = 4000 + k;
    const session = await ort.InferenceSession.create(modelOf(rows), { intraOpNumThreads: 1, ...options });
    const { mean: found } = await session.run({
      column: new ort.Tensor('float32', new Float32Array(rows).fill(0.5), [rows, 1]),
      row: new ort.Tensor('float32', new Float32Array(COLUMNS), [1, COLUMNS]),
    });
    mean = found.data[0];
    kept.push(session);
  }
  const megabytes = Math.round((process.memoryUsage().rss - before) / 1e6);
  for (const session of kept) await session.release();
  return { megabytes, mean };
}
const without = await held({ enableCpuMemArena: false, enableMemPattern: false });
const plain = await held({});
console.log('onnxruntime', ort.env.versions.common);
console.log(`eight sessions hold: arena off ${without.megabytes} MB, as by default ${plain.megabytes} MB; means ${without.mean} and ${plain.mean}`);
if (plain.megabytes < 400 || without.megabytes > 200 || Math.abs(plain.mean - without.mean) > 1e-4) process.exit(1);
JS
node run.mjs
