// Runs rows in a child process with limits on its memory and time, and measures each.

//go:build linux && !race

package growth

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"golang.org/x/sys/unix"
)

const (
	// memoryLimit is the address space in bytes that a process may have: RLIMIT_AS. The Go
	// runtime reserves about 1.2 GB of it before it does anything.
	memoryLimit = 4 << 30 * int64(^uint(0)>>63) // no limit with 32 bits, which are one
	// cpuLimit is the processor time that a row may take.
	cpuLimit = 3 * time.Second
	// wallLimit is the time that a row may take whatever it waits for. Other tests use the
	// processors at the same time.
	wallLimit = 40 * time.Second
)

// Figures are what one row took for one input.
type figures struct {
	Row    string
	CPU    time.Duration // of all threads, in the process and in the system
	Memory int64         // bytes: heap allocated by a function, the highest resident size of a command
	In     int64         // bytes of the input
	Out    int64         // bytes of text
	Ended  string        // what ended the row before its end, "" if nothing did
}

// childDir names the directory of the input in the environment of a child.
const childDir = "BTF_GROWTH_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child runs the rows that standard input names, one a line. It writes the name of a row
// and a newline before it measures the row, and the figures as an object after it.
func child(dir string) error {
	if memoryLimit > 0 {
		limit := unix.Rlimit{Cur: uint64(memoryLimit), Max: uint64(memoryLimit)}
		if err := unix.Setrlimit(unix.RLIMIT_AS, &limit); err != nil {
			return fmt.Errorf("setting the limit of memory: %w", err)
		}
	}
	var in input // read for the first function: a process begins with the resident size of its parent
	var q questions
	if err := q.read(dir); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name := lines.Text()
		fmt.Println(name)
		var f figures
		if strings.HasPrefix(name, "btf ") {
			c := commandRows()[slices.IndexFunc(commandRows(), func(c commandRow) bool { return c.name == name })]
			var err error
			if f, err = measureCommand(dir, q, c); err != nil {
				return err
			}
		} else {
			if in.file == nil {
				var err error
				if in, err = q.input(dir); err != nil {
					return err
				}
			}
			rows := allRows()
			r := rows[slices.IndexFunc(rows, func(r row) bool { return r.name == name })]
			f = measure(in, dir, r, out)
			f.In = q.Size
		}
		if err := out.Encode(f); err != nil {
			return err
		}
	}
	return lines.Err()
}

// measure runs one row.
func measure(in input, dir string, r row, out *json.Encoder) figures {
	f := figures{Row: r.name}
	c := &context{input: in, dir: dir}
	ended := watch(f, out)
	c.spec = c.open()
	run := r.prepare(c)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := used()
	f.Out = int64(run())
	f.CPU = used() - begin
	runtime.ReadMemStats(&after)
	f.Memory = int64(after.TotalAlloc - before.TotalAlloc)
	if !ended() {
		select {} // the process ends
	}
	c.close()
	if f.Memory > 256<<20 {
		debug.FreeOSMemory()
	}
	return f
}

// watch ends the process if it uses too much processor time from now on. The function that
// it returns stops that, and reports whether it was in time.
func watch(f figures, out *json.Encoder) (stop func() bool) {
	var over atomic.Bool
	stopped := make(chan struct{})
	begin := used()
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for used()-begin < cpuLimit {
			select {
			case <-stopped:
				return
			case <-tick.C:
			}
		}
		if over.CompareAndSwap(false, true) {
			f.CPU = cpuLimit
			f.Ended = fmt.Sprintf("took more than %v of processor time", cpuLimit)
			_ = out.Encode(f)
			os.Exit(3)
		}
	}()
	return func() bool {
		close(stopped)
		return over.CompareAndSwap(false, true)
	}
}

// used returns the processor time of the process.
func used() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A workplace is a directory with an input for children.
type workplace struct {
	dir string
	in  input
}

func newWorkplace(t testing.TB, program string, in input) workplace {
	w := workplace{t.TempDir(), in}
	put := func(name string, b []byte) {
		path := filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("file", in.file)
	q, err := json.Marshal(questions{
		Size: int64(in.size()), Split: in.base != nil, Program: program,
		Names: inBytes(in.names), Paths: inBytes(in.paths), Globs: inBytes(in.globs),
	})
	if err != nil {
		t.Fatal(err)
	}
	put("questions", q)
	put("names", lines(in.names))
	put("paths", lines(in.paths))
	vmlinux := in.file
	if in.base != nil {
		put("base", in.base)
		put("root/sys/kernel/btf/mod", in.file)
		vmlinux = in.base
	}
	put("root/sys/kernel/btf/vmlinux", vmlinux)
	empty := btftest.New(order)
	empty.Int("int", 4, btftest.Signed)
	put("empty", empty.Bytes())
	return w
}

// questions are all of an input but its bytes, as a child reads them.
type questions struct {
	Size                int64 // of the input
	Split               bool
	Program             string // the command
	Names, Paths, Globs [][]byte
}

func (q *questions) read(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "questions"))
	if err != nil {
		return err
	}
	return json.Unmarshal(b, q)
}

