"""The first stage of answer.ts in PyTorch eager: a transformer of the same size and the search; prints JSON."""

import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

size = json.loads(sys.argv[1])
torch.set_num_threads(size["threads"])
torch.manual_seed(0)
TOKENS, HEADS, DROPOUT = size["tokens"], 4, 0.0
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


model = Encoder().eval()
items = F.normalize(torch.randn(size["items"], WIDTH), dim=1)
present = torch.ones(1, TOKENS)


def encode(turn):
    ids = 2 + (torch.arange(TOKENS) * 7919 + turn * 104729) % (size["vocabulary"] - 2)
    return model(ids[None], present)


def search(turn):
    return (encode(turn) @ items.T).topk(10)


times = {"encode": [], "search": []}
with torch.inference_mode():
    for turn in range(size["requests"] + 1):
        for name, work in (("encode", encode), ("search", search)):
            started = time.process_time()
            work(turn)
            if turn > 0:
                times[name].append((time.process_time() - started) * 1000)
print(json.dumps({**{name: statistics.median(own) for name, own in times.items()}, "torch": torch.__version__}))
