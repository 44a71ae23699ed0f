"""Runs the common script by psycopg 3 and prints its transcript.

Arguments: the script's file, text|binary. The server comes by PG* variables.
"""
import datetime as dt
import decimal
import sys
import uuid

import psycopg


def unescape(s):
    out, i = [], 0
    while i < len(s):
        if s[i] == "\\":
            i += 1
            out.append({"t": "\t", "n": "\n", "\\": "\\"}[s[i]])
        else:
            out.append(s[i])
        i += 1
    return "".join(out)


def interval(s):
    days = 0
    if " day" in s:
        d, _, s = s.partition(" day")
        days = int(d)
        s = s.removeprefix("s").strip()
    delta = dt.timedelta(days=days)
    if s:
        sign = -1 if s.startswith("-") else 1
        h, m, sec = s.lstrip("-").split(":")
        delta += sign * dt.timedelta(hours=int(h), minutes=int(m), seconds=float(sec))
    return delta


NATIVE = {
    "int2": int, "int4": int, "int8": int, "numeric": decimal.Decimal, "float4": float, "float8": float,
    "bool": lambda s: s == "true", "text": str, "varchar": str, "date": dt.date.fromisoformat,
    "time": lambda s: dt.datetime.strptime(s, "%H:%M:%S.%f" if "." in s else "%H:%M:%S").time(),
    "timestamp": lambda s: dt.datetime.strptime(s, "%Y-%m-%d %H:%M:%S.%f" if "." in s else "%Y-%m-%d %H:%M:%S"),
    "timestamptz": lambda s: NATIVE["timestamp"](s.removesuffix("+00")).replace(tzinfo=dt.timezone.utc),
    "interval": interval, "bytea": lambda s: bytes.fromhex(s[2:]), "uuid": uuid.UUID,
}


def main():
    binary = sys.argv[2] == "binary"
    conn = psycopg.connect("", autocommit=True)
    conn.prepare_threshold = 2
    with open(sys.argv[1], encoding="utf-8", newline="\n") as script:
        lines = script.read().split("\n")[:-1]
    for i, line in enumerate(lines):
        sql, *args = line.split("\t")
        sql = unescape(sql)
        values = []
        for a in args:
            typ, eq, v = a.partition("=")
            values.append(NATIVE[typ](unescape(v)) if eq else None)
        print(f"#{i}")
        # twice, so that the second may come from a prepared statement
        for _ in range(2 if values else 1):
            cur = psycopg.RawCursor(conn)
            try:
                if values:
                    cur.execute(sql, values, binary=binary)
                else:
                    cur.execute(sql, binary=binary)
                if cur.description is not None:
                    print("columns", [(d.name, d.type_code, d.precision, d.scale) for d in cur.description])
                    for row in cur:
                        print("row", [repr(v) for v in row])
                print("tag", cur.statusmessage)
            except psycopg.Error as e:
                d = e.diag
                print("error", d.sqlstate, d.severity, d.message_primary, d.statement_position)
        print("status", conn.info.transaction_status.name)


main()
