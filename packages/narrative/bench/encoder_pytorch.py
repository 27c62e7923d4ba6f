"""A transformer of the size of use-lite in PyTorch, which answer_pytorch.py and step_pytorch.py run."""

import torch
import torch.nn.functional as F
from torch import nn

HEADS, INPUT, WIDTH, INNER = 4, 256, 512, 1536


class Layer(nn.Module):
    """Pre-norm attention and feed-forward; the first layer widens its input."""

    def __init__(self, inputs, dropout):
        super().__init__()
        self.before = nn.LayerNorm(inputs)
        self.mixed = nn.Linear(inputs, 3 * inputs)
        self.out = nn.Linear(inputs, WIDTH)
        self.wide = nn.Linear(inputs, WIDTH) if inputs != WIDTH else nn.Identity()
        self.between = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, INNER)
        self.down = nn.Linear(INNER, WIDTH)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask):
        rows, length, inputs = x.shape
        parts = self.mixed(self.before(x)).reshape(rows, length, 3, HEADS, inputs // HEADS).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(*parts, attn_mask=mask)
        x = self.wide(x) + self.drop(self.out(attended.transpose(1, 2).reshape(rows, length, inputs)))
        return x + self.drop(self.down(torch.relu(self.up(self.between(x)))))


class Encoder(nn.Module):
    """The vectors of texts, of norm 1: the mean of the states under one more layer."""

    def __init__(self, vocabulary, tokens, dropout=0.0):
        super().__init__()
        self.words = nn.Embedding(vocabulary, INPUT)
        self.layers = nn.ModuleList([Layer(INPUT, dropout), Layer(WIDTH, dropout)])
        self.top = nn.Linear(WIDTH, WIDTH)
        angles = torch.arange(tokens)[:, None] * torch.exp(-torch.arange(INPUT // 2) / INPUT * 18)[None]
        self.register_buffer("timing", torch.cat([angles.sin(), angles.cos()], 1))

    def forward(self, ids, present):
        mask = torch.where(present > 0, 0.0, -1e9)[:, None, None, :]
        x = 2 * self.words(ids) + self.timing
        for layer in self.layers:
            x = layer(x, mask)
        mean = (x * present[:, :, None]).sum(1) / present.sum(1, keepdim=True)
        return F.normalize(torch.tanh(self.top(mean)), dim=1)
