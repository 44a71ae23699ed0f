"""Makes TPC-DS with DuckDB's tpcds extension: data as Parquet, the 99 query texts,
and DuckDB's answers to them.

usage: make.py SCALE_FACTOR FOLDER

FOLDER gets TABLE/TABLE.parquet, schema.json (columns with Hive's types) and
queries.json; queries.json comes last, so that a folder that has it is complete.
The answers are DuckDB's under PostgreSQL's meaning of integer division and NULL
order; "agrees" says whether its own defaults give the same. No LIMIT cuts through
rows of equal order: that is checked by going on, up and down, with every column.
"""

import collections
import importlib.util
import json
import os
import re
import sys

import duckdb

POSTGRES = ("SET integer_division = true", "SET default_null_order = 'nulls_last_on_asc_first_on_desc'")
DEFAULTS = ("RESET integer_division", "RESET default_null_order")


def main(sf, out):
    os.makedirs(out, exist_ok=True)
    db = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    db.execute("SET threads = 2")
    root = importlib.util.find_spec("duckdb_extension_tpcds").submodule_search_locations[0]
    db.execute(f"LOAD '{root}/extensions/v{duckdb.__version__}/tpcds.duckdb_extension'")
    db.execute(f"CALL dsdgen(sf = {sf})")

    schema = collections.defaultdict(list)
    for table, column, kind in db.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY table_name, ordinal_position"
    ).fetchall():
        schema[table].append([column, "string" if kind == "VARCHAR" else kind.lower()])
    for table in schema:
        os.makedirs(f"{out}/{table}", exist_ok=True)
        db.execute(f"COPY {table} TO '{out}/{table}/{table}.parquet' (FORMAT parquet)")
    with open(f"{out}/schema.json", "w") as f:
        json.dump(schema, f)

    queries = []
    for number, text in db.execute("SELECT query_nr, query FROM tpcds_queries() ORDER BY 1").fetchall():
        text = text.strip().rstrip(";").strip()
        for setting in DEFAULTS:
            db.execute(setting)
        columns, defaults = answer(db, text)
        for setting in POSTGRES:
            db.execute(setting)
        _, rows = answer(db, text)
        for total in total_orders(text, len(columns)):
            if multiset(answer(db, total)[1]) != multiset(rows):
                sys.exit(f"query {number}: the LIMIT cuts through rows of equal order, so that answers may differ")
        agrees = multiset(defaults) == multiset(rows)
        queries.append({"number": number, "text": text, "columns": columns, "rows": rows, "agrees": agrees})
    with open(f"{out}/queries.json.new", "w") as f:
        json.dump(queries, f)
    os.rename(f"{out}/queries.json.new", f"{out}/queries.json")


def total_orders(text, width):
    """text with the ORDER BY before its LIMIT, if it has one, going on with every
    column, up and down."""
    limit = re.search(r"\s+LIMIT\s+\d+$", text, re.IGNORECASE)
    if not limit:
        return []
    body = text[: limit.start()]
    join = ", " if ordered(body) else " ORDER BY "
    return [
        body + join + ", ".join(f"{i + 1} {direction}" for i in range(width)) + limit.group()
        for direction in ("ASC", "DESC")
    ]


def ordered(body):
    """Whether body has an ORDER BY outside of parentheses."""
    depth = 0
    for token in re.finditer(r"'(?:[^']|'')*'|\(|\)|\bORDER\s+BY\b", body, re.IGNORECASE):
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth == 0 and token.group()[0] in "oO":
            return True
    return False


def answer(db, text):
    """The types of the columns and the rows of a query, every value as text."""
    cursor = db.execute(text)
    return [str(column[1]) for column in cursor.description], [tuple(map(as_text, row)) for row in cursor.fetchall()]


def as_text(value):
    # The last digits of a float depend on how DuckDB's threads shared the work.
    return None if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def multiset(rows):
    return collections.Counter(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
