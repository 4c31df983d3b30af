// Compares definitions with those that pahole prints.

package cdecl

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestPahole compares every struct, and a share of the unions, with what pahole prints
// for it. Pahole 1.24 does not know DECL_TAG and TYPE_TAG. It says so on standard error;
// they change no struct.
func TestPahole(t *testing.T) {
	btftest.Long(t)
	pahole := btftest.Tool(t, "pahole")
	for _, test := range []struct {
		name    string
		file    func(testing.TB) string
		structs int // at least
	}{
		{"running kernel", btftest.Kernel, 5000},
		{"6.12", btftest.VmlinuxFile, 8000},
		{"arm64", btftest.CorpusKernel("vmlinux-arm64-6.1.btf.gz"), 5000},
		{"32 bits", btftest.CorpusKernel("vmlinux-armhf-6.1-32bit.btf.gz"), 5000},
		{"big-endian", btftest.CorpusKernel("vmlinux-s390x-6.1-big-endian.btf.gz"), 2000},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := test.file(t)
			spec, err := btf.LoadSpec(file)
			require.NoError(t, err)
			defer spec.Close()

			seen := make(map[string]bool)
			var structs, unions comparison
			for _, block := range blocks(btftest.Output(t, pahole, "-F", "btf", file)) {
				if strings.HasPrefix(block[0], "struct") {
					seen[block[0]] = true
					structs.add(t, spec, block)
				} else {
					unions.add(t, spec, block)
				}
			}
			for typ := range spec.All() {
				if typ.Kind() == btf.KindStruct && typ.Name() != "" {
					require.True(t, seen["struct "+typ.Name()+" {"], "pahole does not print %v", typ)
				}
			}
			// Of the unions it prints those alone that the structs use.
			more := strings.Join(everyThird(spec, btf.KindUnion), ",")
			for _, block := range blocks(btftest.Output(t, pahole, "-F", "btf", "-C", more, file)) {
				unions.add(t, spec, block)
			}
			t.Logf("structs: %+v, unions: %+v", structs, unions)
			require.Greater(t, structs.Same, test.structs)
			require.Greater(t, unions.Same, 90)
			require.Greater(t, structs.Text, structs.Same*99/100, "declarations that differ by white space at most")
			require.Greater(t, structs.Bytes, structs.Same*3/4, "declarations equal to the byte")
		})
	}
}

// A comparison counts the declarations that are equal: in facts, in text, in bytes.
type comparison struct{ Same, Text, Bytes, Members int }

// add requires that the block of lines that pahole printed agrees with one of our
// types of that name.
func (c *comparison) add(t *testing.T, spec *btf.Spec, block []string) {
	t.Helper()
	name := strings.TrimSuffix(block[0], " {")
	word, name, _ := strings.Cut(name, " ")
	kind := btf.KindStruct
	if word == "union" {
		kind = btf.KindUnion
	}
	want := reduce(block)
	var near []string
	for typ := range spec.TypesByName(name) {
		if typ.Kind() != kind {
			continue
		}
		text, err := Append(nil, typ, OptionsFor(spec))
		require.NoError(t, err)
		ours := blocks(string(text))
		require.Len(t, ours, 1)
		got := reduce(ours[0])
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			near = got
			continue
		}
		c.Same++
		c.Members += strings.Count(strings.Join(got, "\n"), "/*")
		if tidy(ours[0]) == tidy(block) {
			c.Text++
		}
		if strings.Join(ours[0], "\n") == strings.Join(block, "\n") {
			c.Bytes++
		}
		return
	}
	require.Equal(t, want, near, name)
}

func everyThird(spec *btf.Spec, kind btf.Kind) []string {
	var names []string
	i := 0
	for typ := range spec.All() {
		if typ.Kind() != kind || typ.Name() == "" {
			continue
		}
		if i%3 == 0 {
			names = append(names, typ.Name())
		}
		i++
	}
	return names
}

// blocks returns the lines of each struct or union at the outermost level.
func blocks(text string) [][]string {
	var all [][]string
	var block []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		opens := strings.HasSuffix(line, " {") && (strings.HasPrefix(line, "struct ") || strings.HasPrefix(line, "union "))
		if block == nil && !opens {
			continue
		}
		block = append(block, line)
		if strings.HasPrefix(line, "}") {
			all = append(all, block)
			block = nil
		}
	}
	return all
}

var (
	attributes = regexp.MustCompile(` ?__attribute__\(\(__(aligned|packed)__(\(\d+\))?\)\)`)
	behindStar = regexp.MustCompile(`\(\*(?:const )?(\w+)`)
)

// bare returns a line without attributes.
func bare(line string) string {
	if strings.Contains(line, "__attribute__") {
		return attributes.ReplaceAllString(line, "")
	}
	return line
}

// A placed member is a line such as "type name[2]; /* 8 16 */", parsed. It is parsed by
// hand, since there are a million of them.
type placed struct{ name, width, offset, bit, size string }

