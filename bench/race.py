"""A benchmark's run and its report: every query by every engine in turn, answers
compared, each query's best time; a table, the figures as JSON, and a plot."""
import decimal, glob, json, math, os, sys


class Column:
    """Times of one engine, shown as shares of those of the column base."""

    def __init__(self, name, base=None):
        self.name, self.base, self.times, self.peak = name, base, {}, None

    def share(self, query):
        return self.times[query] / self.base.times[query]


def read_queries(folder, only):
    files = sorted(glob.glob(folder + "/q*.sql"))
    queries = {os.path.basename(f)[:-4]: open(f).read().rstrip().rstrip(";") for f in files}
    return {q: sql for q, sql in queries.items() if not only or q in only.split(",")}


def geomean(xs):
    return math.exp(sum(map(math.log, xs)) / len(xs))


def same(a, b):
    def norm(rows):
        return [tuple(float(v) if isinstance(v, (int, float, decimal.Decimal)) else str(v) for v in r) for r in rows]
    a, b = norm(a), norm(b)
    return len(a) == len(b) and all(
        x == y or isinstance(x, float) and isinstance(y, float) and abs(x - y) <= 1e-6 * max(1, abs(x), abs(y))
        for r, s in zip(a, b) for x, y in zip(r, s))


def race(queries, runs, entries, cold={}):
    """Runs entries, pairs of column and engine, the first of which gives the right
    answers. cold names, for a column, another one that gets its engine's first
    times. Returns the queries that failed or were answered wrongly."""
    wrong = set()
    for q, sql in queries.items():
        for run in range(runs):
            want = None
            for column, engine in entries:
                try:
                    t, rows = engine.run(sql)
                except Exception as e:
                    if want is None:
                        raise
                    if run == 0:
                        print(q, column.name, "failed:", str(e)[:300], file=sys.stderr)
                    t, rows = float("nan"), None
                if want is None:
                    want = rows
                if rows is None or not same(rows, want):
                    wrong.add(q)
                if run == 0 and column in cold:
                    cold[column].times[q] = t
                column.times[q] = min(column.times.get(q, math.inf), t)
    for column, engine in entries:
        column.peak = engine.peak
    return sorted(wrong)


def report(title, queries, columns, wrong, notes, out):
    """Prints the table and writes it and its plot to out.{md,json,svg}."""
    def cell(c, q):
        return f"{c.times[q]:.3f}" + (f" ({c.share(q):.2f}x)" if c.base else "")

    def mean(c):
        return f"**{geomean(c.times.values()):.3f}" + (f" ({geomean([c.share(q) for q in queries]):.2f}x)**" if c.base else "**")

    def row(first, cells):
        return f"| {first} | " + " | ".join(cells) + " |"

    lines = [title, "", row("query", [c.name + ("" if c.base else " s") for c in columns]), "|-|" + "-|" * len(columns)]
    lines += [row(q, [cell(c, q) for c in columns]) for q in queries]
    lines.append(row("**geomean**", map(mean, columns)))
    lines.append(row("peak memory MB", ["" if c.peak is None else str(c.peak >> 20) for c in columns]))
    if notes:
        lines += ["", notes]
    if wrong:
        lines += ["", "WRONG OR FAILED: " + ", ".join(wrong)]
    text = "\n".join(lines) + "\n"
    print(text)
    with open(out + ".md", "w") as f:
        f.write(text)
    with open(out + ".json", "w") as f:
        json.dump({c.name: {"seconds": c.times, "peak": c.peak, "base": c.base and c.base.name} for c in columns}, f, indent=1)
    plot(list(queries), [c for c in columns if c.base], out + ".svg")


def plot(queries, columns, path):
    """Bars of each query's time as a share of that of the column's base."""
    w, row, left = 760, 16, 60
    colors = ["#1b9e77", "#d95f02", "#7570b3", "#e7298a"]
    h = row * len(queries) * len(columns) + 60
    scale = (w - left - 20) / max(1.4, max(c.share(q) for c in columns for q in queries))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" font-family="sans-serif" font-size="11">',
           '<rect width="100%" height="100%" fill="white"/>']
    for i, c in enumerate(columns):
        x = left + i * 170
        out.append(f'<rect x="{x}" y="8" width="10" height="10" fill="{colors[i]}"/><text x="{x + 14}" y="17">{c.name}</text>')
    y = 30
    for q in queries:
        out.append(f'<text x="8" y="{y + row * len(columns) / 2 + 4}">{q}</text>')
        for i, c in enumerate(columns):
            out.append(f'<rect x="{left}" y="{y + 1}" width="{c.share(q) * scale:.1f}" height="{row - 2}" fill="{colors[i]}"/>')
            y += row
    x = left + scale
    out.append(f'<line x1="{x}" y1="24" x2="{x}" y2="{y}" stroke="black" stroke-dasharray="3"/><text x="{x - 40}" y="{y + 16}">DuckDB = 1</text></svg>')
    with open(path, "w") as f:
        f.write("\n".join(out))
