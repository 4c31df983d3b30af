// Tests that all rows stay in proportion to all inputs.

//go:build linux && !race

package growth

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

const (
	// What takes less than these is not compared: it is mostly what any process takes.
	floorCPU     = 20 * time.Millisecond
	floorHeap    = 16 << 20
	floorProcess = 32 << 20

	// certainCPU is so long that noise changes little. The memory of a process depends on
	// when garbage is collected, and is measured again however long it takes.
	certainCPU = 200 * time.Millisecond

	// tooSteep is how much more a byte of 4n may cost than a byte of n. It is 1 if the cost
	// grows as n, 1.2 as n log n, 4 as the square of n. What lies between leaves room for
	// caches and noise.
	tooSteep = 3

	// What a row may take at most, however it grows.
	mostCPUPerByte    = 2 * time.Microsecond
	mostMemoryPerByte = 64
)

// pending are rows whose time or memory is not in proportion to the input, but has a
// limit. A pattern of path.Match stands for several families or rows, with '+' for '/'.
var pending = []struct{ family, row, why string }{
	{"globs", "*", "each pattern is compared with each name"},
	{"missing names", "*diff*", "a path is looked up in both Specs"},
	{"missing names", "btf enum*", "each name is compared with each enumerator"},
	{"sections of .BTF.ext", "btf core*", "names of sections that overlap, one for each relocation"},
	{"long name in many errors", "*", "each of the errors is made before they are counted"},

	{"decl tags of members", "cdecl.*", "text of tags, limited to 16 MiB"},
	{"decl tags of members", "btf show*", "text of tags, limited to 16 MiB"},

	{"enums of one enumerator list", "cdecl.*", "text of names that overlap, limited to 16 MiB"},
	{"enums of one enumerator list", "diff.*", "names that overlap, limited to 32 MiB"},
	{"enums of one enumerator list", "write.Builder.Add*", "names that overlap, limited to 64 MiB"},
	{"enums of one enumerator list", "btf *", "text of names that overlap, limited to 16 MiB and 256 MiB"},
	{"suffixes as *", "cdecl.*", "text of names that overlap, limited to 16 MiB"},
	{"suffixes as *", "diff.*", "names that overlap, limited to 32 MiB"},
	{"suffixes as *", "handle.New", "cleaned names that overlap, limited to 64 MB"},
	{"suffixes as members", "write.Builder.Add*", "names that overlap, limited to 64 MiB"},
	{"suffixes as *", "btf *", "text of names that overlap, limited to 16 MiB and 256 MiB"},
	{"suffixes of one name", "*", "names that overlap, limited as those of members"},

	{"nested prototypes", "*diff*", "text of each prototype, limited to 256 MiB"},
	{"shared prototype", "*diff*", "text of each prototype, limited to 256 MiB"},
	{"shared prototype", "btf *", "text of each function, limited to 256 MiB"},

	{"struct in itself", "*", "each anonymous member is printed with its members"},
	{"structs in each other", "*", "each anonymous member is printed with its members"},
}

// A result is a row for one family: the figures of n, 2n and 4n, or those of 4n alone if
// they are so small that they need no comparison.
type result struct {
	family  string
	figures []figures
}

func (r result) last() figures { return r.figures[len(r.figures)-1] }

// faults returns what is out of proportion.
func (r result) faults() []string {
	if ended := r.last().Ended; ended != "" {
		return []string{ended}
	}
	return append(r.timeFaults(), r.memoryFaults()...)
}

// isCommand reports whether the row is a process of the command.
func (f figures) isCommand() bool { return strings.HasPrefix(f.Row, "btf ") }

// work is the number of bytes that a row reads and writes.
func (f figures) work() float64 { return float64(f.In + f.Out) }

// space is the number of bytes that a row may keep in memory. A command writes its text
// and need not keep it.
func (f figures) space() float64 {
	if f.isCommand() {
		return float64(f.In)
	}
	return f.work()
}

// floor is the memory that needs no comparison.
func (f figures) floor() int64 {
	if f.isCommand() {
		return floorProcess
	}
	return floorHeap
}

// timeFaults returns what takes too long.
func (r result) timeFaults() (faults []string) {
	last := r.last()
	if last.CPU <= floorCPU {
		return nil
	}
	if by, is := r.steep(func(f figures) float64 { return float64(f.CPU) / f.work() }); is {
		faults = append(faults, fmt.Sprintf("the time per byte grows %.1f times from n to 4n", by))
	}
	if most := 10*floorCPU + time.Duration(last.work()*float64(mostCPUPerByte)); last.CPU > most {
		faults = append(faults, fmt.Sprintf("takes %v, more than %v for %d bytes",
			last.CPU.Round(time.Millisecond), most.Round(time.Millisecond), int64(last.work())))
	}
	return faults
}

