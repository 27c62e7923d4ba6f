"""The first stage of answer.ts in PyTorch eager: a transformer of the same size and the search; prints JSON."""

import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from encoder_pytorch import WIDTH, Encoder

size = json.loads(sys.argv[1])
torch.set_num_threads(size["threads"])
torch.manual_seed(0)
TOKENS = size["tokens"]

model = Encoder(size["vocabulary"], TOKENS).eval()
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
