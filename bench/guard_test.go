package bench

import (
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf/bench/contest"
	"github.com/seed-6c4a6465/btf/bench/harness"
	"github.com/stretchr/testify/require"
)

// cold returns a function that opens, asks and closes.
func cold(t testing.TB, c harness.Contender, question, of string) func() {
	q, ok := contest.ByName(question)
	require.True(t, ok)
	in := input(t, of).Input
	return func() {
		s, err := c.Open(in.Path)
		if err == nil {
			_, err = q.Ask(s, in)
		}
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// warm returns a function that asks what was asked before.
func warm(t testing.TB, c harness.Contender, question, of string) func() {
	q, ok := contest.ByName(question)
	require.True(t, ok)
	in := input(t, of).Input
	s, err := c.Open(in.Path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	ask := func() {
		if _, err := q.Ask(s, in); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		ask()
	}
	return ask
}

// TestGuardAllocs: what asking costs in objects, exactly. A number that went down
// is to be written here; one that went up needs a reason.
func TestGuardAllocs(t *testing.T) {
	ours := contender(t, harness.Ours)
	for _, g := range []struct {
		question string
		cold     float64
		warm     float64
	}{
		{"load", 8, 0},
		{"name", 8, 0},
		{"names25", 12, 0},
		{"miss", 8, 0},
		{"ids", 8, 0},
		{"early", 8, 0},
		{"late", 8, 0},
		{"all", 8, 0},
		{"funcs", 8, 0},
		{"agent", 12, 0},
	} {
		t.Run(g.question, func(t *testing.T) {
			require.Equal(t, g.cold, testing.AllocsPerRun(10, cold(t, ours, g.question, harness.Fixture)), "cold")
			require.Equal(t, g.warm, testing.AllocsPerRun(10, warm(t, ours, g.question, harness.Fixture)), "warm")
		})
	}
}

// fastest returns the shortest time that each of some functions took, called in
// turns, so that what slows the machine down slows all of them.
func fastest(fs ...func()) []time.Duration {
	best := make([]time.Duration, len(fs))
	for round := range 15 {
		for i, f := range fs {
			start := time.Now()
			f()
			if d := time.Since(start); round == 0 || d < best[i] {
				best[i] = d
			}
		}
	}
	return best
}

// TestGuardTimes: no answer takes many times what it takes the floor, or the
// fraction of a rival's time that it should. The bounds are wide: they are there
// for what is slow, not for what is noisy.
func TestGuardTimes(t *testing.T) {
	ours := contender(t, harness.Ours)
	for _, g := range []struct {
		question string
		times    func(testing.TB, harness.Contender, string, string) func()
		than     string
		most     float64 // of the other's time
	}{
		{"late", cold, harness.Floor, 3},
		{"late", cold, harness.Lazy, 0.3},
		{"names25", cold, harness.Lazy, 0.5},
		{"agent", cold, harness.Lazy, 0.5},
		{"all", cold, harness.Lazy, 0.1},
		{"funcs", cold, harness.Lazy, 0.2},
		{"module", warm, harness.Lazy, 0.5},
		{"all", warm, harness.Floor, 5},
		{"all", warm, harness.Lazy, 0.3},
	} {
		other := contender(t, g.than)
		best := fastest(g.times(t, ours, g.question, harness.Fixture), g.times(t, other, g.question, harness.Fixture))
		ratio := float64(best[0]) / float64(best[1])
		t.Logf("%s: %v, %.2f of %s", g.question, best[0], ratio, g.than)
		require.Less(t, ratio, g.most, "%s: %v, %s %v", g.question, best[0], g.than, best[1])
	}
}

// TestGuardGrowth: ten times the blob takes about ten times as long.
func TestGuardGrowth(t *testing.T) {
	ours := contender(t, harness.Ours)
	for _, question := range []string{"load", "late", "names25", "all"} {
		best := fastest(cold(t, ours, question, harness.Scaled1), cold(t, ours, question, harness.Scaled10))
		ratio := float64(best[1]) / float64(best[0])
		t.Logf("%s: %v, %v, %.1f times", question, best[0], best[1], ratio)
		require.Less(t, ratio, 40.0, question)
	}
}

// TestGuardHeap: what stays in memory, in bytes for each type.
func TestGuardHeap(t *testing.T) {
	in := input(t, harness.Fixture)
	for question, most := range map[string]float64{"load": 1.1, "late": 1.1, "everything": 4} {
		r, err := contender(t, harness.Ours).Run(contest.Cold, question, 1, in.Input)
		require.NoError(t, err)
		each := float64(r.Kept) / float64(in.Types)
		t.Logf("%s: %d bytes of heap kept, %.2f for each type", question, r.Kept, each)
		require.Less(t, each, most, question)
	}
}