func placedIn(line string) (placed, bool) {
	declaration, comment, ok := strings.Cut(line, "/*")
	declaration, isMember := strings.CutSuffix(strings.TrimSpace(bare(declaration)), ";")
	where := strings.Fields(strings.TrimSuffix(comment, "*/"))
	if !ok || !isMember || len(where) < 2 {
		return placed{}, false
	}
	m := placed{offset: where[0], size: where[len(where)-1]}
	if offset, bit, ok := strings.Cut(strings.Join(where[:len(where)-1], ""), ":"); ok {
		m.offset, m.bit = offset, bit
	}
	if fn := behindStar.FindStringSubmatch(declaration); strings.Contains(declaration, "(*") && fn != nil {
		m.name = fn[1]
		return m, true
	}
	if colon := strings.LastIndexByte(declaration, ':'); colon >= 0 {
		declaration, m.width = declaration[:colon], declaration[colon:]
	}
	declaration, _, _ = strings.Cut(declaration, "[")
	m.name = declaration[strings.LastIndexAny(declaration, " *\t}")+1:]
	return m, true
}

// reduce returns the facts in a declaration: the names and places of members, and the
// remarks on holes, padding, size and cache lines. It drops what pahole 1.24 guesses or
// gets wrong:
//
//   - Both infer attributes, which BTF does not have. Pahole's make compilers come to
//     another layout where a struct is packed and has holes, or a union is packed. Of
//     ours, TestRecompileKernels lets compilers judge.
//   - "Bitfield combined with …" comments on overlaps, and does not count anything.
//   - Both infer unnamed bitfields from holes. Where the hole is at the start of a
//     storage unit, pahole writes ":0", which has no effect there (struct
//     ioam6_trace_hdr).
//   - A member of type "const struct {…}" has the summary of an outermost struct
//     inside (struct vm_fault), and loses its name (struct imx_pgc_domain).
//   - Signed enumerators are printed as if they were unsigned.
//   - A union has no summary.
func reduce(block []string) []string {
	var facts []string
	union := strings.HasPrefix(block[0], "union")
	var qualified []bool // whether the anonymous types around the line are
	for i, line := range block {
		depth := len(line) - len(strings.TrimLeft(line, "\t"))
		line = strings.TrimSpace(bare(line))
		if m, ok := placedIn(line); ok {
			if strings.HasPrefix(line, "}") {
				last := len(qualified) - 1
				if qualified[last] {
					m.name = ""
				}
				qualified = qualified[:last]
			}
			facts = append(facts, m.name+m.width+" /* "+m.offset+" "+m.bit+" "+m.size)
			continue
		}
		name, value, isEnumerator := strings.Cut(strings.TrimSuffix(line, ","), " = ")
		switch {
		case i == 0, line == "", line == "};":
		case strings.HasSuffix(line, ";") && strings.Contains(line, "__btf_pad"):
			// An array in place of unnamed bitfields.
		case strings.HasSuffix(line, ";") && strings.Contains(line, " :"):
			// An unnamed bitfield: no member has neither place nor name.
		case strings.HasSuffix(line, "{"):
			head, is := strings.CutPrefix(line, "const ")
			qualified = append(qualified, is)
			facts = append(facts, head)
		case strings.HasPrefix(line, "/*"):
			remark := strings.Trim(line, "/* ")
			first, _, _ := strings.Cut(remark, " ")
			switch first {
			case "forced", "Force", "Bitfield":
				continue
			case "size:", "sum", "padding:", "paddings:", "bit_padding:", "last":
				if depth > 1 || union {
					continue
				}
			}
			facts = append(facts, remark)
		case isEnumerator:
			n, err := strconv.ParseInt(strings.TrimRight(value, "UL"), 10, 64)
			if err != nil {
				n = math.MaxInt64
			}
			facts = append(facts, strings.TrimSpace(name)+" "+strconv.FormatUint(uint64(uint32(n)), 10))
		default:
			facts = append(facts, line)
		}
	}
	return facts
}

// tidy returns the text of a declaration without differences in white space, and without
// what both infer and compilers judge: attributes and unnamed bitfields. Pahole forgets
// the fillers before the first member and in packed structs, such as struct stp_sstpi of
// s390x: a compiler comes to another layout.
func tidy(block []string) string {
	var b strings.Builder
	for _, line := range block {
		line = bare(line)
		if strings.Contains(line, "forced alignments:") || strings.Contains(line, "/* Bitfield combined") ||
			strings.Contains(line, "/* Force alignment") || strings.Contains(line, "__btf_pad") ||
			strings.HasSuffix(line, ";") && strings.Contains(line, " :") {
			continue
		}
		line = strings.Join(strings.Fields(line), " ")
		for _, edit := range [][2]string{{"* *", "**"}, {"* *", "**"}, {" *", "*"}, {"* ", "*"}, {" =", "="}, {" )", ")"}, {" ,", ","}, {"const const ", "const "}} {
			line = strings.ReplaceAll(line, edit[0], edit[1])
		}
		if line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
