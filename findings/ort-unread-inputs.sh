#!/usr/bin/env bash
# A feed that the model has no input for, in the two Node builds of ONNX Runtime.
# One would guess that onnxruntime-node and onnxruntime-web, which share onnxruntime-common and one version, treat it alike.
# Seen 2026-11-30 (1.30.0): the native build leaves it out without a word; WebAssembly ends with "invalid input". A graph
# from which an exporter dropped an unread input therefore runs in tests and fails where the native build is not installed.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 onnx-proto@8.0.1
cat > run.mjs <<'JS'
process.env.ORT_DISABLE_TELEMETRY = '1';
const { onnx } = (await import('onnx-proto')).default;
const value = (name) => ({ name, type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }] } } } });
const model = onnx.ModelProto.encode(onnx.ModelProto.create({
  irVersion: 8, opsetImport: [{ domain: '', version: 17 }],
  graph: { name: 'g', node: [{ opType: 'Identity', input: ['x'], output: ['y'] }], input: [value('x')], output: [value('y')] },
})).finish();
const seen = {};
for (const name of ['onnxruntime-node', 'onnxruntime-web']) {
  const module = await import(name);
  const ort = module.default ?? module;
  const session = await ort.InferenceSession.create(model);
  const one = new ort.Tensor('float32', Float32Array.of(1), [1]);
  seen[name] = await session.run({ x: one, unread: one }).then(({ y }) => `y = ${y.data[0]}`, ({ message }) => message);
  console.log(`${name}: ${seen[name]}`);
}
process.exit(seen['onnxruntime-node'] === 'y = 1' && /invalid input/.test(seen['onnxruntime-web']) ? 0 : 1);
JS
node run.mjs
