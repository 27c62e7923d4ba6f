"""Times numpy's inverse of a matrix of 64-bit floats: python3 numpy_inverse.py FILE SIZE ROUNDS. Prints JSON."""
import json
import resource
import sys
import time
import numpy as np

path, size, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
gram = np.fromfile(path, dtype=np.float64).reshape(size, size)
seconds, processor = [], []
for _ in range(rounds):
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    inverse = np.linalg.inv(gram)
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds.append(time.perf_counter() - started)
    processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
print(json.dumps({"seconds": seconds, "processor": processor, "numpy": np.__version__, "corner": inverse[:3, :3].ravel().tolist(), "trace": float(np.trace(inverse))}))
