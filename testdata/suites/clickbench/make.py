"""Makes the table hits of ClickBench with made-up rows, and DuckDB's answers to its
43 queries.

usage: make.py ROWS FOLDER

FOLDER gets hits/hits.parquet, schema.json (columns with Hive's types) and
queries.json; queries.json comes last, so that a folder that has it is complete.

Where a LIMIT cuts through rows of equal order, "total" is the query with its ORDER
BY going on with every column, and "rows" its one answer. Which answers of the query
itself are legal is told by "cuts": of each class of rows of equal order that has a
place in the answer, its rows and how many of them are taken.
"""

import itertools
import json
import os
import re
import sys

import duckdb

TABLE = """
WatchID bigint, JavaEnable smallint, Title string, GoodEvent smallint, EventTime timestamp, EventDate date,
CounterID int, ClientIP int, RegionID int, UserID bigint, CounterClass smallint, OS smallint, UserAgent smallint,
URL string, Referer string, IsRefresh smallint, RefererCategoryID smallint, RefererRegionID int,
URLCategoryID smallint, URLRegionID int, ResolutionWidth smallint, ResolutionHeight smallint,
ResolutionDepth smallint, FlashMajor smallint, FlashMinor smallint, FlashMinor2 string, NetMajor smallint,
NetMinor smallint, UserAgentMajor smallint, UserAgentMinor string, CookieEnable smallint,
JavascriptEnable smallint, IsMobile smallint, MobilePhone smallint, MobilePhoneModel string, Params string,
IPNetworkID int, TraficSourceID smallint, SearchEngineID smallint, SearchPhrase string, AdvEngineID smallint,
IsArtifical smallint, WindowClientWidth smallint, WindowClientHeight smallint, ClientTimeZone smallint,
ClientEventTime timestamp, SilverlightVersion1 smallint, SilverlightVersion2 smallint, SilverlightVersion3 int,
SilverlightVersion4 smallint, PageCharset string, CodeVersion int, IsLink smallint, IsDownload smallint,
IsNotBounce smallint, FUniqID bigint, OriginalURL string, HID int, IsOldCounter smallint, IsEvent smallint,
IsParameter smallint, DontCountHits smallint, WithHash smallint, HitColor string, LocalEventTime timestamp,
Age smallint, Sex smallint, Income smallint, Interests smallint, Robotness smallint, RemoteIP int,
WindowName int, OpenerName int, HistoryLength smallint, BrowserLanguage string, BrowserCountry string,
SocialNetwork string, SocialAction string, HTTPError smallint, SendTiming int, DNSTiming int, ConnectTiming int,
ResponseStartTiming int, ResponseEndTiming int, FetchTiming int, SocialSourceNetworkID smallint,
SocialSourcePage string, ParamPrice bigint, ParamOrderID string, ParamCurrency string, ParamCurrencyID smallint,
OpenstatServiceName string, OpenstatCampaignID string, OpenstatAdID string, OpenstatSourceID string,
UTMSource string, UTMMedium string, UTMCampaign string, UTMContent string, UTMTerm string, FromTag string,
HasGCLID smallint, RefererHash bigint, URLHash bigint, CLID int
"""
COLUMNS = [c.lower().split() for c in TABLE.replace("\n", " ").split(",")]
DUCK = {"string": "VARCHAR"}


streams = itertools.count(1)


def uniform(n):
    """An expression for a number below n that depends on the row i alone, never on the
    version of a library: a square modulo a prime."""
    k = next(streams)
    x = f"((i * {k * 7368787 + 15485863} + {k * 104729}) % 2147483647)"
    return f"((({x} * {x} + {k}) % 2147483647) // 7 % {n})"


def skewed(n):
    """The same, small numbers being more frequent."""
    return f"({uniform(n)} * {uniform(n)} // {n})"


def rarely(n, expression, other):
    return f"CASE WHEN {uniform(n)} = 0 THEN {expression} ELSE {other} END"


# Some rows have one watch and address in common.
shared, watch = f"{uniform(50)} = 0", skewed(3000)

