// Compares with libbpf: what it says about each relocation while it loads an object.

package core_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/stretchr/testify/require"
)

// TestLibbpf resolves and patches objects as libbpf does, against small and real kernels.
// libbpf needs the right to create maps, and its objects must have the byte order of the
// machine.
func TestLibbpf(t *testing.T) {
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("libbpf creates maps before it relocates: needs root")
	}
	btftest.Long(t)
	relolog := buildRelolog(t)
	own := kernel(t, "el")
	compared, split, moved, unsigned := 0, 0, 0, 0
	check := func(name, object, kernel string) {
		t.Run(name, func(t *testing.T) {
			n, s, m, u := compareLibbpf(t, relolog, object, kernel)
			compared, split, moved, unsigned = compared+n, split+s, moved+m, unsigned+u
		})
	}
	for set := 1; set <= cases; set++ {
		check(fmt.Sprintf("set %d", set), program(t, "el", set), own)
	}
	check("type_matches", withKind(t, program(t, "el", types), btf.CORETypeExists, btf.CORETypeMatches), own)
	check("type_matches itself", withKind(t, program(t, "el", types), btf.CORETypeExists, btf.CORETypeMatches), program(t, "el", types))
	sample := btftest.VmlinuxFile(t)
	for _, object := range btftest.Objects(t, "el") {
		check(filepath.Base(object)+" on the sample", object, sample)
		check(filepath.Base(object)+" on itself", object, object)
	}
	many := spectest.KernelProgram(t, sample, "el")
	check("fields on the sample", many, sample)
	check("type_matches on the sample", withKind(t, many, btf.CORETypeExists, btf.CORETypeMatches), sample)
	if corpus := btftest.CorpusDir(); corpus != "" {
		for _, kernel := range []string{"vmlinux-arm64-6.1.btf.gz", "vmlinux-armhf-6.1-32bit.btf.gz"} {
			file := btftest.GunzipFile(t, filepath.Join(corpus, kernel))
			check("fields on "+kernel, many, file)
			check("type_matches on "+kernel, withKind(t, many, btf.CORETypeExists, btf.CORETypeMatches), file)
			check("pointers on "+kernel, program(t, "el", sizes), file)
			for _, object := range btftest.Objects(t, "el") {
				check(filepath.Base(object)+" on "+kernel, object, file)
			}
		}
	}
	t.Logf("%d relocations compared; in %d libbpf's order decides; %d loads of moved bits; %d values without a sign", compared, split, moved, unsigned)
	require.Equal(t, 1, moved)
	require.Equal(t, 3, unsigned)
	require.Less(t, split, 10)
	require.Greater(t, compared, 150)
}

// buildRelolog compiles testdata/relolog.c.
func buildRelolog(t testing.TB) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "relolog")
	cmd := exec.Command(btftest.Tool(t, "gcc"), "-o", out, "testdata/relolog.c", "-lbpf", "-lelf", "-lz")
	if text, err := cmd.CombinedOutput(); err != nil {
		btftest.Missing(t, "libbpf cannot be used: "+string(text))
	}
	return out
}

var (
	sectionLine = regexp.MustCompile(`sec '(.*)': found \d+ CO-RE relocations`)
	outcomeLine = regexp.MustCompile(`relo #(\d+): (patched insn #\d+ \(.*?\) (.*)|substituting insn #.*|failed to (?:relocate|patch).*)`)
)

// compareLibbpf returns the number of relocations that it compared.
func compareLibbpf(t *testing.T, relolog, object, kernel string) (compared, split, moved, unsigned int) {
	want := libbpfSays(t, relolog, object, kernel)
	_, infos := open(t, object)
	text := sections(t, object)
	order := binary.ByteOrder(binary.LittleEndian)
	position, section := 0, ""
	for f, err := range core.Resolve(infos, target(t, kernel)) {
		if section != f.Section {
			section, position = f.Section, 0
		}
		key := fmt.Sprintf("%s #%d", section, position)
		position++
		got := outcome(f, err, text[section], order)
		theirs, ok := want[key]
		if !ok {
			continue // it stopped before
		}
		compared++
		switch {
		case theirs == got:
		case f.Flags&core.UnsignedEnum != 0: // it extends the sign of values that have none
			extended := fmt.Sprintf("-> %d", uint64(int64(int32(f.Target))))
			require.True(t, theirs == "failed" || strings.HasSuffix(theirs, extended), theirs)
			require.True(t, strings.HasSuffix(got, fmt.Sprintf("-> %d", f.Target)), got)
			unsigned++
		case f.Flags&core.BitsMoved != 0: // the shifts that follow a load are not relocated
			require.Equal(t, "poisoned", got)
			require.Contains(t, theirs, "off 4 -> ")
			moved++
		case f.Flags&core.Split != 0: // the order of relocations decides there
			split++
		default:
			require.Equal(t, theirs, got, "%s: %v", key, f)
		}
	}
	require.GreaterOrEqual(t, compared, len(want))
	return compared, split, moved, unsigned
}

// libbpfSays returns what becomes of each relocation, by section and position there.
func libbpfSays(t *testing.T, relolog, object, kernel string) map[string]string {
	t.Helper()
	says, section := map[string]string{}, ""
	for line := range strings.Lines(btftest.Output(t, relolog, object, kernel)) {
		if m := sectionLine.FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		m := outcomeLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		key := section + " #" + m[1]
		switch {
		case strings.HasPrefix(m[2], "failed"):
			says[key] = "failed"
		case strings.HasPrefix(m[2], "substituting"):
			says[key] = "poisoned"
		default:
			says[key] = strings.TrimSpace(says[key] + " " + m[3])
		}
	}
	return says
}

// outcome applies a fixup and describes what that did in the words of libbpf.
func outcome(f core.Fixup, err error, text []byte, order binary.ByteOrder) string {
	if err != nil {
		return "failed"
	}
	at := text[f.Insn*8:]
	was := append([]byte(nil), at[:min(16, len(at))]...)
	poisoned, err := f.Apply(text, order)
	switch {
	case err != nil:
		return "failed"
	case poisoned:
		return "poisoned"
	}
	old, is := int32(order.Uint32(was[4:])), int32(order.Uint32(at[4:]))
	switch was[0] & 7 {
	case 0:
		return fmt.Sprintf("imm64 %d -> %d", uint64(uint32(old))|uint64(order.Uint32(was[12:]))<<32, uint64(uint32(is))|uint64(order.Uint32(at[12:]))<<32)
	case 4, 7:
		return fmt.Sprintf("imm %d -> %d", old, is)
	}
	s := fmt.Sprintf("off %d -> %d", int16(order.Uint16(was[2:])), int16(order.Uint16(at[2:])))
	if size := [...]int{4, 2, 1, 8}; was[0] != at[0] {
		s += fmt.Sprintf(" mem_sz %d -> %d", size[was[0]>>3&3], size[at[0]>>3&3])
	}
	return s
}
