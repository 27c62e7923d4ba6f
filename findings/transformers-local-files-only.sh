#!/usr/bin/env bash
# What AutoTokenizer of @huggingface/transformers does with local_files_only and a local folder that has tokenizer.json
# but no tokenizer_config.json.
# One would guess: an error that names the missing file, or a tokenizer without its settings; no request in any case.
# Seen 2026-11-30: it asks huggingface.co for tokenizer_config.json of a model by the folder's name. With the file there,
# and for a missing config.json of a model, it asks for nothing.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/transformers@4.3.1
mkdir -p models/words
cat > models/words/tokenizer.json <<'JSON'
{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
 "pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":null,"decoder":null,
 "model":{"type":"WordLevel","vocab":{"[UNK]":0,"heat":1},"unk_token":"[UNK]"}}
JSON
cat > run.mjs <<'JS'
import { writeFileSync } from 'node:fs';
let asked = 0;
globalThis.fetch = async (url) => {
  asked++;
  console.error(`  asks for ${url}`);
  throw new TypeError('no network in this script');
};
process.env.ORT_DISABLE_TELEMETRY = '1';
const { AutoTokenizer, AutoModel, env } = await import('@huggingface/transformers');
env.localModelPath = './models/';
const options = { local_files_only: true };
const count = async (load) => {
  asked = 0;
  await load().catch((error) => console.error(`  ${error.message}`));
  return asked;
};
const without = await count(() => AutoTokenizer.from_pretrained('words', options));
const model = await count(() => AutoModel.from_pretrained('words', options));
writeFileSync('models/words/tokenizer_config.json', '{"tokenizer_class":"PreTrainedTokenizerFast"}');
const complete = await count(() => AutoTokenizer.from_pretrained('words', options));
console.log(`@huggingface/transformers 4.3.1, local_files_only: requests without tokenizer_config.json ${without}, with it ${complete}, for a missing config.json ${model}`);
process.exit(without > 0 && complete === 0 && model === 0 ? 0 : 1);
JS
node run.mjs
