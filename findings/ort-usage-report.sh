#!/usr/bin/env bash
# What a plain session of onnxruntime-node leaves in the user's folders.
# One would guess: nothing; and that the common DO_NOT_TRACK=1 keeps any report from being made.
# Seen 2026-11-30: one session with an empty HOME leaves files under it, with DO_NOT_TRACK=1 too; none with
# ORT_DISABLE_TELEMETRY=1 set before the library is loaded; and none with CI=true, so that a test which looks for left
# files passes on a build server whether the reports were switched off or not.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund onnxruntime-node@1.30.0 onnx-proto@8.0.1
cat > run.mjs <<'JS'
const { default: ort } = await import('onnxruntime-node');
const { onnx } = (await import('onnx-proto')).default;
const value = (name) => ({ name, type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }] } } } });
const model = onnx.ModelProto.encode(onnx.ModelProto.create({
  irVersion: 8, opsetImport: [{ domain: '', version: 17 }],
  graph: { name: 'g', node: [{ opType: 'Identity', input: ['x'], output: ['y'] }], input: [value('x')], output: [value('y')] },
})).finish();
const session = await ort.InferenceSession.create(model);
await session.run({ x: new ort.Tensor('float32', Float32Array.of(1), [1]) });
await session.release();
await new Promise((resolve) => setTimeout(resolve, 3000));
JS
count() { # files below a new HOME after one session with the given variables
  local home; home=$(mktemp -d -p "$work")
  env -i PATH="$PATH" HOME="$home" "$@" node run.mjs >/dev/null 2>&1
  find "$home" -type f | sed "s#$home#  \$HOME#" >&2
  find "$home" -type f | wc -l
}
plain=$(count A=1); track=$(count DO_NOT_TRACK=1); off=$(count ORT_DISABLE_TELEMETRY=1); server=$(count CI=true)
echo "onnxruntime-node 1.30.0: files left: plain $plain, DO_NOT_TRACK=1 $track, ORT_DISABLE_TELEMETRY=1 $off, CI=true $server"
[ "$plain" -gt 0 ] && [ "$track" -gt 0 ] && [ "$off" -eq 0 ] && [ "$server" -eq 0 ]
