"""The step of step.ts in PyTorch eager: the same transformer, InfoNCE in the batch, clipping, AdamW; prints JSON."""

import json
import sys
import time

import torch
import torch.nn.functional as F
from encoder_pytorch import Encoder
from torch import nn

size = json.loads(sys.argv[1])
torch.set_num_threads(size["threads"])
torch.manual_seed(0)
ROWS, TOKENS = size["batch"], size["tokens"]

model = Encoder(size["vocabulary"], TOKENS, dropout=0.1).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.01)
present = torch.ones(ROWS, TOKENS)


def ids_at(step, offset):
    index = torch.arange(ROWS * TOKENS)
    return (2 + (index * 7919 + step * 104729 + offset) % (size["vocabulary"] - 2)).reshape(ROWS, TOKENS)


def train_once(step):
    optimizer.zero_grad()
    logits = model(ids_at(step, 0), present) @ model(ids_at(step, 11), present).T / 0.05
    loss = F.cross_entropy(logits, torch.arange(ROWS))
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


times = []
for step in range(size["steps"] + size["warmUp"]):
    started, processor = time.perf_counter(), time.process_time()
    train_once(step)
    if step >= size["warmUp"]:
        wall = (time.perf_counter() - started) * 1000
        times.append({"wall": wall, "processor": (time.process_time() - processor) * 1000})
weights = sum(parameter.numel() for parameter in model.parameters())
print(json.dumps({"times": times, "weights": weights, "torch": torch.__version__}))
