"""TPC-H over local files: Sluice over the PostgreSQL protocol against DuckDB in
process, query by query in turn in one run, each query's best of three. Columns of
Sluice: cold (the first run of a query in a fresh server), warm, caches off, and a
larger cache."""
import argparse, os, sys

from engines import TABLES, Duck, Sluice
from race import Column, race, read_queries, report


def folders(data):
    """A folder for each table, which Athena's tables need, over the same files."""
    root = os.path.join(os.path.abspath(data), "tables")
    for t in TABLES:
        os.makedirs(os.path.join(root, t), exist_ok=True)
        path = os.path.join(root, t, t + ".parquet")
        if not os.path.exists(path):
            os.link(os.path.join(data, t + ".parquet"), path)
    return f"file://{root}/{{}}"


def main():
    ap = argparse.ArgumentParser()
    for k in ("sf", "data", "queries", "out"):
        ap.add_argument("--" + k, required=True)
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--only", default="")
    ap.add_argument("--cache", default="")
    ap.add_argument("--big", default="4GB")
    ap.add_argument("--columns", default="warm,off,big")
    a = ap.parse_args()
    import duckdb
    queries = read_queries(a.queries, a.only)
    base = {"SLUICE_ROOTS": os.path.abspath(a.data)}
    if a.cache:
        base["SLUICE_CACHE_MEMORY"] = a.cache
    settings = {"warm": ("warm", {}), "off": ("caches off", {"SLUICE_CACHE_OFF": "true"}),
                "big": ("cache " + a.big, {"SLUICE_CACHE_MEMORY": a.big})}
    duck = Column("DuckDB")
    entries = [(duck, Duck(duck.name, a.data + "/{0}.parquet"))]
    cold = {}
    for key in a.columns.split(","):
        name, env = settings[key]
        column = Column(name, duck)
        if key == "warm":
            cold[column] = Column("cold", duck)
        entries.append((column, Sluice(name, folders(a.data), base | env)))
    wrong = race(queries, a.runs, entries, cold)
    columns = [duck, *cold.values(), *(c for c, _ in entries[1:])]
    title = f"TPC-H SF{a.sf}, DuckDB {duckdb.__version__} with 2 threads; best of {a.runs}; in brackets Sluice's share of DuckDB's time"
    report(title, queries, columns, wrong, "", a.out)
    for _, engine in entries:
        engine.stop()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
