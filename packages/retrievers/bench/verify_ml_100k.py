"""Independent numpy rendering of the classic retrievers on MovieLens 100K, leave-one-out, for verify-ml-100k.ts.
python3 verify_ml_100k.py U_DATA OUT_FOLDER: writes scores as 64-bit floats, users x items, and prints metrics."""
import json
import sys
import numpy as np

path, out = sys.argv[1:3]
data = np.loadtxt(path, dtype=np.int64)
users = {u: k for k, u in enumerate(dict.fromkeys(data[:, 0]))}
items = {i: k for k, i in enumerate(dict.fromkeys(data[:, 1]))}
sequences = [[] for _ in users]
for row, (u, i, _, t) in enumerate(data):
    sequences[users[u]].append((t, row, items[i]))
U, I = len(users), len(items)
X, known, test = np.zeros((U, I)), np.zeros((U, I)), np.zeros(U, int)
for u, sequence in enumerate(sequences):
    sequence.sort()
    X[u, [i for _, _, i in sequence[:-2]]] = 1
    known[u, [i for _, _, i in sequence[:-1]]] = 1
    test[u] = sequence[-1][2]


def measure(name, scores):
    scores.astype(np.float64).tofile(f"{out}/{name}.bin")
    s = scores.astype(np.float32).astype(np.float64)
    target = s[np.arange(U), test].copy()
    s[known > 0] = -np.inf
    s[np.arange(U), test] = -np.inf
    rank = (s >= target[:, None]).sum(1) + 1
    return {"hr@10": float((rank <= 10).mean()), "ndcg@10": float(((rank <= 10) / np.log2(rank + 1)).mean())}


results = {"popularity": measure("popularity", np.repeat(X.sum(0)[None], U, 0))}
P = np.linalg.inv(X.T @ X + 500 * np.eye(I))
B = -P / np.diag(P)[None]
np.fill_diagonal(B, 0)
results["ease"] = measure("ease", known @ B)

counts = np.maximum(X.sum(0), 1)
S = (X.T @ X) / np.sqrt(np.outer(counts, counts))
np.fill_diagonal(S, 0)
W = np.zeros_like(S)
for j in range(I):
    near = np.lexsort((np.arange(I), -S[:, j].astype(np.float32)))[:200]
    W[near, j] = S[near, j]
results["item-knn"] = measure("item-knn", known @ W)

alpha, lam, f = 10.0, 10.0, 64
for seed in range(3):
    Y = np.random.default_rng(seed).normal(size=(I, f)) * 0.1 / 8

    def solve(Z, M):
        G = Z.T @ Z + lam * np.eye(f)
        return np.array([np.linalg.solve(G + alpha * Z[m > 0].T @ Z[m > 0], (1 + alpha) * Z[m > 0].sum(0)) for m in M])

    for _ in range(10):
        A = solve(Y, X)
        Y = solve(A, X.T)
    results[f"implicit-als seed {seed}"] = measure(f"implicit-als-{seed}", solve(Y, known) @ Y.T)
print(json.dumps(results))
