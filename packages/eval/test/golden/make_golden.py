"""Writes golden.json: metrics by scikit-learn, significance by scipy, as independent references for the tests.
Run with Debian's python3-sklearn and python3-scipy: python3 make_golden.py > golden.json"""
import json
import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import metrics

rng = np.random.default_rng(20261126)
out = {"made_by": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}}

# Graded ranking: 12 items, grades 0 to 3, scores without ties.
cases = []
for _ in range(6):
    grades = rng.integers(0, 4, 12)
    if grades.sum() == 0:
        grades[0] = 2
    scores = rng.permutation(12).astype(float)
    case = {"grades": grades.tolist(), "scores": scores.tolist()}
    for k in (3, 5, 10):
        case[f"ndcg@{k}"] = metrics.ndcg_score([grades], [scores], k=k)
        case[f"ndcg-exp@{k}"] = metrics.ndcg_score([2.0 ** grades - 1], [scores], k=k)
    binary = (grades > 0).astype(int)
    case["map"] = metrics.average_precision_score(binary, scores)
    case["mrr"] = metrics.label_ranking_average_precision_score([np.eye(12)[np.argmax(np.where(binary > 0, scores, -1))]], [scores])
    cases.append(case)
out["ranking"] = cases

labels = rng.integers(0, 2, 60)
scores = np.round(rng.random(60) * 0.6 + labels * 0.3, 1)  # many ties
probabilities = np.clip(scores / 1.0, 0.05, 0.95)
truths = rng.integers(1, 6, 60).astype(float)
predictions = np.clip(truths + rng.normal(0, 1, 60), 1, 5)
groups = rng.integers(0, 5, 60)
weighted = [(metrics.roc_auc_score(labels[groups == g], scores[groups == g]), (groups == g).sum())
            for g in range(5) if len(set(labels[groups == g])) == 2]
out["prediction"] = {
    "labels": labels.tolist(), "scores": scores.tolist(), "probabilities": probabilities.tolist(),
    "truths": truths.tolist(), "predictions": predictions.tolist(), "groups": groups.tolist(),
    "auc": metrics.roc_auc_score(labels, scores),
    "gauc": float(sum(a * n for a, n in weighted) / sum(n for _, n in weighted)),
    "logLoss": metrics.log_loss(labels, probabilities),
    "rmse": float(np.sqrt(metrics.mean_squared_error(truths, predictions))),
    "mae": metrics.mean_absolute_error(truths, predictions),
}

a = np.round(rng.random(40), 2)
b = np.round(np.clip(a + rng.normal(0.05, 0.15, 40), 0, 1), 2)
b[:6] = a[:6]  # pairs without a difference
nonzero = (a - b)[a != b]
boot = stats.bootstrap((a,), np.mean, n_resamples=200_000, method="percentile", random_state=1).confidence_interval
bca = stats.bootstrap((a ** 4,), np.mean, n_resamples=200_000, method="BCa", random_state=1).confidence_interval
flips = rng.choice([-1, 1], size=(200_000, 40)) @ (a - b)
out["significance"] = {
    "a": a.tolist(), "b": b.tolist(),
    "t": list(stats.ttest_rel(a, b)),
    "wilcoxon": list(stats.wilcoxon(a, b, zero_method="wilcox", correction=False, mode="approx")),
    "randomisation": float((np.abs(flips) >= abs((a - b).sum()) - 1e-12).mean()),
    "percentile": [boot.low, boot.high],
    "bca": [bca.low, bca.high],
    "student": [[t, n, float(2 * stats.t.sf(t, n))] for t in (0.1, 1.5, 4.0, 12.0) for n in (1, 7, 4332)],
    "normal": [[z, float(stats.norm.cdf(z))] for z in (-8, -3.3, -1.2, -0.3, 0, 0.7, 2.5, 6)],
    "quantile": [[q, float(stats.norm.ppf(q))] for q in (1e-6, 0.025, 0.3, 0.5, 0.9, 0.9999)],
}
print(json.dumps(out, indent=1))
