package cache

import "container/list"

// queue is first in, first out.
type queue struct {
	entries list.List // of *entry, oldest in front
	bytes   int64
}

func (q *queue) len() int { return q.entries.Len() }

func (q *queue) push(e *entry) {
	e.in, e.place = q, q.entries.PushBack(e)
	q.bytes += e.cost()
}

// pop takes out the oldest entry; nil if there is none.
func (q *queue) pop() *entry {
	oldest := q.entries.Front()
	if oldest == nil {
		return nil
	}
	e := oldest.Value.(*entry)
	q.remove(e)
	return e
}

func (q *queue) remove(e *entry) {
	q.entries.Remove(e.place)
	e.in, e.place = nil, nil
	q.bytes -= e.cost()
}

// ghosts remembers ranges that left the small queue without being asked for
// again, about as many as the cache holds.
type ghosts struct {
	places map[span]*list.Element
	order  list.List // of span, oldest in front
}

func (g *ghosts) add(of span, limit int) {
	if g.places == nil {
		g.places = map[span]*list.Element{}
	}
	if g.places[of] == nil {
		g.places[of] = g.order.PushBack(of)
	}
	for g.order.Len() > max(limit, 64) {
		delete(g.places, g.order.Remove(g.order.Front()).(span))
	}
}

// take tells whether of is remembered, and forgets it.
func (g *ghosts) take(of span) bool {
	place := g.places[of]
	if place == nil {
		return false
	}
	g.order.Remove(place)
	delete(g.places, of)
	return true
}
