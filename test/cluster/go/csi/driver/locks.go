package main

import (
	"slices"
	"sync"
)

// locks admits one call at a time to each name. The zero value is ready.
type locks struct {
	mutex sync.Mutex
	held  map[string]*sync.Mutex
}

// lock takes all names at once, in one order for everybody, so that no two calls wait for each
// other. A call locks only once. The answer unlocks them.
func (l *locks) lock(names ...string) (unlock func()) {
	slices.Sort(names)
	names = slices.Compact(names)
	for _, name := range names {
		l.of(name).Lock()
	}
	return func() {
		for _, name := range names {
			l.of(name).Unlock()
		}
	}
}

func (l *locks) of(name string) *sync.Mutex {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.held == nil {
		l.held = map[string]*sync.Mutex{}
	}
	if l.held[name] == nil {
		l.held[name] = &sync.Mutex{}
	}
	return l.held[name]
}
