package bench

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/seed-6c4a6465/btf/bench/contest"
	"github.com/seed-6c4a6465/btf/bench/harness"
	"github.com/stretchr/testify/require"
)

// built are the contenders and inputs, which all tests share.
var built struct {
	contenders []harness.Contender
	inputs     []harness.Input
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "btf-bench")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if built.contenders, err = harness.Build(dir); err != nil {
			panic(err)
		}
		if built.inputs, err = harness.Inputs(dir); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

func contender(t testing.TB, name string) harness.Contender {
	i := slices.IndexFunc(built.contenders, func(c harness.Contender) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0)
	return built.contenders[i]
}

func input(t testing.TB, name string) harness.Input {
	i := slices.IndexFunc(built.inputs, func(in harness.Input) bool { return in.Name == name })
	require.GreaterOrEqual(t, i, 0)
	return built.inputs[i]
}

// asked are the questions that an input is there for; nil stands for all.
var asked = map[string][]string{
	harness.KernelFile: {"load", "late", "names25", "agent"},
	harness.Sorted:     {"load", "name", "names25", "miss", "late", "all", "agent"},
	harness.ELF:        {"load", "late", "names25", "agent"},
	harness.Scaled1:    scaled,
	harness.Scaled10:   scaled,
	harness.Scaled30:   scaled,
}

var scaled = []string{"load", "late", "names25", "all"}

// BenchmarkCold opens, asks and closes.
func BenchmarkCold(b *testing.B) {
	each(b, contest.Cold, func(b *testing.B, open contest.Opener, q contest.Question, in contest.Input) {
		for b.Loop() {
			s, err := open(in.Path)
			if err == nil {
				_, err = q.Ask(s, in)
				err = errors.Join(err, s.Close())
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkWarm asks what was asked before.
func BenchmarkWarm(b *testing.B) {
	each(b, contest.Warm, func(b *testing.B, open contest.Opener, q contest.Question, in contest.Input) {
		s, err := open(in.Path)
		require.NoError(b, err)
		// Some answer the first question otherwise than the next.
		for range 3 {
			_, err := q.Ask(s, in)
			require.NoError(b, err)
		}
		for b.Loop() {
			if _, err := q.Ask(s, in); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		require.NoError(b, s.Close())
	})
}

// each runs a benchmark for each question, input and contender that has an answer.
func each(b *testing.B, mode string, f func(*testing.B, contest.Opener, contest.Question, contest.Input)) {
	for _, q := range contest.Questions {
		if mode == contest.Warm && !q.Warm {
			continue
		}
		for _, in := range built.inputs {
			if mode == contest.Warm && !slices.Contains([]string{harness.Kernel, harness.Fixture, harness.Sorted}, in.Name) {
				continue // where it came from makes no difference any more
			}
			if questions, ok := asked[in.Name]; ok && !slices.Contains(questions, q.Name) {
				continue
			}
			for _, c := range built.contenders {
				if errors.Is(c.Cannot(q.Name, in), contest.ErrUnsupported) {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s/%s", q.Name, in.Name, c.Name), func(b *testing.B) {
					if reason := c.Cannot(q.Name, in); reason != nil {
						b.Skip(reason)
					}
					b.ReportAllocs()
					if c.Open != nil {
						f(b, c.Open, q, in.Input)
						return
					}
					r, err := c.Run(mode, q.Name, b.N, in.Input)
					require.NoError(b, err)
					n := float64(b.N)
					b.ReportMetric(float64(r.Nanoseconds)/n, "ns/op")
					b.ReportMetric(float64(r.Allocated)/n, "B/op")
					b.ReportMetric(float64(r.Objects)/n, "allocs/op")
				})
			}
		}
	}
}

// TestAnswers: all contenders give the same answers.
func TestAnswers(t *testing.T) {
	for _, c := range built.contenders {
		if c.Absent != "" {
			t.Logf("without %s: %s", c.Title, c.Absent)
			require.Empty(t, os.Getenv("BTF_REQUIRE_ORACLES"), "%s is wanted", c.Title)
		}
	}
	for _, in := range built.inputs {
		for _, q := range contest.Questions {
			if questions, ok := asked[in.Name]; ok && !slices.Contains(questions, q.Name) {
				continue
			}
			t.Run(in.Name+"/"+q.Name, func(t *testing.T) {
				want, err := contender(t, harness.Ours).Run(contest.Once, q.Name, 1, in.Input)
				require.NoError(t, err)
				compared := 0
				for _, c := range built.contenders {
					if c.Cannot(q.Name, in) != nil {
						continue
					}
					got, err := c.Run(contest.Once, q.Name, 1, in.Input)
					require.NoError(t, err)
					require.Equal(t, want.Answer, got.Answer, c.Title)
					compared++
				}
				require.Greater(t, compared, 1)
			})
		}
	}
}
