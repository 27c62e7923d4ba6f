"""faiss on the vectors that vector-search.ts wrote: flat index and HNSW, with all threads. Prints JSON: [seconds, processor seconds]."""
import json
import resource
import sys
import time

import faiss
import numpy as np

folder, width = sys.argv[1], int(sys.argv[2])
vectors = np.fromfile(f"{folder}/vectors.f32", np.float32).reshape(-1, width)
queries = np.fromfile(f"{folder}/queries.f32", np.float32).reshape(-1, width)
truth = np.fromfile(f"{folder}/truth.i32", np.int32).reshape(len(queries), -1)
k = truth.shape[1]


def timed(work):
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    result = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result, [time.perf_counter() - started, processor]


flat = faiss.IndexFlatIP(width)
flat.add(vectors)
flat.search(queries, k)
_, batch = timed(lambda: flat.search(queries, k))
_, alone = timed(lambda: [flat.search(queries[q : q + 1], k) for q in range(100)])
hnsw = faiss.IndexHNSWFlat(width, 16, faiss.METRIC_INNER_PRODUCT)
hnsw.hnsw.efConstruction = 200
_, built = timed(lambda: hnsw.add(vectors))
hnsw.hnsw.efSearch = 100
(_, labels), searched = timed(lambda: hnsw.search(queries, k))
hits = sum(len(set(a) & set(b)) for a, b in zip(labels.tolist(), truth.tolist()))
print(json.dumps({
    "version": faiss.__version__,
    "threads": faiss.omp_get_max_threads(),
    "batch": batch,
    "alone": alone,
    "build": built,
    "search": searched,
    "recall": hits / truth.size,
}))
