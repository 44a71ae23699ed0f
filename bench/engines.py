"""The engines that a benchmark lets run: DuckDB in a process of its own, Sluice as
a server over the PostgreSQL protocol. run(sql) gives seconds and rows; peak is the
most memory that the process has had."""
import multiprocessing, os, socket, subprocess, tempfile, time

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


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def duck_worker(pipe, setup):
    import duckdb
    con = duckdb.connect()
    con.execute("SET threads=2")
    for sql in setup:
        con.execute(sql)
    while True:
        sql = pipe.recv()
        if sql is None:
            return
        start = time.perf_counter()
        rows = con.execute(sql).fetchall()
        pipe.send((time.perf_counter() - start, rows, peak(os.getpid())))


class Duck:
    def __init__(self, name, files, setup=()):
        """files is where the table {} lies; setup are statements to run first."""
        self.name = name
        views = [f"CREATE VIEW {t} AS SELECT * FROM '{files.format(t)}'" for t in TABLES]
        context = multiprocessing.get_context("spawn")
        self.pipe, child = context.Pipe()
        self.proc = context.Process(target=duck_worker, args=(child, [*setup, *views]))
        self.proc.start()
        child.close()
        self.peak = 0

    def run(self, sql):
        self.pipe.send(sql)
        seconds, rows, self.peak = self.pipe.recv()
        return seconds, rows

    def stop(self):
        self.pipe.send(None)
        self.proc.join()


class Sluice:
    def __init__(self, name, folders, env):
        """folders is the URL of the table {}, env the configuration."""
        import psycopg
        self.name = name
        self.dir = tempfile.TemporaryDirectory()
        port = free_port()
        full = dict(os.environ, SLUICE_DATA_DIR=self.dir.name, SLUICE_LISTEN=f"127.0.0.1:{port}", SLUICE_NEW_PASSWORD="bench",
                    SLUICE_LOG_LEVEL="warn", **env)
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
            self.con.execute(f"CREATE EXTERNAL TABLE tpch.{t} ({cols}) STORED AS PARQUET LOCATION '{folders.format(t)}/'")
        self.con.execute("SET search_path = tpch")

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
