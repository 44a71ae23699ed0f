"""TPC-H: Sluice over the PostgreSQL protocol against DuckDB in process, query by
query in turn in one run, each query's best of three. Columns of Sluice: cold (the
first run of a query in a fresh server), warm, caches off, and a larger cache."""
import argparse, decimal, glob, json, math, multiprocessing, os, socket, subprocess, sys, tempfile, time

TABLES = {
    "nation": "n_nationkey bigint, n_name string, n_regionkey bigint, n_comment string",
    "region": "r_regionkey bigint, r_name string, r_comment string",
    "supplier": "s_suppkey bigint, s_name string, s_address string, s_nationkey bigint, s_phone string, s_acctbal decimal(15,2), s_comment string",
    "customer": "c_custkey bigint, c_name string, c_address string, c_nationkey bigint, c_phone string, c_acctbal decimal(15,2), c_mktsegment string, c_comment string",
    "part": "p_partkey bigint, p_name string, p_mfgr string, p_brand string, p_type string, p_size int, p_container string, p_retailprice decimal(15,2), p_comment string",
    "partsupp": "ps_partkey bigint, ps_suppkey bigint, ps_availqty int, ps_supplycost decimal(15,2), ps_comment string",
    "orders": "o_orderkey bigint, o_custkey bigint, o_orderstatus string, o_totalprice decimal(15,2), o_orderdate date, o_orderpriority string, o_clerk string, o_shippriority int, o_comment string",
    "lineitem": "l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber int, l_quantity decimal(15,2), l_extendedprice decimal(15,2), l_discount decimal(15,2), l_tax decimal(15,2), l_returnflag string, l_linestatus string, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct string, l_shipmode string, l_comment string",
}


