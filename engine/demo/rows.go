package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// generator makes rows; every table and day has a random source of its own, so
// that parts can be made in any order and are the same.
type generator struct {
	seed  uint64
	scale float64
}

func (g *generator) count(atOne int) int { return max(1, int(float64(atOne)*g.scale)) }

func (g *generator) source(stream uint64, part int) *rand.Rand {
	return rand.New(rand.NewPCG(g.seed^stream*0x9e3779b97f4a7c15, uint64(part)))
}

// skewed picks 0..n-1, low numbers much more often (a power law).
func skewed(r *rand.Rand, n int) int { return int(float64(n) * math.Pow(r.Float64(), 3)) }

func pick(r *rand.Rand, list []string) string       { return list[r.IntN(len(list))] }
func pickSkewed(r *rand.Rand, list []string) string { return list[skewed(r, len(list))] }

func str(s string) sql.Value { return sql.TextValue(s) }
func num(i int64) sql.Value  { return sql.IntValue(sql.Int8, i) }
func i32(i int) sql.Value    { return sql.IntValue(sql.Int4, int64(i)) }
func dec(t sql.Type, cents int64) sql.Value {
	return sql.Value{Type: t, Num: sql.Num{Coef: sql.I128(cents), Scale: 2}}
}
func orNull(r *rand.Rand, share float64, v sql.Value) sql.Value {
	if r.Float64() < share {
		return sql.NullOf(v.Type)
	}
	return v
}

func day(t time.Time) sql.Value  { return sql.IntValue(sql.Date, t.Unix()/86400) }
func when(t time.Time) sql.Value { return sql.IntValue(sql.Timestamp, t.UnixMicro()) }

// emit takes a row, in the order of the table's columns.
type emit func(row ...sql.Value) error

func (g *generator) customers(out emit) error {
	r := g.source(1, 0)
	limit := sql.Decimal(12, 2)
	for id := 1; id <= g.count(customersAtOne); id++ {
		first, last := pick(r, firstNames), pick(r, lastNames)
		country := pickSkewed(r, countries)
		segment := "consumer"
		switch x := r.Float64(); {
		case x < 0.02:
			segment = "vip"
		case x < 0.2:
			segment = "business"
		}
		if err := out(num(int64(id)), str(first+" "+last), orNull(r, 0.07, str(fmt.Sprintf("user%d@example.com", id))), str(country),
			str(pick(r, cities[country])), str(segment), day(firstDay.AddDate(0, 0, -r.IntN(2000))),
			orNull(r, 0.3, dec(limit, int64(1+r.IntN(200))*5000)), sql.BoolValue(r.Float64() < 0.4)); err != nil {
			return err
		}
	}
	return nil
}

// price of a product in cents, the same wherever it is asked for.
func price(product int64) int64 { return 299 + product*7919%49_700 }

func (g *generator) products(out emit) error {
	r := g.source(2, 0)
	money := sql.Decimal(10, 2)
	for id := int64(1); id <= int64(g.count(productsAtOne)); id++ {
		p := price(id)
		if err := out(num(id), str(pick(r, adjectives)+" "+pick(r, nouns)), str(pick(r, categories)), str(pickSkewed(r, brands)),
			dec(money, p), orNull(r, 0.1, dec(money, p*int64(40+r.IntN(40))/100)),
			sql.Value{Type: sql.Float8, I: int64(math.Float64bits(float64(50+r.IntN(15000)) / 1000))},
			day(firstDay.AddDate(0, 0, -r.IntN(1500)))); err != nil {
			return err
		}
	}
	return nil
}

// order is an order with its items, made anew wherever either is written.
type order struct {
	id, customer int64
	at           time.Time
	status       string
	channel      string
	coupon, note string
	items        []item
	total        int64
}

type item struct {
	product  int64
	quantity int
	unit     int64
	discount int64 // hundredths
}

