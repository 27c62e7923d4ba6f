"""Beam search over the same tree of IDs with a model of the same size in plain PyTorch: time a user by the clock and of all
processors, alone and in a batch."""
import json
import sys
import time

import numpy as np
import torch
from torch import nn

folder, beams, length, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
tuples = np.fromfile(f"{folder}/tuples.i32", np.int32).reshape(-1, 4)
histories = torch.tensor(np.fromfile(f"{folder}/histories.i32", np.int32).reshape(-1, length).astype(np.int64))
SIZE, DEPTH, WIDTH = 256, 4, 64
torch.manual_seed(0)

# The tree as dense child tables: the node that a code leads to, 0 for none.
nodes = [{(): 0}] + [{} for _ in range(DEPTH)]
for level in range(1, DEPTH + 1):
    for row in tuples:
        nodes[level].setdefault(tuple(row[:level]), len(nodes[level]) + 1)
children = []
for level in range(DEPTH):
    table = np.zeros((len(nodes[level]) + 1, SIZE), np.int64)
    for row in tuples:
        table[nodes[level][tuple(row[:level])], row[level]] = nodes[level + 1][tuple(row[: level + 1])]
    children.append(torch.tensor(table))
closed = [torch.where(table > 0, 0.0, -1e9) for table in children]


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.codes = nn.Parameter(torch.randn(DEPTH * SIZE, WIDTH) / 8)
        self.prefixes = nn.ParameterList(nn.Parameter(torch.zeros(len(level) + 1, WIDTH)) for level in nodes)
        self.gates = nn.ParameterList(nn.Parameter(torch.zeros(len(level) + 1, WIDTH)) for level in nodes)
        self.places = nn.Parameter(torch.randn(length, WIDTH) / 10)
        layer = nn.TransformerEncoderLayer(WIDTH, 2, 4 * WIDTH, 0.0, "gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False) if "enable_nested_tensor" in nn.TransformerEncoder.__init__.__code__.co_varnames else nn.TransformerEncoder(layer, 2)
        self.norm = nn.LayerNorm(WIDTH)
        self.descents = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4 * WIDTH), nn.ReLU(), nn.Linear(4 * WIDTH, WIDTH))
            for _ in range(DEPTH - 1)
        )
        offsets = np.arange(DEPTH) * SIZE
        self.item_codes = torch.tensor((tuples + offsets).astype(np.int64))

    def start(self, items):
        x = self.codes[self.item_codes[items]].sum(2) * 4 + self.places
        mask = torch.triu(torch.full((length, length), float("-inf")), 1)
        return self.norm(self.body(x, mask))[:, -1]

    def scores(self, states, at, level):
        table = self.codes[level * SIZE : (level + 1) * SIZE]
        return torch.log_softmax(states @ table.T + closed[level][at], -1)

    def descend(self, states, code, at, level):
        x = states + 8 * (self.codes[level * SIZE + code] + self.prefixes[level + 1][at])
        return states * (1 + self.gates[level + 1][at]) + self.descents[level](x)


@torch.inference_mode()
def search(model, items):
    rows = len(items)
    states = model.start(items).unsqueeze(1)
    at = torch.zeros(rows, 1, dtype=torch.long)
    total = torch.zeros(rows, 1)
    for level in range(DEPTH):
        scores = total.unsqueeze(2) + model.scores(states, at, level)
        best, index = scores.flatten(1).topk(min(beams, scores[0].numel()), 1)
        parent, code = index // SIZE, index % SIZE
        at = children[level][at.gather(1, parent), code]
        total = best
        if level < DEPTH - 1:
            states = states.gather(1, parent.unsqueeze(2).expand(-1, -1, WIDTH))
            states = model.descend(states, code, at, level)
    return at, total


model = Model().eval()


def clock(work, times, users=1):
    work()
    started, before = time.perf_counter(), time.process_time()
    for k in range(times):
        work()
    share = 1000 / times / users
    return {"wall": (time.perf_counter() - started) * share, "processor": (time.process_time() - before) * share}


at = iter(range(10**9))
alone = clock(lambda: search(model, histories[[next(at) % len(histories)]]), 100)
batch = clock(lambda: search(model, histories), 3, len(histories))
print(json.dumps({"alone": alone, "batch": batch, "version": torch.__version__}))
