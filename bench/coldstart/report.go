package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-6c4a6465/btf/bench/harness"
)

// A report is what was measured, to be printed.
type report struct {
	contenders []harness.Contender
	rows       []row
	empty      *sample
	rounds     int
}

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// ms prints milliseconds with as many digits as mean something.
func ms(d time.Duration) string {
	v := float64(d) / 1e6
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func spread(values []time.Duration) string {
	return fmt.Sprintf("%s | %s – %s", ms(median(values)), ms(slices.Min(values)), ms(slices.Max(values)))
}

func size(bytes uint64) string {
	switch {
	case bytes == 0:
		return "–"
	case bytes >= 100<<10:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.1f KB", float64(bytes)/1e3)
}

func count(n uint64) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// ratio prints how many times b goes into a, "–" if one is not there.
func ratio(a, b *sample) string {
	if a == nil || b == nil {
		return "–"
	}
	r := float64(median(a.main)) / float64(median(b.main))
	if r >= 10 {
		return fmt.Sprintf("%.0f ×", r)
	}
	return fmt.Sprintf("%.2f ×", r)
}

func (r row) title() string {
	return fmt.Sprintf("%s, %s (%s types)", r.question.Text, r.input.Title, count(uint64(r.input.Types)))
}

// detail prints all that was measured of one row.
func (p report) detail(w io.Writer, r row) {
	fmt.Fprintf(w, "**%s**\n\n", capital(r.title()))
	fmt.Fprintln(w, "| | main → answer, ms | min – max | to the floor | lazy to it | whole process, ms | min – max | peak RSS | allocated | objects | heap kept |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, c := range p.contenders {
		s, ok := r.samples[c.Name]
		switch {
		case ok:
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
				c.Title, spread(s.main), ratio(s, r.samples[harness.Floor]), ratio(r.samples[harness.Lazy], s),
				spread(s.process), size(median(s.peak)), size(s.memory.Allocated), count(s.memory.Objects), size(s.memory.Kept))
		case c.Name == harness.Empty:
			fmt.Fprintf(w, "| %s | – | – | – | – | %s | – | – | – | – |\n", c.Title, spread(p.empty.process))
		default:
			fmt.Fprintf(w, "| %s | %v | | | | | | | | | |\n", c.Title, r.cannot[c.Name])
		}
	}
	fmt.Fprintln(w)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (p report) details(w io.Writer) {
	for _, r := range p.rows {
		p.detail(w, r)
	}
}

// summary prints a line for each row: medians from main to the answer.
func (p report) summary(w io.Writer) {
	fmt.Fprint(w, "**main → answer, median in ms, and in brackets the largest value**\n\n|")
	line := "\n| --- |"
	for _, c := range p.contenders {
		if c.Name != harness.Empty {
			fmt.Fprintf(w, " | %s", c.Title)
			line += " ---: |"
		}
	}
	fmt.Fprintln(w, " | lazy to this package |"+line+" ---: |")
	for _, r := range p.rows {
		fmt.Fprintf(w, "| %s ", r.title())
		for _, c := range p.contenders {
			if c.Name == harness.Empty {
				continue
			}
			if s, ok := r.samples[c.Name]; ok {
				fmt.Fprintf(w, "| %s (%s) ", ms(median(s.main)), ms(slices.Max(s.main)))
			} else {
				fmt.Fprint(w, "| – ")
			}
		}
		fmt.Fprintf(w, "| %s |\n", ratio(r.samples[harness.Lazy], r.samples[harness.Ours]))
	}
	fmt.Fprintln(w)
}

// scaling prints what a type costs in blobs of different sizes.
func (p report) scaling(w io.Writer) {
	fmt.Fprint(w, "**Growth: offset of inet_sock.inet_saddr, ns for each type there is**\n\n| types | strings |")
	line := "\n| ---: | ---: |"
	var shown []harness.Contender
	for _, c := range p.contenders {
		if c.Name != harness.Empty && c.Name != harness.Eager && c.Program != "" {
			fmt.Fprintf(w, " %s |", c.Title)
			line += " ---: |"
			shown = append(shown, c)
		}
	}
	fmt.Fprintln(w, line)
	for _, r := range p.rows {
		if !strings.HasPrefix(r.input.Name, "scaled") {
			continue
		}
		fmt.Fprintf(w, "| %s | %s |", count(uint64(r.input.Types)), size(uint64(r.input.Strings)))
		for _, c := range shown {
			s := r.samples[c.Name]
			fmt.Fprintf(w, " %.1f |", float64(median(s.main))/float64(r.input.Types))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

func (p report) machine(w io.Writer) {
	fmt.Fprintf(w, "%s. Fresh processes in random order, %d of each, files in the page cache.\n", harness.Machine(), p.rounds)
	fmt.Fprint(w, "Sizes of the programs:")
	separator := " "
	for _, c := range p.contenders {
		if info, err := os.Stat(c.Program); err == nil {
			fmt.Fprintf(w, "%s%s %s", separator, c.Title, size(uint64(info.Size())))
			separator = ", "
		}
	}
	fmt.Fprintln(w, ".")
	for _, c := range p.contenders {
		if c.Absent != "" {
			fmt.Fprintf(w, "Without %s: %s.\n", c.Title, c.Absent)
		}
	}
}

// Marks of the part of the README that is written here.
const (
	begin = "<!-- coldstart: written by the command below -->\n"
	end   = "<!-- /coldstart -->\n"
)

// into replaces what is between the marks.
func (p report) into(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no lines %q and %q", filepath.Base(path), begin, end)
	}
	var b strings.Builder
	p.detail(&b, p.rows[0])
	p.summary(&b)
	p.scaling(&b)
	p.machine(&b)
	return os.WriteFile(path, []byte(before+begin+"\n"+b.String()+"\n"+end+after), 0o644)
}