// ordersOf makes the orders of a day; weekends and December sell more.
func (g *generator) ordersOf(d int) []order {
	r := g.source(3, d)
	date := firstDay.AddDate(0, 0, d)
	n := float64(g.count(ordersAtOne)) / days
	if wd := date.Weekday(); wd == time.Saturday || wd == time.Sunday {
		n *= 1.4
	}
	if date.Month() == time.December {
		n *= 1.6
	}
	list := make([]order, int(n))
	for i := range list {
		o := &list[i]
		o.id = int64(d+1)*1_000_000 + int64(i)
		o.customer = int64(1 + skewed(r, g.count(customersAtOne)))
		o.at = date.Add(time.Duration(r.Int64N(int64(24 * time.Hour)))).Truncate(time.Microsecond)
		o.status, o.channel = pickSkewed(r, statuses), pickSkewed(r, channels)
		if r.Float64() < 0.12 {
			o.coupon = fmt.Sprintf("SAVE%d", 5*(1+r.IntN(6)))
		}
		if r.Float64() < 0.08 {
			o.note = pick(r, notes)
		}
		for range 1 + skewed(r, 8) {
			it := item{product: int64(1 + skewed(r, g.count(productsAtOne))), quantity: 1 + skewed(r, 6)}
			it.unit = price(it.product)
			if r.Float64() < 0.25 {
				it.discount = int64(5 * (1 + r.IntN(6)))
			}
			o.total += it.unit * int64(it.quantity) * (100 - it.discount) / 100
			o.items = append(o.items, it)
		}
	}
	return list
}

func textOrNull(s string) sql.Value {
	if s == "" {
		return sql.NullOf(sql.Text)
	}
	return str(s)
}

func (g *generator) orders(d int, out emit) error {
	money := sql.Decimal(12, 2)
	for _, o := range g.ordersOf(d) {
		if err := out(num(o.id), num(o.customer), when(o.at), str(o.status), str(o.channel), dec(money, o.total), textOrNull(o.coupon), textOrNull(o.note)); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) orderItems(out emit) error {
	money, share := sql.Decimal(10, 2), sql.Decimal(4, 2)
	for d := range days {
		for _, o := range g.ordersOf(d) {
			for i, it := range o.items {
				if err := out(num(o.id), i32(i+1), num(it.product), i32(it.quantity), dec(money, it.unit), dec(share, it.discount)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// event is one event; body is its JSON.
func (g *generator) eventsOf(d int, each func(id int64, at time.Time, kind string, user int64, session string, product int64, device, country string, ms int, body string) error) error {
	r := g.source(4, d)
	date := firstDay.AddDate(0, 0, d)
	n := g.count(eventsAtOne) / days
	step := 24 * time.Hour / time.Duration(max(n, 1))
	for i := range n {
		at := date.Add(time.Duration(i)*step + time.Duration(r.Int64N(int64(step)))).Truncate(time.Microsecond)
		kind := pickSkewed(r, eventTypes)
		var user, product int64
		if r.Float64() < 0.7 {
			user = int64(1 + skewed(r, g.count(customersAtOne)))
		}
		body := `{"page": ` + fmt.Sprint(1+skewed(r, 40))
		switch kind {
		case "search":
			body += fmt.Sprintf(`, "query": %q, "hits": %d`, pick(r, searches), skewed(r, 300))
		case "sign_in", "sign_out":
		default:
			product = int64(1 + skewed(r, g.count(productsAtOne)))
			body += fmt.Sprintf(`, "product": {"id": %d, "price": %.2f}`, product, float64(price(product))/100)
		}
		if r.Float64() < 0.1 {
			body += fmt.Sprintf(`, "campaign": "c%02d"`, r.IntN(30))
		}
		body += "}"
		if err := each(int64(d+1)*10_000_000+int64(i), at, kind, user, fmt.Sprintf("s%04x%06x", d, r.IntN(1<<20)/8),
			product, pickSkewed(r, devices), pickSkewed(r, countries), 20+skewed(r, 60_000), body); err != nil {
			return err
		}
	}
	return nil
}

func idOrNull(i int64) sql.Value {
	if i == 0 {
		return sql.NullOf(sql.Int8)
	}
	return num(i)
}

func (g *generator) events(d int, out emit) error {
	return g.eventsOf(d, func(id int64, at time.Time, kind string, user int64, session string, product int64, device, country string, ms int, body string) error {
		return out(num(id), when(at), str(kind), idOrNull(user), str(session), idOrNull(product), str(device), str(country), i32(ms), str(body))
	})
}

// rawEvents are one in ten of the last month's events, as the stream had them.
func (g *generator) rawEvents(d int, out emit) error {
	return g.eventsOf(d, func(id int64, at time.Time, kind string, user int64, session string, _ int64, device, _ string, _ int, body string) error {
		if id%10 != 0 {
			return nil
		}
		return out(str(at.Add(time.Duration(id%900)*time.Millisecond).Format(time.RFC3339Nano)), str("stream-"+fmt.Sprint(id/10%4)),
			str(fmt.Sprintf(`{"id": %d, "type": %q, "user": %d, "session": %q, "device": %q, "data": %s}`, id, kind, user, session, device, body)))
	})
}
