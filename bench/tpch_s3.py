"""TPC-H from a real S3 server on this machine: Sluice over the PostgreSQL protocol
against DuckDB with its httpfs extension, query by query in turn in one run, each
query's best of three. Every column is compared with the DuckDB that has the same
kind of cache."""
import argparse, hashlib, hmac, http.client, os, secrets, socket, subprocess, sys, tempfile, time

from engines import TABLES, Duck, Sluice, free_port
from race import Column, race, read_queries, report

NOTES = """\
Like with like: one S3 server (versitygw) on the same two processors serves all, and all ask it in every statement
whether the files have changed: DuckDB by a HEAD of each file, Sluice by a LIST of each table. *File cache*: DuckDB's
external file cache, on by default and bounded by its memory_limit alone, keeps the bytes that it has read; here all of
them. *Warm*: Sluice's one cache at its default size, here about {default} MB, for footers, page indexes, dictionaries
and pages as read. *Cache {big}*: the same with room for all. *No cache*: neither side keeps anything of a file from one
statement to the next (`enable_external_file_cache=false`, `cache.off`)."""


class ObjectStore:
    """An S3 server with one bucket, tpch."""

    def __init__(self, binary):
        self.dir = tempfile.TemporaryDirectory()
        root = os.path.join(self.dir.name, "buckets")
        os.makedirs(os.path.join(root, "tpch"))
        self.address = f"127.0.0.1:{free_port()}"
        self.key, self.secret = "bench" + secrets.token_hex(6), secrets.token_hex(24)
        env = dict(os.environ, ROOT_ACCESS_KEY=self.key, ROOT_SECRET_KEY=self.secret)
        self.proc = subprocess.Popen([binary, "--keep-alive", "--quiet", "--region", "us-east-1", "--port", self.address, "posix", root],
                                     env=env, stdout=subprocess.DEVNULL)
        host, port = self.address.split(":")
        for _ in range(200):
            try:
                socket.create_connection((host, int(port))).close()
                break
            except OSError:
                time.sleep(0.05)

    def put(self, key, path):
        """Uploads a file as it is: one that is copied into the server's folder has no ETag."""
        target, now = f"/tpch/{key}", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {"host": self.address, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": now}
        names, scope = ";".join(headers), f"{now[:8]}/us-east-1/s3/aws4_request"
        canonical = "\n".join(["PUT", target, "", *(f"{k}:{v}" for k, v in headers.items()), "", names, "UNSIGNED-PAYLOAD"])
        sign = b"AWS4" + self.secret.encode()
        for part in (*scope.split("/"), "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])):
            sign = hmac.digest(sign, part.encode(), "sha256")
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, SignedHeaders={names}, Signature={sign.hex()}"
        con = http.client.HTTPConnection(self.address)
        with open(path, "rb") as f:
            con.request("PUT", target, body=f, headers=headers | {"Content-Length": str(os.path.getsize(path))})
        answer = con.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"upload of {path}: {answer.status} {answer.read().decode()}")
        con.close()

    def sluice(self):
        """The configuration of a Sluice that reads from here."""
        return {"SLUICE_S3_ENDPOINT": "http://" + self.address, "SLUICE_S3_PATH_STYLE": "true", "SLUICE_S3_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}

    def duck(self, extension):
        """The statements of a DuckDB that reads from here."""
        return [f"LOAD '{extension}'",
                f"CREATE SECRET (TYPE s3, KEY_ID '{self.key}', SECRET '{self.secret}', REGION 'us-east-1', "
                f"ENDPOINT '{self.address}', URL_STYLE 'path', USE_SSL false)"]

    def stop(self):
        self.proc.terminate()
        self.proc.wait()
        self.dir.cleanup()


def default_cache(data):
    """MB of the cache that Sluice gives itself when all these files are in S3 and in use."""
    return 50 + int(0.6 * sum(os.path.getsize(f"{data}/{t}.parquet") for t in TABLES) / 1e6)


def main():
    ap = argparse.ArgumentParser()
    for k in ("sf", "data", "queries", "server", "out"):
        ap.add_argument("--" + k, required=True)
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--only", default="")
    ap.add_argument("--big", default="1GB")
    a = ap.parse_args()
    import duckdb, duckdb_extension_httpfs
    extension = os.path.join(os.path.dirname(duckdb_extension_httpfs.__file__), "extensions", "v" + duckdb.__version__, "httpfs.duckdb_extension")
    queries = read_queries(a.queries, a.only)
    store = ObjectStore(a.server)
    try:
        setup = store.duck(extension)
        for t in TABLES:
            store.put(f"{t}/{t}.parquet", f"{a.data}/{t}.parquet")
        files, folders = "s3://tpch/{0}/{0}.parquet", "s3://tpch/{}"
        cached, plain = Column("DuckDB file cache"), Column("DuckDB no cache")
        default, big, off = Column("Sluice warm", cached), Column("Sluice cache " + a.big, cached), Column("Sluice no cache", plain)
        entries = [
            (cached, Duck(cached.name, files, setup)),
            (plain, Duck(plain.name, files, setup + ["SET enable_external_file_cache=false"])),
            (default, Sluice(default.name, folders, store.sluice())),
            (big, Sluice(big.name, folders, store.sluice() | {"SLUICE_CACHE_MEMORY": a.big})),
            (off, Sluice(off.name, folders, store.sluice() | {"SLUICE_CACHE_OFF": "true"})),
        ]
        wrong = race(queries, a.runs, entries)
        title = (f"TPC-H SF{a.sf} from an S3 server, DuckDB {duckdb.__version__} with httpfs and 2 threads; best of {a.runs}; "
                 "in brackets Sluice's share of the time of the DuckDB with the same kind of cache")
        report(title, queries, [cached, default, big, plain, off], wrong, NOTES.format(default=default_cache(a.data), big=a.big), a.out)
        for _, engine in entries:
            engine.stop()
    finally:
        store.stop()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
