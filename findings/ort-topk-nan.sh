#!/usr/bin/env bash
# TopK of ONNX Runtime on a row that holds a NaN.
# One would guess that NaN comes first, comes last, or is an error, and that the numbers keep their order.
# Seen 2026-11-30: with the NaN in the second column the best two are 735 and NaN, of 735, 829, 646, 718, 912; with
# the NaN in the last column they are 912 and 829. Where it stands decides what is found.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund onnxruntime-node@1.30.0 onnx-proto@8.0.1
cat > run.mjs <<'JS'
process.env.ORT_DISABLE_TELEMETRY = '1';
const { default: ort } = await import('onnxruntime-node');
const { onnx } = (await import('onnx-proto')).default;
const value = (name, elemType, dims) => ({ name, type: { tensorType: { elemType, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } } });
const model = onnx.ModelProto.encode(onnx.ModelProto.create({
  irVersion: 8, opsetImport: [{ domain: '', version: 17 }],
  graph: {
    name: 'g',
    node: [{ opType: 'TopK', input: ['x', 'k'], output: ['v', 'i'], attribute: [] }],
    initializer: [{ name: 'k', dataType: 7, dims: [1], int64Data: [2] }],
    input: [value('x', 1, [1, 6])], output: [value('v', 1, [1, 2]), value('i', 7, [1, 2])],
  },
})).finish();
const session = await ort.InferenceSession.create(model);
const best = async (row) => [...(await session.run({ x: new ort.Tensor('float32', Float32Array.from(row), [1, 6]) })).v.data];
const rows = { plain: [735, 0, 829, 646, 718, 912], second: [735, NaN, 829, 646, 718, 912], last: [735, 829, 646, 718, 912, NaN] };
const seen = {};
for (const [name, row] of Object.entries(rows)) { seen[name] = await best(row); console.log(name, row.join(' '), '->', seen[name].join(' ')); }
console.log('onnxruntime', ort.env.versions.common);
const lost = Object.entries(seen).filter(([name, v]) => name !== 'plain' && !v.includes(912));
console.log('rows whose largest number 912 is not among the best two:', lost.map(([n]) => n).join(', ') || 'none');
if (lost.length === 0 || String(seen.plain) !== '912,829') process.exit(1);
JS
node run.mjs
