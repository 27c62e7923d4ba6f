#!/usr/bin/env bash
# Two casts in a row, float to int64 and int64 to int32, in ONNX Runtime on the CPU.
# One would guess that the way over int64 is taken: 3e9 fits into it, and its low 32 bits are -1294967296; and that naming
# the int64 tensor as one more output changes nothing else.
# Seen 2026-11-30: -1294967296 comes out only where the int64 tensor is an output too; alone the two casts become one from
# float to int32, with graphOptimizationLevel 'disabled' as well, and 3e9 becomes -2147483648.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund onnxruntime-node@1.30.0 onnx-proto@8.0.1
cat > run.mjs <<'JS'
process.env.ORT_DISABLE_TELEMETRY = '1';
const { default: ort } = await import('onnxruntime-node');
const { onnx } = (await import('onnx-proto')).default;
const value = (name, elemType) => ({ name, type: { tensorType: { elemType, shape: { dim: [{ dimValue: 3 }] } } } });
const cast = (input, output, to) => ({ opType: 'Cast', input: [input], output: [output], attribute: [{ name: 'to', type: 2, i: to }] });
const seen = {};
for (const outputs of [['y'], ['wide', 'y']]) {
  const model = onnx.ModelProto.encode(onnx.ModelProto.create({
    irVersion: 8, opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'g', node: [cast('x', 'wide', 7), cast('wide', 'y', 6)], input: [value('x', 1)],
      output: outputs.map((name) => value(name, name === 'y' ? 6 : 7)),
    },
  })).finish();
  for (const graphOptimizationLevel of ['disabled', 'all']) {
    const session = await ort.InferenceSession.create(model, { graphOptimizationLevel });
    const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.of(7, 3e9, -3e9), [3]) });
    const name = `outputs ${outputs.join(' and ')}, optimisation ${graphOptimizationLevel}`;
    seen[name] = [...y.data].join(' ');
    console.log(`onnxruntime ${ort.env.versions.common}, ${name}: 7 3e9 -3e9 -> ${seen[name]}`);
  }
}
if (new Set(Object.values(seen)).size !== 2) process.exit(1);
JS
node run.mjs
