package harness

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"github.com/seed-6c4a6465/btf/bench/contest"
)

// A Result is what a run of a contender's program printed, and how long the
// process took.
type Result struct {
	Nanoseconds        int64
	Answer             uint64
	Objects, Allocated uint64 // while asking
	Kept               uint64 // bytes of heap, after two collections
	Peak               uint64 // bytes resident
	Process            time.Duration
}

// Cannot returns why a contender is not asked a question about an input, nil if it
// is. The error is [contest.ErrUnsupported] if it has no means for the question.
func (c Contender) Cannot(question string, in Input) error {
	many := in.Name == Scaled10 || in.Name == Scaled30
	switch {
	case c.Program == "":
		return errors.New(c.Absent)
	case c.Name == Empty:
		return contest.ErrUnsupported
	case c.Name == Floor && !slices.Contains([]string{"load", "name", "miss", "early", "late", "all"}, question):
		return contest.ErrUnsupported // it takes more than one search and one walk
	case c.Name == Libbpf && question == "parallel":
		return contest.ErrUnsupported // its look-ups may change it
	case c.Name == Eager && in.Name == Sorted:
		return errors.New("v0.11 refuses headers of 32 bytes")
	case c.Name == Eager && many, c.Name == Lazy && many && question == "all":
		return errors.New("takes gigabytes of memory")
	}
	return nil
}

// Run asks a contender's program one question, as [contest.Main] says. The error
// is [contest.ErrUnsupported] if it has no means for it.
func (c Contender) Run(mode string, question string, times int, in contest.Input) (r Result, err error) {
	args := []string{mode, question, strconv.Itoa(times), in.Path}
	if in.Module != "" {
		args = append(args, in.Module)
	}
	if c.Name == Empty {
		args = nil
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return r, err
	}
	defer outRead.Close()
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		outWrite.Close()
		return r, err
	}
	defer errRead.Close()
	// A pipe holds what little they print until they are gone, so that nothing runs
	// beside them.
	cmd := exec.Command(c.Program, args...)
	cmd.Stdout, cmd.Stderr = outWrite, errWrite
	start := time.Now()
	err = cmd.Run()
	r.Process = time.Since(start)
	outWrite.Close()
	errWrite.Close()

	said, readErr := io.ReadAll(errRead)
	out, outErr := io.ReadAll(outRead)
	if err := errors.Join(readErr, outErr); err != nil {
		return r, err
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == contest.Unsupported:
		return r, contest.ErrUnsupported
	case err != nil:
		return r, fmt.Errorf("%s %v: %w: %s", c.Name, args, err, said)
	case c.Name == Empty:
		return r, nil
	}
	if _, err := fmt.Sscan(string(out), &r.Nanoseconds, &r.Answer, &r.Objects, &r.Allocated, &r.Kept, &r.Peak); err != nil {
		return r, fmt.Errorf("%s %v printed %q: %w", c.Name, args, out, err)
	}
	return r, nil
}