// memoryFaults returns what takes too much memory.
func (r result) memoryFaults() (faults []string) {
	last := r.last()
	if last.Memory <= last.floor() {
		return nil
	}
	by, is := r.steep(func(f figures) float64 { return float64(f.Memory) / f.space() })
	if is && float64(last.Memory) > 8*last.space() {
		faults = append(faults, fmt.Sprintf("the memory per byte grows %.1f times from n to 4n", by))
	}
	if most := last.floor() + int64(last.space()*mostMemoryPerByte); last.Memory > most {
		faults = append(faults, fmt.Sprintf("takes %.1f MB, more than %.1f MB for %d bytes",
			mb(last.Memory), mb(most), int64(last.space())))
	}
	return faults
}

// steep returns how much the cost of a byte grows from n to 4n, and whether that is more
// than noise.
func (r result) steep(perByte func(figures) float64) (float64, bool) {
	if len(r.figures) < 3 {
		return 0, false
	}
	whole := perByte(r.figures[2]) / perByte(r.figures[0])
	half := perByte(r.figures[2]) / perByte(r.figures[1])
	return whole, whole > tooSteep && half > 1.2
}

func mb(n int64) float64 { return float64(n) / (1 << 20) }

// worthComparing reports whether a row takes so much that it matters how that grows.
func worthComparing(f figures) bool {
	return f.Ended == "" && (f.CPU > floorCPU || f.Memory > f.floor())
}

// complete adds the questions that a family does not ask.
func complete(in input) input {
	if in.names == nil {
		in.names = []string{"it"}
	}
	if in.paths == nil {
		in.paths = []string{"it.m", "it.x|m", "it->m", "it[1]", "nothing.m"}
	}
	if in.globs == nil {
		in.globs = []string{"*i*t*", "nothing*"}
	}
	return in
}

// everyRow returns the names of all rows. Those of a Builder do not depend on what is in
// the input, and are asked about one family.
func everyRow(ofBuilder bool) (names []string) {
	rows := slices.Concat(functionRows(), methodRows())
	if ofBuilder {
		rows = allRows()
	}
	for _, r := range rows {
		names = append(names, r.name)
	}
	for _, c := range commandRows() {
		names = append(names, c.name)
	}
	return names
}

// all measures rows. Commands have a small parent of their own.
func (w workplace) all(t testing.TB, names []string) []figures {
	isCommand := func(name string) bool { return strings.HasPrefix(name, "btf ") }
	first := slices.IndexFunc(names, isCommand)
	if first < 0 {
		first = len(names)
	}
	return append(w.run(t, names[:first]), w.run(t, names[first:])...)
}

// grow measures a family: all rows for 4n, and those that take long or much for n and 2n.
// What seems to be at fault is measured again. The least figures count, which noise does
// not make smaller.
func grow(t testing.TB, f family, program string) (results []result) {
	name := f.name
	dir := newWorkplace(t, program, complete(f.build(4*f.n)))
	first := dir.all(t, everyRow(name == "plain"))
	var compared []string
	for _, f := range first {
		if worthComparing(f) {
			compared = append(compared, f.Row)
		}
	}
	at := [3]workplace{2: dir}
	for i := range 2 {
		at[i] = newWorkplace(t, program, complete(f.build(f.n<<i)))
	}
	least := [3]map[string]figures{{}, {}, {}}
	for _, f := range first {
		least[2][f.Row] = f
	}
	of := func(row string) result {
		return result{name, []figures{least[0][row], least[1][row], least[2][row]}}
	}
	again := slices.Clone(compared)
	for round := range 3 {
		for i, w := range at {
			if round == 0 && i == 2 {
				continue // measured
			}
			for _, f := range w.all(t, again) {
				if old, ok := least[i][f.Row]; ok {
					f.CPU, f.Memory = min(f.CPU, old.CPU), min(f.Memory, old.Memory)
				}
				least[i][f.Row] = f
			}
		}
		again = slices.DeleteFunc(again, func(row string) bool {
			time, memory := of(row).timeFaults(), of(row).memoryFaults()
			certain := len(time) > 0 && least[2][row].CPU > certainCPU
			return least[2][row].Ended != "" || certain || len(time)+len(memory) == 0
		})
	}
	for _, f := range first {
		if slices.Contains(compared, f.Row) {
			results = append(results, of(f.Row))
		} else {
			results = append(results, result{name, []figures{f}})
		}
	}
	return results
}

