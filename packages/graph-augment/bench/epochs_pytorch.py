"""Epochs of LightGCN (torch-geometric, and by a sparse matrix) and TransE (dense and sparse gradients) on given batches:
reads names of models, trains an epoch of each on one thread, and answers with the processor seconds, or "none" where it cannot."""
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus

folder, items, entities = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
torch.manual_seed(0)


def batches(name, size):
    rows = torch.tensor(np.fromfile(f"{folder}/{name}.i32", np.int32).reshape(-1, 4).astype(np.int64))
    return rows.split(size)


def edges():
    rows = torch.cat(list(batches("light-gcn", 2048)))
    pairs = torch.stack([rows[:, 0], rows[:, 2]])
    return torch.cat([pairs, pairs.flip(0)], 1)


class Geometric:
    """As in torch-geometric's own example of LightGCN."""

    def __init__(self):
        from torch_geometric.nn.models import LightGCN

        self.model = LightGCN(entities, 64, 3)
        self.edges = edges()
        self.optimiser = torch.optim.Adam(self.model.parameters(), 1e-3)
        self.batches = batches("light-gcn", 2048)

    def step(self, rows):
        pairs = torch.cat([rows[:, [0, 2]], rows[:, [0, 3]]]).T
        positive, negative = self.model(self.edges, pairs).chunk(2)
        return self.model.recommendation_loss(positive, negative, node_id=pairs.unique(), lambda_reg=1e-4)


class Sparse:
    """The same by products with a normalised sparse matrix."""

    def __init__(self):
        self.table = nn.Parameter(torch.randn(entities, 64) * 0.1)
        pairs = edges()
        degree = torch.bincount(pairs[0], minlength=entities).float().clamp(min=1).rsqrt()
        weights = degree[pairs[0]] * degree[pairs[1]]
        self.matrix = torch.sparse_coo_tensor(pairs, weights, (entities, entities)).coalesce().to_sparse_csr()
        self.optimiser = torch.optim.Adam([self.table], 1e-3)
        self.batches = batches("light-gcn", 2048)

    def step(self, rows):
        layer = total = self.table
        for _ in range(3):
            layer = self.matrix @ layer
            total = total + layer
        final = total / 4
        heads, true, false = final[rows[:, 0]], final[rows[:, 2]], final[rows[:, 3]]
        squares = self.table[rows[:, [0, 2, 3]].unique()].square().sum()
        return softplus((heads * false).sum(1) - (heads * true).sum(1)).mean() + 1e-4 * squares / (2 * len(rows))


class TransE:
    def __init__(self, sparse):
        self.vectors = nn.Embedding(entities, 32, sparse=sparse)
        self.biases = nn.Embedding(entities, 1, sparse=sparse)
        self.relations = nn.Embedding(2, 32)
        for table in (self.vectors, self.biases, self.relations):
            nn.init.normal_(table.weight, std=0.1)
        tables = [*self.vectors.parameters(), *self.biases.parameters()]
        self.optimisers = [
            (torch.optim.SparseAdam if sparse else torch.optim.Adam)(tables, 1e-3),
            torch.optim.Adam(self.relations.parameters(), 1e-3),
        ]
        self.batches = batches("trans-e", 1024)

    def step(self, rows):
        left = self.vectors(rows[:, :1]) + self.relations(rows[:, 1:2])
        distance = (left - self.vectors(rows[:, 2:])).norm(dim=2)
        scores = self.biases(rows[:, :1])[:, :, 0] + self.biases(rows[:, 2:])[:, :, 0] - distance
        return (softplus(-scores[:, 0]) + softplus(scores[:, 1])).mean()


MAKERS = {
    "light-gcn torch-geometric": Geometric,
    "light-gcn torch sparse": Sparse,
    "trans-e torch": lambda: TransE(False),
    "trans-e torch sparse gradients": lambda: TransE(True),
}
made = {}
for line in sys.stdin:
    name = line.strip()
    try:
        if name not in made:
            made[name] = MAKERS[name]()
    except ImportError:
        print("none", flush=True)
        continue
    model = made[name]
    optimisers = getattr(model, "optimisers", None) or [model.optimiser]
    started = time.process_time()
    for rows in model.batches:
        for optimiser in optimisers:
            optimiser.zero_grad()
        model.step(rows).backward()
        for optimiser in optimisers:
            optimiser.step()
    print(time.process_time() - started, flush=True)
