"""The step of step.ts in PyTorch eager: the same transformer, InfoNCE in the batch, clipping, AdamW; prints JSON."""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

size = json.loads(sys.argv[1])
torch.set_num_threads(size["threads"])
torch.manual_seed(0)
ROWS, TOKENS, HEADS, DROPOUT = size["batch"], size["tokens"], 4, 0.1
INPUT, WIDTH, INNER = 256, 512, 1536


class Layer(nn.Module):
    """Pre-norm attention and feed-forward; the first layer widens its input."""

    def __init__(self, inputs):
        super().__init__()
        self.before = nn.LayerNorm(inputs)
        self.mixed = nn.Linear(inputs, 3 * inputs)
        self.out = nn.Linear(inputs, WIDTH)
        self.wide = nn.Linear(inputs, WIDTH) if inputs != WIDTH else nn.Identity()
        self.between = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, INNER)
        self.down = nn.Linear(INNER, WIDTH)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x, mask):
        rows, length, inputs = x.shape
        parts = self.mixed(self.before(x)).reshape(rows, length, 3, HEADS, inputs // HEADS).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(*parts, attn_mask=mask)
        x = self.wide(x) + self.drop(self.out(attended.transpose(1, 2).reshape(rows, length, inputs)))
        return x + self.drop(self.down(torch.relu(self.up(self.between(x)))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(size["vocabulary"], INPUT)
        self.layers = nn.ModuleList([Layer(INPUT), Layer(WIDTH)])
        self.top = nn.Linear(WIDTH, WIDTH)
        angles = torch.arange(TOKENS)[:, None] * torch.exp(-torch.arange(INPUT // 2) / INPUT * 18)[None]
        self.register_buffer("timing", torch.cat([angles.sin(), angles.cos()], 1))

    def forward(self, ids, present):
        mask = torch.where(present > 0, 0.0, -1e9)[:, None, None, :]
        x = 2 * self.words(ids) + self.timing
        for layer in self.layers:
            x = layer(x, mask)
        mean = (x * present[:, :, None]).sum(1) / present.sum(1, keepdim=True)
        return F.normalize(torch.tanh(self.top(mean)), dim=1)


model = Encoder().train()
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