// TestGrowth asks every row about every family.
func TestGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	program := buildCommand(t)
	var results []result
	var mutex sync.Mutex
	t.Run("families", func(t *testing.T) {
		for _, f := range families {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				got := grow(t, f, program)
				mutex.Lock()
				defer mutex.Unlock()
				results = append(results, got...)
			})
		}
	})
	slices.SortStableFunc(results, func(a, b result) int { return strings.Compare(a.family, b.family) })
	t.Log("\n" + table(results))
	used := make([]bool, len(pending))
	for _, r := range results {
		if faults := r.faults(); len(faults) > 0 && !isPending(r, used) {
			t.Errorf("%s: %s: %s", r.family, r.last().Row, strings.Join(faults, "; "))
		}
	}
	for i, p := range pending {
		measured := slices.ContainsFunc(results, func(r result) bool {
			return matches(p.family, r.family) && matches(p.row, r.last().Row)
		})
		if measured && !used[i] {
			t.Logf("%s: %s is pending and did not fail", p.family, p.row)
		}
	}
}

func isPending(r result, used []bool) (is bool) {
	for i, p := range pending {
		if matches(p.family, r.family) && matches(p.row, r.last().Row) {
			used[i], is = true, true
		}
	}
	return is
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, strings.ReplaceAll(name, "/", "+"))
	return err == nil && ok
}

// table shows all rows that take long or much, and counts the others.
func table(results []result) string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "family\trow\tbytes at 4n\ttext\tms at n\t2n\t4n\tMB at n\t2n\t4n\t")
	small, all := 0, 0
	for _, r := range results {
		all++
		faults := r.faults()
		if len(r.figures) < 3 && len(faults) == 0 {
			small++
			continue
		}
		last := r.last()
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t", r.family, last.Row, last.In, last.Out)
		for range 3 - len(r.figures) {
			fmt.Fprint(w, "\t")
		}
		for _, f := range r.figures {
			fmt.Fprintf(w, "%.1f\t", f.CPU.Seconds()*1000)
		}
		for range 3 - len(r.figures) {
			fmt.Fprint(w, "\t")
		}
		for _, f := range r.figures {
			fmt.Fprintf(w, "%.1f\t", mb(f.Memory))
		}
		fmt.Fprintf(w, "%s\n", strings.Join(faults, "; "))
	}
	w.Flush()
	fmt.Fprintf(&b, "%d rows in all, %d of them below %v and %d MB (processes %d MB) at 4n\n", all, small, floorCPU, floorHeap>>20, floorProcess>>20)
	return b.String()
}

// TestAttacks asks every row about files from outside the repository that once took too
// long or too much, and about any others: those in the directories that BTF_ATTACKS
// lists, or the ones beside the repository.
func TestAttacks(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	files := attacks(t)
	program := buildCommand(t)
	var results []result
	var mutex sync.Mutex
	t.Run("files", func(t *testing.T) {
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				var in input
				var err error
				if strings.HasSuffix(file, ".xz") {
					in.file = []byte(btftest.Output(t, btftest.Tool(t, "xz"), "-dc", file))
				} else if in.file, err = os.ReadFile(file); err != nil {
					t.Fatal(err)
				}
				in.expands = expansion(in.file)
				w := newWorkplace(t, program, complete(in))
				rows := everyRow(false)
				if f := w.run(t, []string{"btf.LoadSpec"})[0]; f.CPU > certainCPU/2 {
					// Every row opens the file anew. Methods of its types are left to families.
					rows = slices.DeleteFunc(rows, func(row string) bool { return strings.Count(row, ".") > 1 && !strings.HasPrefix(row, "btf.Spec.") })
				}
				for _, f := range w.all(t, rows) {
					mutex.Lock()
					results = append(results, result{filepath.Base(file), []figures{f}})
					mutex.Unlock()
				}
			})
		}
	})
	t.Log("\n" + table(results))
	used := make([]bool, len(pendingAttacks))
	for _, r := range results {
		faults := r.faults()
		if len(faults) == 0 {
			continue
		}
		is := false
		for i, p := range pendingAttacks {
			if matches(p.file, r.family) && matches(p.row, r.last().Row) {
				used[i], is = true, true
			}
		}
		if !is {
			t.Errorf("%s: %s: %s", r.family, r.last().Row, strings.Join(faults, "; "))
		}
	}
	for i, p := range pendingAttacks {
		if !used[i] {
			t.Logf("%s: %s is pending and did not fail", p.file, p.row)
		}
	}
}

