"""hnswlib's Python binding on the vectors that vector-search.ts wrote: build and query time, recall@10."""
import json
import sys
import time

import hnswlib
import numpy as np

folder, width = sys.argv[1], int(sys.argv[2])
vectors = np.fromfile(f"{folder}/vectors.f32", np.float32).reshape(-1, width)
queries = np.fromfile(f"{folder}/queries.f32", np.float32).reshape(-1, width)
truth = np.fromfile(f"{folder}/truth.i32", np.int32).reshape(len(queries), -1)
index = hnswlib.Index(space="ip", dim=width)
index.init_index(max_elements=len(vectors), M=16, ef_construction=200, random_seed=0)
index.set_num_threads(1)
started = time.perf_counter()
index.add_items(vectors)
built = time.perf_counter()
index.set_ef(100)
labels, _ = index.knn_query(queries, k=truth.shape[1])
searched = time.perf_counter()
hits = sum(len(set(a) & set(b)) for a, b in zip(labels.tolist(), truth.tolist()))
print(json.dumps({
    "build": built - started,
    "query": (searched - built) / len(queries) * 1000,
    "recall": hits / truth.size,
}))