def peak(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def duck_worker(pipe, data):
    import duckdb
    con = duckdb.connect()
    con.execute("SET threads=2")
    for t in TABLES:
        con.execute(f"CREATE VIEW {t} AS SELECT * FROM '{data}/{t}.parquet'")
    while True:
        sql = pipe.recv()
        if sql is None:
            return
        start = time.perf_counter()
        rows = con.execute(sql).fetchall()
        pipe.send((time.perf_counter() - start, rows, peak(os.getpid())))


class Duck:
    name = "DuckDB"

    def __init__(self, data):
        self.pipe, child = multiprocessing.Pipe()
        self.proc = multiprocessing.get_context("spawn").Process(target=duck_worker, args=(child, data))
        self.proc.start()
        self.peak = 0

    def run(self, sql):
        self.pipe.send(sql)
        seconds, rows, self.peak = self.pipe.recv()
        return seconds, rows

    def stop(self):
        self.pipe.send(None)
        self.proc.join()


class Sluice:
    def __init__(self, name, data, env):
        import psycopg
        self.name = name
        self.dir = tempfile.TemporaryDirectory()
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        full = dict(os.environ, SLUICE_DATA_DIR=self.dir.name, SLUICE_LISTEN=f"127.0.0.1:{port}", SLUICE_NEW_PASSWORD="bench",
                    SLUICE_ROOTS=os.path.abspath(data), SLUICE_LOG_LEVEL="warn", **env)
        subprocess.run(["bin/sluice", "user", "add", "bench", "--superuser", "--password-env", "SLUICE_NEW_PASSWORD"], env=full, check=True, stdout=subprocess.DEVNULL)
        self.proc = subprocess.Popen(["bin/sluice", "serve"], env=full, stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                self.con = psycopg.connect(host="127.0.0.1", port=port, user="bench", password="bench", dbname="sluice", autocommit=True)
                break
            except psycopg.OperationalError:
                time.sleep(0.05)
        self.con.execute("CREATE DATABASE tpch")
        for t, cols in TABLES.items():
            self.con.execute(f"CREATE EXTERNAL TABLE tpch.{t} ({cols}) STORED AS PARQUET LOCATION 'file://{self.link(data)}/{t}/'")
        self.con.execute("SET search_path = tpch")

    def link(self, data):
        """A folder for each table, which Athena's tables need, over the same files."""
        root = os.path.join(os.path.abspath(data), "tables")
        for t in TABLES:
            os.makedirs(os.path.join(root, t), exist_ok=True)
            path = os.path.join(root, t, t + ".parquet")
            if not os.path.exists(path):
                os.link(os.path.join(data, t + ".parquet"), path)
        return root

    def run(self, sql):
        start = time.perf_counter()
        rows = self.con.execute(sql, prepare=False).fetchall()
        return time.perf_counter() - start, rows

    @property
    def peak(self):
        return peak(self.proc.pid)

    def stop(self):
        self.con.close()
        self.proc.terminate()
        self.proc.wait()
        self.dir.cleanup()


def geomean(xs):
    return math.exp(sum(map(math.log, xs)) / len(xs))


def same(a, b):
    def norm(rows):
        return [tuple(float(v) if isinstance(v, (int, float, decimal.Decimal)) else str(v) for v in r) for r in rows]
    a, b = norm(a), norm(b)
    return len(a) == len(b) and all(
        x == y or isinstance(x, float) and isinstance(y, float) and abs(x - y) <= 1e-6 * max(1, abs(x), abs(y))
        for r, s in zip(a, b) for x, y in zip(r, s))


def svg(names, duck, columns, path):
    """Bars of each query's time as a share of DuckDB's."""
    w, row, left = 760, 16, 60
    colors = ["#1b9e77", "#d95f02", "#7570b3", "#e7298a"]
    h = row * len(names) * len(columns) + 60
    top = max(1.4, max(c[1][q] / duck[q] for c in columns for q in names))
    scale = (w - left - 20) / top
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" font-family="sans-serif" font-size="11">',
           '<rect width="100%" height="100%" fill="white"/>']
    for i, (name, _) in enumerate(columns):
        out.append(f'<rect x="{left + i * 160}" y="8" width="10" height="10" fill="{colors[i]}"/><text x="{left + i * 160 + 14}" y="17">{name}</text>')
    y = 30
    for q in names:
        out.append(f'<text x="8" y="{y + row * len(columns) / 2 + 4}">{q}</text>')
        for i, (_, times) in enumerate(columns):
            out.append(f'<rect x="{left}" y="{y + 1}" width="{times[q] / duck[q] * scale:.1f}" height="{row - 2}" fill="{colors[i]}"/>')
            y += row
    x = left + scale
    out.append(f'<line x1="{x}" y1="24" x2="{x}" y2="{y}" stroke="black" stroke-dasharray="3"/><text x="{x - 40}" y="{y + 16}">DuckDB = 1</text></svg>')
    open(path, "w").write("\n".join(out))


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
    files = sorted(glob.glob(a.queries + "/q*.sql"))
    queries = {os.path.basename(f)[:-4]: open(f).read().rstrip().rstrip(";") for f in files}
    if a.only:
        queries = {k: v for k, v in queries.items() if k in a.only.split(",")}
    duck = Duck(a.data)
    base = {"SLUICE_CACHE_MEMORY": a.cache} if a.cache else {}
    make = {"warm": lambda: Sluice("warm", a.data, base), "off": lambda: Sluice("caches off", a.data, {"SLUICE_CACHE_OFF": "true"}),
            "big": lambda: Sluice("cache " + a.big, a.data, {"SLUICE_CACHE_MEMORY": a.big})}
    rivals = [make[c]() for c in a.columns.split(",")]
    dt, cold, wrong = {}, {}, []
    best = {r.name: {} for r in rivals}
    for q, sql in queries.items():
        for run in range(a.runs):
            t, want = duck.run(sql)
            dt[q] = min(dt.get(q, 9e9), t)
            for r in rivals:
                try:
                    t, rows = r.run(sql)
                except Exception as e:
                    if run == 0:
                        print(q, r.name, "failed:", str(e)[:300], file=sys.stderr)
                    t, rows = float("nan"), want
                    wrong.append(q)
                if not same(rows, want):
                    wrong.append(q)
                if run == 0 and r.name == "warm":
                    cold[q] = t
                best[r.name][q] = min(best[r.name].get(q, 9e9), t)
    columns = [("cold", cold)] + [(r.name, best[r.name]) for r in rivals]
    lines = ["| query | DuckDB s | " + " | ".join(c for c, _ in columns) + " |", "|-|-|" + "-|" * len(columns)]
    for q in queries:
        lines.append(f"| {q} | {dt[q]:.3f} | " + " | ".join(f"{t[q]:.3f} ({t[q] / dt[q]:.2f}x)" for _, t in columns) + " |")
    lines.append(f"| **geomean** | **{geomean(dt.values()):.3f}** | " + " | ".join(
        f"**{geomean(t.values()):.3f} ({geomean([t[q] / dt[q] for q in dt]):.2f}x)**" for _, t in columns) + " |")
    lines.append(f"| peak memory MB | {duck.peak >> 20} | | " + " | ".join(str(r.peak >> 20) for r in rivals) + " |")
    text = f"TPC-H SF{a.sf}, DuckDB {duckdb.__version__} with 2 threads; best of {a.runs}; times are Sluice's share of DuckDB's\n\n" + "\n".join(lines) + "\n"
    if wrong:
        text += "\nWRONG OR FAILED: " + ", ".join(sorted(set(wrong))) + "\n"
    print(text)
    open(a.out + ".md", "w").write(text)
    json.dump({"duckdb": dt, "sluice": dict(columns), "peak": {"duckdb": duck.peak, **{r.name: r.peak for r in rivals}}}, open(a.out + ".json", "w"), indent=1)
    svg(list(queries), dt, columns, a.out + ".svg")
    for r in [duck] + rivals:
        r.stop()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
