// Runs a function once, and again if it panicked.

package btf

import (
	"sync"
	"sync/atomic"
)

// A once guards a table that is built on its first use, as [sync.Once] does. If building
// it panics, the next use builds it again: a program can recover from the fault of reading
// a mapped file that was truncated, see [runtime/debug.SetPanicOnFault]. A function that
// builds a table must therefore store it as its last step.
type once struct {
	done  atomic.Bool
	mutex sync.Mutex
}

func (o *once) do(build func()) {
	if !o.done.Load() {
		o.slow(build)
	}
}

func (o *once) slow(build func()) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if !o.done.Load() {
		build()
		o.done.Store(true)
	}
}