# What the queries look at. Shares are such that every query finds rows, also past its
# OFFSET, at 600,000 rows.
VALUES = {
    "watchid": f"CASE WHEN {shared} THEN {watch} + 4611686018427387904 ELSE 4611686018427397904 + i * 7919 END",
    "title": rarely(9, "''", rarely(11, f"'Поиск в Google: ' || {skewed(900)}", f"'Страница № ' || {skewed(7000)} || ' — Home'")),
    "eventtime": f"TIMESTAMP '2013-07-01' + to_seconds({uniform(31 * 86400)})",
    "counterid": rarely(3, "62", rarely(2, f"{skewed(4)} * 1000 + 7", f"{skewed(6000)} + 100")),
    "clientip": f"CASE WHEN {shared} THEN {watch} ELSE {skewed(60000)} END * 31337 - 900000000",
    "regionid": skewed(5000),
    "userid": rarely(5000, "435090932899640449", f"{skewed(40000)} * 7777777777777 + 12345678901"),
    "url": rarely(
        40,
        f"'http://' || ['www.google.ru', 'google.com', 'images.google.de', 'mygoogle.net'][{uniform(4)} + 1] || '/search?q=' || {skewed(500)}",
        rarely(30, "''", f"'http://host' || {skewed(60)} || '.example/путь/' || {skewed(3000)}"),
    ),
    "referer": rarely(
        4,
        "''",
        f"['http://', 'https://', 'https://www.', 'ftp://'][{skewed(4)} + 1] || 'site' || {uniform(3)} || '.example' || ['/', '/a', '/страница/b', ''][{skewed(4)} + 1]",
    ),
    "isrefresh": rarely(7, "1", "0"),
    "resolutionwidth": f"[0, 1024, 1280, 1366, 1440, 1600, 1920, 2560, 3840][{skewed(9)} + 1]",
    "mobilephone": skewed(90),
    "mobilephonemodel": rarely(6, f"['iPhone', 'iPad', 'Galaxy', 'Lumia', 'Телефон'][{skewed(5)} + 1] || ' ' || {skewed(40)}", "''"),
    "traficsourceid": f"{uniform(12)} - 1",
    "searchengineid": rarely(3, skewed(40), "0"),
    "searchphrase": rarely(4, f"['карта', 'погода', 'cheap flights', 'наруто', 'o''neill'][{uniform(5)} + 1] || ' ' || {skewed(4000)}", "''"),
    "advengineid": rarely(12, skewed(30), "0"),
    "windowclientwidth": f"{uniform(160)} * 10",
    "windowclientheight": f"{uniform(120)} * 10",
    "islink": uniform(2),
    "isdownload": rarely(20, "1", "0"),
    "dontcounthits": rarely(10, "1", "0"),
    "refererhash": rarely(8, "3594120000172545465", f"{skewed(9000)} * 1111111111111 - 5000000000000000"),
    "urlhash": rarely(4, "2868770270353813622", f"{skewed(2000)} * 3333333333333 - 4000000000000000"),
}
# The others are there to be read by SELECT *.
OTHERS = {
    "smallint": lambda: skewed(50),
    "int": lambda: f"{skewed(100000)} - 1000",
    "bigint": lambda: f"{skewed(1000000)} * 1000003",
    "string": lambda: rarely(5, f"'v' || {skewed(300)}", "''"),
    "timestamp": lambda: f"TIMESTAMP '2013-07-01' + to_seconds({uniform(31 * 86400)})",
}


def main(rows, out):
    os.makedirs(f"{out}/hits", exist_ok=True)
    db = duckdb.connect()
    db.execute("SET threads = 2")
    names = [name for name, _ in COLUMNS]
    made = ", ".join(
        f"CAST({VALUES.get(name) or OTHERS[kind]()} AS {DUCK.get(kind, kind)}) AS {name}" for name, kind in COLUMNS if name != "eventdate"
    )
    db.execute(
        f"COPY (SELECT {', '.join(names)} FROM (SELECT *, CAST(eventtime AS date) AS eventdate FROM (SELECT {made} FROM range({rows}) t(i))))"
        f" TO '{out}/hits/hits.parquet' (FORMAT parquet)"
    )
    with open(f"{out}/schema.json", "w") as f:
        json.dump({"hits": COLUMNS}, f)

    db.execute(f"CREATE VIEW hits AS FROM '{out}/hits/hits.parquet'")
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "queries.sql")) as f:
        texts = [line.rstrip().rstrip(";") for line in f if not line.startswith("--")]
    queries = []
    for number, text in enumerate(texts, 1):
        total, cuts = text, None
        limit = re.search(r" LIMIT (\d+)(?: OFFSET (\d+))?$", text)
        if limit:
            body, _, keys = text[: limit.start()].partition(" ORDER BY ")
            cuts = classes(db, body, keys, int(limit[2] or 0), int(limit[1]))
            width = len(db.execute(f"DESCRIBE {body}").fetchall())
            every = ", ".join(str(i + 1) for i in range(width))
            total = body + " ORDER BY " + (keys + ", " if keys else "") + every + limit.group()
        columns, rows = answer(db, total)
        queries.append({"number": number, "text": text, "total": total, "columns": columns, "rows": rows, "cuts": cuts})
    with open(f"{out}/queries.json.new", "w") as f:
        json.dump(queries, f)
    os.rename(f"{out}/queries.json.new", f"{out}/queries.json")


def classes(db, body, keys, offset, limit):
    """The classes of rows of equal order that places offset+1 to offset+limit cut."""
    place = f"rank() OVER (ORDER BY {keys})" if keys else "1"
    ranked = body.replace(" FROM hits", f", {place} AS place FROM hits", 1)
    cursor = db.execute(f"SELECT * FROM ({ranked}) WHERE place <= {offset + limit} ORDER BY place")
    cuts = []
    for first, members in itertools.groupby(iter(cursor.fetchone, None), key=lambda row: row[-1]):
        rows = [texts(row[:-1]) for row in members]
        last = first + len(rows) - 1
        take = min(last, offset + limit) - max(first, offset + 1) + 1
        if take > 0:
            cuts.append({"take": take, "rows": rows})
    return cuts


def answer(db, text):
    """The types of the columns and the rows of a query, every value as text."""
    cursor = db.execute(text)
    return [str(column[1]) for column in cursor.description], [texts(row) for row in cursor.fetchall()]


def texts(row):
    return [None if v is None else repr(v) if isinstance(v, float) else str(v) for v in row]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
