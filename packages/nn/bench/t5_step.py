"""The step of t5-step.ts by HuggingFace's T5 in PyTorch eager: same sizes, same ids, AdamW; prints JSON."""

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
).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01)


def ids_at(step, length, offset):
    index = torch.arange(size["batch"] * length)
    return (2 + (index * 7919 + step * 104729 + offset) % (size["vocab_size"] - 2)).reshape(size["batch"], length)


def train_once(step):
    optimizer.zero_grad()
    inputs = ids_at(step, size["inputs"], 0)
    loss = model(
        input_ids=inputs,
        attention_mask=torch.ones_like(inputs),
        decoder_input_ids=ids_at(step, size["outputs"], 11),
        labels=ids_at(step, size["outputs"], 12),
    ).loss
    loss.backward()
    optimizer.step()
    return loss.item()


def processor():
    used = os.times()
    return used.user + used.system


times, used = [], []
for step in range(size["steps"] + size["warmUp"]):
    started, before = time.perf_counter(), processor()
    train_once(step)
    if step >= size["warmUp"]:
        times.append((time.perf_counter() - started) * 1000)
        used.append((processor() - before) * 1000)
print(
    json.dumps(
        {
            "milliseconds": statistics.median(times),
            "processor": statistics.median(used),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }
    )
)