// expansion returns the size in bytes of what the compressed sections of an ELF file
// hold, as far as they may be read: 256 MiB.
func expansion(file []byte) int {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return 0
	}
	size := uint64(0)
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_COMPRESSED != 0 {
			size = min(size+s.Size, 256<<20)
		}
	}
	return int(size)
}

// pendingAttacks is pending for files of TestAttacks.
var pendingAttacks = []struct{ file, row, why string }{
	{"gapz-*", "*", "16 million enumerators, in a section of 256 MiB"},
	{"bomb.elf", "*", "a section of 256 MiB"},
	{"*", "cdecl.*", "text of tags and of names that overlap, limited to 16 MiB"},
	{"*", "diff.*", "names that overlap and text of prototypes, limited to 32 MiB and 256 MiB"},
	{"*", "write.*", "names that overlap, limited to 64 MiB"},
	{"*", "handle.*", "names that overlap, limited to 64 MiB"},
	{"*", "btf *", "text of names that overlap, limited to 16 MiB and 256 MiB"},
}

// attacks returns the files, or skips the test.
func attacks(t *testing.T) (files []string) {
	dirs := filepath.SplitList(os.Getenv("BTF_ATTACKS"))
	if len(dirs) == 0 {
		for _, dir := range []string{"attack", "cases"} {
			dirs = append(dirs, filepath.Join(btftest.Root(), "..", "shared", dir))
		}
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			switch ext := filepath.Ext(e.Name()); ext {
			case ".btf", ".elf", ".o", ".xz", ".hdr":
				files = append(files, filepath.Join(dir, e.Name()))
			}
		}
	}
	if len(files) == 0 {
		t.Skip("no files of attacks: BTF_ATTACKS does not list their directories, and there are none beside the repository")
	}
	return files
}

// TestComplete checks that no exported function or method, and no command and form of its
// output, is left out.
func TestComplete(t *testing.T) {
	api, err := os.ReadFile(filepath.Join(btftest.Root(), "api.txt"))
	require.NoError(t, err)
	asked := map[string]bool{}
	for _, r := range allRows() {
		name, _, _ := strings.Cut(r.name, " ")
		asked[name] = true
	}
	numbers := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^(\w+): type (\w+) u?int\d+$`).FindAllStringSubmatch(string(api), -1) {
		numbers[m[1]+"."+m[2]] = true // whose methods have one number to work on
	}
	exported := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^(\w+): (?:func (\w+)|method \((\w+)\) (\w+))`).FindAllStringSubmatch(string(api), -1) {
		name := m[1] + "." + m[2]
		if m[3] != "" {
			if name = m[1] + "." + m[3]; numbers[name] {
				continue
			}
			name += "." + m[4]
		}
		exported[name] = true
		if unasked[name] == "" {
			require.True(t, asked[name], "no row asks %s", name)
		} else {
			require.False(t, asked[name], "%s is asked, and in the list of those that are not", name)
		}
	}
	require.Greater(t, len(exported), 250)
	for name := range asked {
		require.True(t, exported[name], "the row %s asks nothing that is exported", name)
	}
	for name := range unasked {
		require.True(t, exported[name], "%s is not exported", name)
	}

	program := buildCommand(t)
	help := func(args ...string) string {
		out, err := exec.Command(program, args...).Output()
		require.NoError(t, err)
		return string(out)
	}
	rows := commandRows()
	for _, m := range regexp.MustCompile(`(?m)^  btf (\w+)`).FindAllStringSubmatch(help("help"), -1) {
		if m[1] == "list" {
			continue // lists what the running kernel has, and reads no input
		}
		of := func(word string) bool {
			return slices.ContainsFunc(rows, func(c commandRow) bool { return c.args[0] == m[1] && slices.Contains(c.args, word) })
		}
		require.True(t, of(m[1]), "no row runs btf %s", m[1])
		for _, flag := range regexp.MustCompile(`(?m)^  (--?\w+) {2,}`).FindAllStringSubmatch(help(m[1], "-h"), -1) {
			if flag[1] == "--sample" {
				continue // reads no input
			}
			require.True(t, of(flag[1]), "no row runs btf %s %s", m[1], flag[1])
		}
	}
}
