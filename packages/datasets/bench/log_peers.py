"""What DuckDB and polars take for the work of beside-peers.ts: python3 log_peers.py duckdb|polars FILE. Prints JSON."""
import json
import resource
import sys
import time

peer, path = sys.argv[1:3]


def step(work):
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    result = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result, {"seconds": time.perf_counter() - started, "processor": processor}


steps, rows = {}, []
if peer == "duckdb":
    import duckdb as library

    columns, steps["load"] = step(
        lambda: library.sql(f"select user, item, rating, time from read_csv('{path}')").fetchnumpy()
    )
    rows = [len(columns["user"])]
else:
    import polars as library

    frame, steps["load"] = step(lambda: library.read_csv(path))

    def split():
        core = frame
        while True:
            before = core.height
            core = core.filter(library.len().over("user") >= 5)
            core = core.filter(library.len().over("item") >= 5)
            if core.height == before:
                break
        core = core.sort("user", "time", maintain_order=True)
        left = library.len().over("user") - library.int_range(library.len()).over("user")
        core = core.with_columns(left.alias("left"))
        return [core, *(core.filter(part) for part in (library.col("left") > 2, library.col("left") == 2, library.col("left") == 1))]

    parts, steps["core and split"] = step(split)
    rows = [frame.height, *(part.height for part in parts)]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"version": library.__version__, "steps": steps, "rows": rows, "megabytes": peak}))
