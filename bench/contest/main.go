package contest

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"
)

// Modes of [Main].
const (
	// Once asks once, cold. Nothing is done but what is measured: the clock runs
	// from the start of main to the answer.
	Once = "once"
	// Peak is Once, and then says how much memory the process held at most.
	Peak = "peak"
	// Cold opens, asks and closes any number of times, and counts what is
	// allocated, and what the last Spec keeps after two collections.
	Cold = "cold"
	// Warm is Cold with one Spec that was asked before.
	Warm = "warm"
)

// Exit statuses of [Main].
const (
	Failed      = 1
	Unsupported = 4
)

// Main is the main function of a contender:
//
//	contender MODE QUESTION TIMES PATH [MODULE]
//
// It prints nanoseconds, answer, objects allocated, bytes allocated, bytes of heap
// kept, and bytes of memory at the peak; 0 for those that the mode doesn't tell.
func Main(open Opener) {
	start := time.Now()
	mode, in := os.Args[1], Input{Path: os.Args[4]}
	q, ok := ByName(os.Args[2])
	if !ok {
		fail(ErrUnsupported)
	}
	times, err := strconv.Atoi(os.Args[3])
	check(err)
	if len(os.Args) > 5 {
		in.Module = os.Args[5]
	}
	if mode == Once || mode == Peak {
		s, err := open(in.Path)
		check(err)
		answer, err := q.Ask(s, in)
		ns := time.Since(start)
		check(err)
		peak := uint64(0)
		if mode == Peak {
			peak = peakRSS()
		}
		report(ns, answer, 0, 0, 0, peak)
		return
	}

	runtime.GC()
	runtime.GC()
	var before, after, kept runtime.MemStats
	var s Spec
	var answer uint64
	if mode == Warm {
		// Some answer the first question otherwise than the next.
		s, err = open(in.Path)
		check(err)
		for range 3 {
			_, err = q.Ask(s, in)
			check(err)
		}
	}
	runtime.ReadMemStats(&before)
	start = time.Now()
	for range times {
		if mode == Cold {
			if s != nil {
				check(s.Close())
			}
			s, err = open(in.Path)
			check(err)
		}
		answer, err = q.Ask(s, in)
		check(err)
	}
	ns := time.Since(start)
	runtime.ReadMemStats(&after)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&kept)
	runtime.KeepAlive(s)
	report(ns, answer, after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc, max(kept.HeapAlloc, before.HeapAlloc)-before.HeapAlloc, 0)
}

func report(ns time.Duration, answer, objects, bytes, kept, peak uint64) {
	line := strconv.AppendInt(nil, int64(ns), 10)
	for _, n := range []uint64{answer, objects, bytes, kept, peak} {
		line = strconv.AppendUint(append(line, ' '), n, 10)
	}
	_, err := os.Stdout.Write(append(line, '\n'))
	check(err)
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	os.Stderr.WriteString(err.Error() + "\n")
	if err == ErrUnsupported {
		os.Exit(Unsupported)
	}
	os.Exit(Failed)
}

// peakRSS returns the most bytes that the process had resident, 0 where the system
// doesn't say. The rusage that a parent gets is no use: it counts the memory that
// the process shared with its parent between fork and exec.
func peakRSS() uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := bytes.Cut(status, []byte("VmHWM:"))
	line, _, _ = bytes.Cut(line, []byte("kB"))
	kB, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 10, 64)
	check(err)
	return kB << 10
}
