#!/usr/bin/env bash
# Who decides on ONNX Runtime's usage reports once @huggingface/transformers is imported.
# One would guess: the user, whose ORT_DISABLE_TELEMETRY=0 asks for the reports.
# Seen 2026-11-30: importing transformers sets the variable to 1 whatever it was, also for sessions that the program
# opens with onnxruntime-node by itself.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/transformers@4.3.1
for before in 0 unset; do
  if [ "$before" = unset ]; then unset ORT_DISABLE_TELEMETRY; else export ORT_DISABLE_TELEMETRY=$before; fi
  after=$(node --input-type=module -e "await import('@huggingface/transformers'); console.log(process.env.ORT_DISABLE_TELEMETRY ?? 'unset')")
  echo "@huggingface/transformers 4.3.1: ORT_DISABLE_TELEMETRY $before before the import, $after after it"
  [ "$after" = 1 ] || exit 1
done
