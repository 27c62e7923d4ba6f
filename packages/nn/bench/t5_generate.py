"""The search of t5-generate.ts by HuggingFace's generate in PyTorch: same sizes, inputs and beams; prints JSON."""

import json
import os
import statistics
import sys
import time

import torch
import transformers

size = json.loads(sys.argv[1])
torch.set_num_threads(size["threads"])
torch.manual_seed(0)
shape = ("vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_heads")
model = transformers.T5ForConditionalGeneration(
    transformers.T5Config(**{name: size[name] for name in shape}, decoder_start_token_id=0)
).eval()
index = torch.arange(size["users"] * size["inputs"])
inputs = (2 + (index * 7919) % 32000).reshape(size["users"], size["inputs"])


def search():
    with torch.inference_mode():
        return model.generate(
            input_ids=inputs,
            attention_mask=torch.ones_like(inputs),
            num_beams=size["beams"],
            num_return_sequences=size["beams"],
            # The ids' pieces and the end; the peer too may stop earlier.
            max_new_tokens=size["tokens"] + 1,
        )


def processor():
    used = os.times()
    return used.user + used.system


seconds, used = [], []
for run in range(size["runs"] + 1):
    started, before = time.perf_counter(), processor()
    search()
    if run > 0:
        seconds.append(time.perf_counter() - started)
        used.append(processor() - before)
print(
    json.dumps(
        {
            "seconds": statistics.median(seconds),
            "processor": statistics.median(used),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }
    )
)
