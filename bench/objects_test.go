package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rival "github.com/cilium/ebpf/btf"
	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestRivalObjects: where both read a BPF object, both find the same sizes and
// offsets of variables, functions, lines and relocations.
func TestRivalObjects(t *testing.T) {
	compared := 0
	for _, order := range []string{"el", "eb"} {
		for _, path := range btftest.Objects(t, order) {
			t.Run(filepath.Base(path), func(t *testing.T) {
				ours, infos, err := btf.LoadSpecAndExtInfos(path)
				require.NoError(t, err)
				defer ours.Close()
				f, err := os.Open(path)
				require.NoError(t, err)
				defer f.Close()
				theirs, theirInfos, err := rival.LoadSpecAndExtInfosFromReader(f)
				if err != nil {
					t.Logf("not compared: the other says %v", err)
					return
				}
				compared++
				p := pair{ours, theirs}
				for typ := range ours.All() {
					d, err := btf.As[btf.Datasec](typ)
					if err != nil {
						continue
					}
					their, err := theirs.TypeByID(rival.TypeID(typ.ID()))
					if err != nil {
						// It wants untyped variables in .ksyms.
						require.Equal(t, ".ksyms", typ.Name(), "the other says %v", err)
						continue
					}
					sec := their.(*rival.Datasec)
					require.Equal(t, sec.Size, d.Size(), d.Name())
					var want, got []string
					for _, v := range sec.Vars {
						want = append(want, fmt.Sprintln(p.id(v.Type), v.Offset, v.Size))
					}
					for v := range d.Vars() {
						got = append(got, fmt.Sprintln(v.Type().ID(), v.Offset(), v.Size()))
					}
					require.ElementsMatch(t, want, got, d.Name())
				}
				compareInfos(t, p, infos, theirInfos)
			})
		}
	}
	require.Greater(t, compared, 4)
}

func compareInfos(t *testing.T, p pair, ours *btf.ExtInfos, theirs *rival.ExtInfos) {
	t.Helper()
	got := map[string][]string{}
	note := func(section []byte, line string) { got[string(section)] = append(got[string(section)], line) }
	for s := range ours.Funcs() {
		for r := range s.Records() {
			note(s.NameBytes(), fmt.Sprintln("func", r.Offset(), r.Func().ID()))
		}
	}
	for s := range ours.Lines() {
		for r := range s.Records() {
			note(s.NameBytes(), fmt.Sprintln("line", r.Offset(), r.FileName(), r.LineNumber(), r.LineColumn(), r.Line()))
		}
	}
	for s := range ours.CORERelocations() {
		for r := range s.Records() {
			note(s.NameBytes(), fmt.Sprintf("relocation %d [%s], local_id=%d", r.Offset(), r.Accessor(), r.Type().ID()))
		}
	}
	require.NotEmpty(t, got)
	for section, lines := range got {
		funcs, sources, relocations := theirs.Section(section)
		var want []string
		for _, f := range funcs {
			id := p.id(f.Func)
			want = append(want, fmt.Sprintln("func", uint64(f.Offset)*8, id))
		}
		for _, l := range sources {
			want = append(want, fmt.Sprintln("line", uint64(l.Offset)*8, l.Line.FileName(), l.Line.LineNumber(), l.Line.LineColumn(), l.Line.Line()))
		}
		for _, r := range relocations {
			text := r.Relo.String()
			want = append(want, fmt.Sprintf("relocation %d %s", uint64(r.Offset)*8, strings.TrimSuffix(text[strings.LastIndexByte(text, '['):], ")")))
		}
		slices.Sort(want)
		slices.Sort(lines)
		require.Equal(t, want, lines, section)
	}
}
