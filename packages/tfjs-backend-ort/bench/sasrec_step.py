"""The step of sasrec.ts in PyTorch eager: same sizes, same operations, Adam; prints JSON.

    python3 sasrec_step.py [threads] [steps]
"""

import json
import math
import statistics
import sys
import time

import torch
import torch.nn.functional as F

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 20
torch.set_num_threads(threads)
torch.manual_seed(1)
ITEMS, BATCH, LENGTH, WIDTH, BLOCKS, RATE = 2414, 128, 50, 64, 2, 0.2
ROWS = BATCH * LENGTH


def weight(*shape):
    return torch.nn.Parameter(torch.randn(*shape) * 0.05)


parameters = {"items": weight(ITEMS + 1, WIDTH), "positions": weight(LENGTH, WIDTH)}


def norm_parameters(name):
    parameters[name + ".gain"] = torch.nn.Parameter(torch.ones(WIDTH))
    parameters[name + ".bias"] = torch.nn.Parameter(torch.zeros(WIDTH))


for block in range(BLOCKS):
    for name in ("q", "k", "v", "o", "f1", "f2"):
        parameters[f"{block}.{name}.w"] = weight(WIDTH, WIDTH)
        parameters[f"{block}.{name}.b"] = torch.nn.Parameter(torch.zeros(WIDTH))
    norm_parameters(f"{block}.attention")
    norm_parameters(f"{block}.feed")
norm_parameters("last")
optimizer = torch.optim.Adam(parameters.values(), lr=1e-3)
future = torch.triu(torch.full((LENGTH, LENGTH), -1e9), diagonal=1)


def dense(x, name):
    return torch.addmm(parameters[name + ".b"], x, parameters[name + ".w"])


def norm(x, name):
    return F.layer_norm(x, (WIDTH,), parameters[name + ".gain"], parameters[name + ".bias"], 1e-8)


def loss_of(inputs, positives, negatives):
    drop = lambda x: F.dropout(x, RATE, True)
    real = (inputs > 0).float()
    flat_real = real.reshape(ROWS, 1)
    items = parameters["items"]
    x = F.embedding(inputs.reshape(ROWS), items) * math.sqrt(WIDTH)
    x = drop(x.reshape(BATCH, LENGTH, WIDTH) + parameters["positions"]).reshape(ROWS, WIDTH) * flat_real
    split = lambda flat: flat.reshape(BATCH, LENGTH, WIDTH)
    for block in range(BLOCKS):
        query = norm(x, f"{block}.attention")
        q, k, v = split(dense(query, f"{block}.q")), split(dense(x, f"{block}.k")), split(dense(x, f"{block}.v"))
        scores = torch.bmm(q, k.transpose(1, 2)) * (1 / math.sqrt(WIDTH)) + future
        mixed = torch.bmm(drop(torch.softmax(scores, -1)), v).reshape(ROWS, WIDTH)
        x = query + dense(mixed, f"{block}.o")
        feed = norm(x, f"{block}.feed")
        hidden = drop(torch.relu(dense(feed, f"{block}.f1")))
        x = (drop(dense(hidden, f"{block}.f2")) + feed) * flat_real
    last = norm(x, "last")
    score = lambda ids: (last * F.embedding(ids.reshape(ROWS), items)).sum(1)
    losses = F.softplus(-score(positives)) + F.softplus(score(negatives))
    flat = real.reshape(ROWS)
    return (losses * flat).sum() / flat.sum()


def batch_at(step):
    base = torch.arange(ROWS).reshape(BATCH, LENGTH)
    ids = lambda offset: 1 + (base * 7919 + step * 104729 + offset) % ITEMS
    return ids(0), ids(1), ids(5003)


def train_once(step):
    optimizer.zero_grad()
    loss = loss_of(*batch_at(step))
    loss.backward()
    optimizer.step()
    return loss.item()


for step in range(4):
    train_once(step)
times = []
for step in range(steps):
    start = time.perf_counter()
    train_once(step)
    times.append((time.perf_counter() - start) * 1000)
print(json.dumps({"threads": threads, "torch": torch.__version__, "eagerMilliseconds": statistics.median(times)}))
