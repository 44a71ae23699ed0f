package hive

import (
	"container/list"
	"sync"
	"time"

	"github.com/sluicedb/sluice/storage/object"
)

// maxKeptFiles bounds how many file descriptions are kept in all.
const maxKeptFiles = 200_000

// listings keeps folders' listings, least recently used out first.
type listings struct {
	mu    sync.Mutex
	order *list.List // of *listing
	by    map[string]*list.Element
	files int
}

type listing struct {
	location string
	files    []object.Info
	at       time.Time
}

func newListings() *listings {
	return &listings{order: list.New(), by: map[string]*list.Element{}}
}

// get returns a listing not older than maxAge and its age.
func (l *listings) get(location string, maxAge time.Duration, now time.Time) (files []object.Info, age time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.by[location]
	if e == nil {
		return nil, 0, false
	}
	k := e.Value.(*listing)
	if age = now.Sub(k.at); age > maxAge || age < 0 {
		l.remove(e)
		return nil, 0, false
	}
	l.order.MoveToFront(e)
	return k.files, age, true
}

func (l *listings) put(location string, files []object.Info, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.by[location]; e != nil {
		l.remove(e)
	}
	l.by[location] = l.order.PushFront(&listing{location, files, at})
	l.files += len(files) + 1
	for l.files > maxKeptFiles && l.order.Len() > 1 {
		l.remove(l.order.Back())
	}
}

func (l *listings) remove(e *list.Element) {
	k := e.Value.(*listing)
	l.order.Remove(e)
	delete(l.by, k.location)
	l.files -= len(k.files) + 1
}
