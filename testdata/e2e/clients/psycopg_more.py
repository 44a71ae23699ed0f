"""More of psycopg 3: paging, cancel, COPY, pipelines. Argument: the part."""
import hashlib
import logging
import sys
import threading
import time

import psycopg


def page(sql):
    with psycopg.connect("") as conn:
        with conn.cursor(name="pages") as cur:
            cur.itersize = 10000
            cur.execute(sql)
            n = total = 0
            for row in cur:
                total += row[0]
                n += 1
        print(f"{n} rows, sum {total}")


def cancel(sql):
    with psycopg.connect("", autocommit=True) as conn:
        start = []

        def stop():
            time.sleep(0.5)
            start.append(time.monotonic())
            conn.cancel_safe()

        t = threading.Thread(target=stop)
        t.start()
        try:
            conn.execute(sql)
            print("it ended by itself")
        except psycopg.errors.QueryCanceled as e:
            end = time.monotonic()
            print(e.sqlstate, int((end - start[0]) * 1000))
        t.join()
        print(conn.execute("SELECT 42").fetchone()[0])


def copy(sql):
    with psycopg.connect("") as conn:
        for options in ("", " (FORMAT csv, HEADER)", " (FORMAT binary)"):
            digest, n = hashlib.sha256(), 0
            with conn.cursor() as cur, cur.copy(f"COPY ({sql}) TO STDOUT{options}") as out:
                for chunk in out:
                    digest.update(chunk)
                    n += len(chunk)
            print(options, n, digest.hexdigest(), cur.statusmessage)
        with conn.cursor() as cur, cur.copy(f"COPY ({sql}) TO STDOUT (FORMAT binary)") as out:
            out.set_types(["int8", "text", "numeric", "date"])
            for i, row in enumerate(out.rows()):
                if i % 1000 == 0:
                    print(row)


def pipeline(_):
    # The driver may warn of its own state when a pipeline has failed, by what has arrived by then.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    with psycopg.connect("", autocommit=True) as conn:
        with conn.pipeline() as p:
            curs = [conn.execute("SELECT %s::int * 2", (i,)) for i in range(50)]
            p.sync()
            print([c.fetchone()[0] for c in curs])
        try:
            with conn.pipeline():
                good = conn.execute("SELECT 1")
                conn.execute("SELECT 1/0")
                conn.execute("SELECT 2")
        except psycopg.Error as e:
            print("error", e.sqlstate, good.fetchone())
        print(conn.execute("SELECT 3").fetchone())


globals()[sys.argv[1]](sys.argv[2])
