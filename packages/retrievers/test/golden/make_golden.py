"""Writes golden.json with numpy: scores of EASE, ItemKNN, UserKNN, recent popularity, BM25, an exact iALS solve and
reciprocal rank fusion on a small random log. Run: python3 make_golden.py > golden.json"""
import json
import math
import re
import numpy as np

rng = np.random.default_rng(7)
U, I, K = 25, 14, 4
X = (rng.random((U, I)) < 0.3).astype(float)
X[0, :2] = 1
times = rng.integers(0, 40 * 86400, (U, I))
rows = [[f"u{u}", f"i{i}", int(times[u, i])] for i in range(I) for u in range(U) if X[u, i]]
h = np.zeros(I)
h[[1, 4, 9]] = 1
out = {"made_by": {"numpy": np.__version__}, "rows": rows, "history": [1, 4, 9]}

lam = 20.0
P = np.linalg.inv(X.T @ X + lam * np.eye(I))
B = -P / np.diag(P)[None, :]
np.fill_diagonal(B, 0)
out["ease"] = {"lambda": lam, "scores": (h @ B).tolist()}

counts = X.sum(0)
S = (X.T @ X) / (np.sqrt(np.outer(counts, counts)) + 1.5)
np.fill_diagonal(S, 0)
W = np.zeros_like(S)
for j in range(I):
    near = sorted((i for i in range(I) if S[i, j] > 0), key=lambda i: (-np.float32(S[i, j]), i))[:K]
    W[near, j] = S[near, j]
out["itemKnn"] = {"neighbours": K, "shrinkage": 1.5, "scores": (h @ W).tolist()}

both = X @ h
sim = both / (np.sqrt(X.sum(1) * h.sum()) + 0.5)
appearance = list(dict.fromkeys(row[0] for row in rows))  # equally near users stand by first appearance in the log
near = sorted((u for u in range(U) if both[u] > 0), key=lambda u: (-np.float32(sim[u]), appearance.index(f"u{u}")))[:6]
out["userKnn"] = {"neighbours": 6, "shrinkage": 0.5, "scores": (sim[near] @ X[near]).tolist()}

newest = times[X > 0].max()
out["recent"] = {"halfLifeDays": 7, "scores": ((X * 2.0 ** ((times - newest) / (7 * 86400))).sum(0)).tolist()}

texts = ["Red car, red road", "Blue car", "Quiet river and a blue boat", "The road by the river", "Car race"]
words = [re.findall(r"[a-z0-9]+", t.lower()) for t in texts]
query = ["red", "car", "river", "car", "nothing"]
mean = sum(map(len, words)) / len(words)
scores = []
for w in words:
    total = 0.0
    for q in query:
        tf, n = w.count(q), sum(q in other for other in words)
        if tf:
            total += math.log(1 + (len(words) - n + 0.5) / (n + 0.5)) * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(w) / mean))
    scores.append(total)
out["bm25"] = {"texts": texts, "query": "RED car: river? car nothing", "scores": scores}

# iALS: alternate exactly from the same start many times; the converged fit is compared by its reconstruction.
alpha, lam, f = 6.0, 2.0, 3
Y = rng.normal(size=(I, f)) * 0.1
for _ in range(400):
    A = [np.linalg.solve(Y.T @ Y + alpha * (Y[x > 0].T @ Y[x > 0]) + lam * np.eye(f), (1 + alpha) * Y[x > 0].sum(0)) for x in X]
    A = np.array(A)
    Y = np.array([np.linalg.solve(A.T @ A + alpha * (A[X[:, i] > 0].T @ A[X[:, i] > 0]) + lam * np.eye(f), (1 + alpha) * A[X[:, i] > 0].sum(0)) for i in range(I)])
loss = ((1 + alpha * X) * (X - A @ Y.T) ** 2).sum() + lam * ((A ** 2).sum() + (Y ** 2).sum())
fold = np.linalg.solve(Y.T @ Y + alpha * (Y[h > 0].T @ Y[h > 0]) + lam * np.eye(f), (1 + alpha) * Y[h > 0].sum(0))
out["implicitAls"] = {"alpha": alpha, "lambda": lam, "factors": f, "iterations": 400, "scores": (Y @ fold).tolist(), "loss": loss}
print(json.dumps(out))