// input reads the rest of the input.
func (q *questions) input(dir string) (in input, err error) {
	if in.file, err = os.ReadFile(filepath.Join(dir, "file")); err == nil && q.Split {
		in.base, err = os.ReadFile(filepath.Join(dir, "base"))
	}
	return in.with(texts(q.Names), texts(q.Paths), texts(q.Globs)), err
}

func texts(questions [][]byte) (all []string) {
	for _, q := range questions {
		all = append(all, string(q))
	}
	return all
}

// inBytes keeps bytes that are not UTF-8 in JSON.
func inBytes(questions []string) (all [][]byte) {
	for _, q := range questions {
		all = append(all, []byte(q))
	}
	return all
}

func lines(questions []string) []byte {
	var clean []string
	for _, q := range questions {
		clean = append(clean, strings.ReplaceAll(q, "\n", ""))
	}
	return []byte(strings.Join(clean, "\n") + "\n")
}

// run measures rows in child processes: in one, and in another after each row that ended
// its process.
func (w workplace) run(t testing.TB, names []string) (all []figures) {
	const most = 16
	for children := 0; len(names) > 0; children++ {
		if children == most {
			return append(all, figures{Row: names[0], In: int64(w.in.size()), Ended: fmt.Sprintf("is not asked after %d rows did not end, nor are the %d after it", most, len(names)-1)})
		}
		done := w.oneChild(t, names)
		all = append(all, done...)
		if len(done) == 0 {
			t.Fatal("a child measured nothing")
		}
		names = names[len(done):]
	}
	return all
}

func (w workplace) oneChild(t testing.TB, names []string) (done []figures) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+w.dir, "GOTRACEBACK=single")
	cmd.Stdin = strings.NewReader(strings.Join(names, "\n") + "\n")
	var stderr tail
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	late := false
	limit := time.AfterFunc(wallLimit, func() { late = true; cmd.Process.Kill() })
	begun := ""
	out := bufio.NewReader(stdout)
	for {
		line, err := out.ReadBytes('\n')
		if err != nil {
			break
		}
		limit.Reset(wallLimit)
		if line[0] != '{' {
			begun = strings.TrimSpace(string(line))
			continue
		}
		var f figures
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		done = append(done, f)
		begun = ""
	}
	err = cmd.Wait()
	limit.Stop()
	if begun != "" {
		f := figures{Row: begun, In: int64(w.in.size()), CPU: cpuLimit, Ended: fmt.Sprintf("ended its process: %v: %s", err, stderr.reason())}
		if late {
			f.Ended = fmt.Sprintf("took more than %v", wallLimit)
		}
		done = append(done, f)
	} else if err != nil && len(done) > 0 && done[len(done)-1].Ended == "" {
		t.Fatalf("a child ended between rows: %v: %s", err, &stderr)
	}
	return done
}

// measureCommand runs the command in a process of its own.
func measureCommand(dir string, q questions, c commandRow) (figures, error) {
	f := figures{Row: c.name, In: q.Size}
	cmd := exec.Command(q.Program, c.arguments(q)...)
	cmd.Dir = dir
	var stderr tail
	var stdout counter
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if c.piped {
		file, err := os.Open(filepath.Join(dir, "file"))
		if err != nil {
			return f, err
		}
		defer file.Close()
		cmd.Stdin = struct{ io.Reader }{file} // no *os.File, and so a pipe
	}
	if err := cmd.Start(); err != nil {
		return f, err
	}
	// The child's limit of memory is the command's too.
	seconds := uint64(cpuLimit / time.Second)
	limit := unix.Rlimit{Cur: seconds, Max: seconds}
	if err := unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_CPU, &limit, nil); err != nil && !errors.Is(err, unix.ESRCH) {
		return f, err
	}
	late := false
	timer := time.AfterFunc(wallLimit*3/4, func() { late = true; cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	state := cmd.ProcessState
	usage := state.SysUsage().(*syscall.Rusage)
	f.CPU = state.UserTime() + state.SystemTime()
	f.Memory = int64(usage.Maxrss) << 10
	f.Out = stdout.n + stderr.n
	switch status := state.ExitCode(); {
	case late:
		f.Ended = fmt.Sprintf("took more than %v", wallLimit)
	case status == -1 && f.CPU > cpuLimit*9/10:
		f.Ended = fmt.Sprintf("took more than %v of processor time", cpuLimit)
	case status < 0 || status > 2, stderr.has("\ngoroutine "), stderr.has("panic: "):
		f.Ended = fmt.Sprintf("ended its process: %v: %s", err, stderr.reason())
	}
	return f, nil
}

// A counter counts bytes.
type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

// A tail counts bytes and keeps the first of them.
type tail struct {
	n     int64
	first []byte
}

func (s *tail) Write(b []byte) (int, error) {
	s.n += int64(len(b))
	if room := 16<<10 - len(s.first); room > 0 {
		s.first = append(s.first, b[:min(room, len(b))]...)
	}
	return len(b), nil
}

func (s *tail) String() string { return string(s.first) }

func (s *tail) has(text string) bool { return strings.Contains(string(s.first), text) }

// reason returns the line that says why the runtime ended a process.
func (s *tail) reason() string {
	for line := range strings.Lines(string(s.first)) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "runtime: ") {
			return strings.TrimSpace(line)
		}
	}
	line, _, _ := strings.Cut(string(s.first), "\n")
	return line
}
