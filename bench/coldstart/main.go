// Command coldstart starts the contenders as fresh processes, in random order, and
// prints how long each takes from the start of main to an answer, how long the
// whole process lives, and what memory it needs.
//
//	go run ./coldstart                       # tables to standard output
//	go run ./coldstart -readme README.md     # and into bench/README.md, with its chart
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/seed-6c4a6465/btf/bench/contest"
	"github.com/seed-6c4a6465/btf/bench/harness"
)

func main() {
	rounds := flag.Int("rounds", 20, "how many processes to start for each value")
	readme := flag.String("readme", "", "a `file` to write the first tables into, between its marks")
	chart := flag.String("chart", "coldstart.svg", "a `file` for the chart; empty for none")
	flag.Parse()
	if err := run(os.Stdout, *rounds, *readme, *chart); err != nil {
		fmt.Fprintln(os.Stderr, "coldstart:", err)
		os.Exit(1)
	}
}

// A row is a question about an input, and what the contenders said.
type row struct {
	question contest.Question
	input    harness.Input
	samples  map[string]*sample // by the contender's name
	cannot   map[string]error
}

// A sample is what was measured of one contender.
type sample struct {
	answer  uint64
	main    []time.Duration // from the start of main
	process []time.Duration // from before fork to after wait
	peak    []uint64
	memory  harness.Result // of a run that counts
}

// rows are the questions asked, about the running kernel where it shows its BTF.
var rows = []struct{ question, input string }{
	{"late", harness.Kernel},
	{"load", harness.Kernel},
	{"names25", harness.Kernel},
	{"agent", harness.Kernel},
	{"all", harness.Kernel},
	{"funcs", harness.Kernel},
	{"everything", harness.Kernel},
	{"late", harness.KernelFile},
	{"late", harness.Fixture},
	{"late", harness.ELF},
	{"late", harness.Sorted},
	{"names25", harness.Sorted},
	{"late", harness.Scaled1},
	{"late", harness.Scaled10},
	{"late", harness.Scaled30},
}

func run(w io.Writer, rounds int, readme, chart string) error {
	dir, err := os.MkdirTemp("", "btf-coldstart")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	contenders, err := harness.Build(dir)
	if err != nil {
		return err
	}
	inputs, err := harness.Inputs(dir)
	if err != nil {
		return err
	}
	table := plan(inputs)
	empty := &sample{}
	if err := measure(contenders, table, empty, rounds); err != nil {
		return err
	}
	r := report{contenders, table, empty, rounds}
	r.details(w)
	r.summary(w)
	r.scaling(w)
	r.machine(w)
	if chart != "" {
		if err := r.chart(chart); err != nil {
			return err
		}
	}
	if readme != "" {
		return r.into(readme)
	}
	return nil
}

// plan returns the rows for the inputs there are. Without a kernel's BTF, the
// fixture stands in.
func plan(inputs []harness.Input) (table []row) {
	find := func(name string) int {
		return slices.IndexFunc(inputs, func(in harness.Input) bool { return in.Name == name })
	}
	for _, r := range rows {
		i := find(r.input)
		if i < 0 {
			i = find(harness.Fixture)
		}
		q, ok := contest.ByName(r.question)
		if !ok {
			panic(r.question)
		}
		if slices.ContainsFunc(table, func(had row) bool { return had.question.Name == q.Name && had.input.Name == inputs[i].Name }) {
			continue
		}
		table = append(table, row{q, inputs[i], map[string]*sample{}, map[string]error{}})
	}
	return table
}

// measure fills the rows. All contenders are asked once before anything counts, so
// that the files are in the page cache, and their answers are compared.
func measure(contenders []harness.Contender, table []row, empty *sample, rounds int) error {
	var starts []func() error
	for _, r := range table {
		for _, c := range contenders {
			if err := c.Cannot(r.question.Name, r.input); err != nil {
				r.cannot[c.Name] = err
				continue
			}
			result, err := c.Run(contest.Once, r.question.Name, 1, r.input.Input)
			if err != nil {
				return err
			}
			s := &sample{answer: result.Answer}
			r.samples[c.Name] = s
			starts = append(starts, func() error {
				result, err := c.Run(contest.Once, r.question.Name, 1, r.input.Input)
				s.main = append(s.main, time.Duration(result.Nanoseconds))
				s.process = append(s.process, result.Process)
				if err == nil && result.Answer != s.answer {
					err = fmt.Errorf("%s: %s of %s is now %d, now %d", c.Name, r.question.Name, r.input.Name, s.answer, result.Answer)
				}
				return err
			})
		}
		want := r.samples[harness.Ours].answer
		for name, s := range r.samples {
			if s.answer != want {
				return fmt.Errorf("%s of %s: %s says %d, %s says %d", r.question.Name, r.input.Name, name, s.answer, harness.Ours, want)
			}
		}
	}
	i := slices.IndexFunc(contenders, func(c harness.Contender) bool { return c.Name == harness.Empty })
	starts = append(starts, func() error {
		result, err := contenders[i].Run(contest.Once, "", 1, contest.Input{})
		empty.process = append(empty.process, result.Process)
		return err
	})
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "\rround %d of %d", round+1, rounds)
		rand.Shuffle(len(starts), func(i, j int) { starts[i], starts[j] = starts[j], starts[i] })
		for _, start := range starts {
			if err := start(); err != nil {
				return err
			}
		}
	}
	fmt.Fprintln(os.Stderr)

	// Memory varies little, and counting it takes time that is not to be measured.
	for _, r := range table {
		for _, c := range contenders {
			s, ok := r.samples[c.Name]
			if !ok {
				continue
			}
			var err, failed error
			s.memory, err = c.Run(contest.Cold, r.question.Name, 1, r.input.Input)
			for range 5 {
				var result harness.Result
				result, failed = c.Run(contest.Peak, r.question.Name, 1, r.input.Input)
				err = errors.Join(err, failed)
				s.peak = append(s.peak, result.Peak)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
