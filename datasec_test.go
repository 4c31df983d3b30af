// Tests where the variables of BPF objects are placed.

package btf_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

// TestDatasec: sizes and offsets are those that libbpf's linker writes.
func TestDatasec(t *testing.T) {
	bpftool := btftest.Tool(t, "bpftool")
	for _, path := range btftest.Objects(t, "el") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			spec, err := btf.LoadSpec(path)
			require.NoError(t, err)
			defer spec.Close()
			linked := filepath.Join(t.TempDir(), "linked.o")
			btftest.Output(t, bpftool, "gen", "object", linked, path)
			object, err := btf.LoadSpec(linked)
			require.NoError(t, err)
			defer object.Close()

			// What is written there, and not what is found for it.
			want := variables(t, load(t, written(t, object)))
			filled := 0
			for name, at := range variables(t, spec) {
				if strings.HasPrefix(name, ".kconfig") || strings.HasPrefix(name, ".ksyms") {
					continue // the linker leaves these
				}
				off, ok := want[name]
				require.True(t, ok, name)
				require.Equal(t, off, at, name)
				filled++
			}
			require.NotZero(t, filled)

			b, err := os.ReadFile(path)
			require.NoError(t, err)
			read, err := btf.LoadSpecFromReader(bytes.NewReader(b))
			require.NoError(t, err)
			clear(b) // and the reader is not asked any more
			requireSame(t, spec, read)

			f, err := elf.Open(path)
			require.NoError(t, err)
			defer f.Close()
			section, err := f.Section(".BTF").Data()
			require.NoError(t, err)
			require.True(t, bytes.Equal(section, written(t, spec)), "the bytes are not to be written to")
		})
	}
}

// TestDatasecOrders: both byte orders of one source are laid out alike.
func TestDatasecOrders(t *testing.T) {
	el, eb := btftest.Objects(t, "el"), btftest.Objects(t, "eb")
	for i := range el {
		if !strings.HasSuffix(el[i], ".bpf.el.o") {
			continue
		}
		little, err := btf.LoadSpec(el[i])
		require.NoError(t, err)
		defer little.Close()
		big, err := btf.LoadSpec(eb[i])
		require.NoError(t, err)
		defer big.Close()
		require.Equal(t, variables(t, little), variables(t, big))
	}
}

// TestKconfigOfItself: a variable of .kconfig that is of that section has no place, and
// finding that out does not wait for itself.
func TestKconfigOfItself(t *testing.T) {
	b := btftest.New(little)
	b.Datasec(".kconfig", 0, btftest.Variable{Type: b.Var("v", b.Next()+1, 2), Size: 4})
	everyDoor(t, btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: b.Bytes()}), func(t *testing.T, spec *btf.Spec, err error) {
		require.NoError(t, err)
		require.ErrorIs(t, spec.Verify(), btf.ErrNotSupported)
		require.ErrorContains(t, spec.Verify(), "alignment of DATASEC .kconfig (id 2): must be a number, a pointer or an array of these")
	})
}

// TestDatasecRewritten: an entry that was got while there were more of them is none of
// those whose place is known.
func TestDatasecRewritten(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			path := file(t, object(order, 0, nil))
			spec, err := btf.LoadSpec(path)
			require.NoError(t, err)
			defer spec.Close()
			data := as[btf.Datasec](t, spec, 4)
			raw := written(t, spec)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			at := int64(bytes.Index(b, raw) + bytes.LastIndex(raw, order.AppendUint32(nil, 15<<24|2)))
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			defer f.Close()
			rewrite := func(vlen uint32) {
				_, err := f.WriteAt(order.AppendUint32(nil, 15<<24|vlen), at)
				require.NoError(t, err)
			}
			rewrite(5)
			if !btf.FilesAreMapped {
				require.Equal(t, 2, data.NumVars(), "of a copy")
				return
			}
			last := data.Var(4)
			require.Equal(t, 5, data.NumVars())
			rewrite(2)
			require.NotPanics(t, func() { _, _, _ = last.Type(), last.Offset(), last.Size() })
			require.EqualValues(t, 12, data.Size())
		})
	}
}

// TestKconfig: variables of .kconfig lie as clang would put them in a struct.
func TestKconfig(t *testing.T) {
	clang := btftest.Tool(t, "clang")
	for _, path := range btftest.Objects(t, "el") {
		if !strings.HasSuffix(path, "externs.bpf.el.o") {
			continue
		}
		spec, err := btf.LoadSpec(path)
		require.NoError(t, err)
		defer spec.Close()
		var asserts strings.Builder
		asserts.WriteString(`
enum tristate { NO };
struct kconfig {
	_Bool CONFIG_FLAG;
	unsigned long CONFIG_NUMBER;
	char CONFIG_TEXT[13];
	enum tristate CONFIG_STATE;
	unsigned short CONFIG_SHORT;
};
`)
		n := 0
		for name, off := range variables(t, spec) {
			if variable, ok := strings.CutPrefix(name, ".kconfig "); ok {
				fmt.Fprintf(&asserts, "_Static_assert(__builtin_offsetof(struct kconfig, %s) == %d, \"\");\n", variable, off)
				n++
			}
		}
		require.Equal(t, 5, n)
		source := filepath.Join(t.TempDir(), "kconfig.c")
		require.NoError(t, os.WriteFile(source, []byte(asserts.String()), 0o644))
		btftest.Output(t, clang, "-target", "bpf", "-fsyntax-only", source)
	}
}

// object is an ELF file with the BTF of two variables in .data, and symbols.
func object(order btftest.Order, size uint64, change func(symbols []btftest.Symbol), more ...btftest.Section) []byte {
	b := btftest.New(order)
	i := b.Int("int", 4, btftest.Signed)
	one, two := b.Var("one", i, 1), b.Var("two", i, 1)
	b.Datasec(".data", 0, btftest.Variable{Type: one, Size: 4}, btftest.Variable{Type: two, Size: 4})
	symbols := []btftest.Symbol{
		{Name: "one", Type: elf.STT_OBJECT, Section: 1, Value: 8},
		{Name: "two", Type: elf.STT_OBJECT, Section: 1, Value: 4},
	}
	if change != nil {
		change(symbols)
	}
	table, names := btftest.Symbols(order, 4, symbols...)
	return btftest.ELF(elf.ELFCLASS64, order, append([]btftest.Section{
		{Name: ".data", Data: make([]byte, 12), Size: size},
		{Name: ".BTF", Data: b.Bytes()},
		table, names,
	}, more...)...)
}

// TestBadSymbols: what symbols do not tell is said when the DATASEC is asked for,
// and not before.
func TestBadSymbols(t *testing.T) {
	for _, c := range []struct {
		name   string
		size   uint64
		change func([]btftest.Symbol)
		more   []btftest.Section
		want   string
	}{
		{name: "sound"},
		{name: "name is another", change: func(s []btftest.Symbol) { s[0].Name = "three" }, want: "offset of type 2 needs exactly one symbol one in section .data"},
		{name: "name is twice there", change: func(s []btftest.Symbol) { s[1].Name = "one" }, want: "offset of type 2 needs exactly one symbol one in section .data"},
		{name: "absolute", change: func(s []btftest.Symbol) { s[0].Section = elf.SHN_ABS }, want: "offset of type 2 needs exactly one symbol one"},
		{name: "common", change: func(s []btftest.Symbol) { s[0].Section = elf.SHN_COMMON }, want: "offset of type 2 needs exactly one symbol one"},
		{name: "undefined", change: func(s []btftest.Symbol) { s[0].Section = elf.SHN_UNDEF }, want: "offset of type 2 needs exactly one symbol one"},
		{name: "no such section", change: func(s []btftest.Symbol) { s[0].Section = 77 }, want: "offset of type 2 needs exactly one symbol one"},
		{name: "function", change: func(s []btftest.Symbol) { s[0].Type = elf.STT_FUNC }, want: "offset of type 2 needs exactly one symbol one"},
		{name: "beyond 32 bits", change: func(s []btftest.Symbol) { s[0].Value = 1<<32 + 8 }, want: "offset of type 2 needs exactly one symbol one"},
		{name: "past the section", change: func(s []btftest.Symbol) { s[0].Value = 9 }, want: "symbol one at offset 0x9 of section .data needs 4 bytes, the section has 12 in all"},
		{name: "far past the section", change: func(s []btftest.Symbol) { s[0].Value = 1<<32 - 1 }, want: "symbol one at offset 0xffffffff"},
		{name: "section beyond 32 bits", size: 1 << 40, want: "size of type 4 needs exactly one section .data, of less than 4 GiB"},
		{name: "section is twice there", more: []btftest.Section{{Name: ".data", Data: []byte{1}}}, want: "size of type 4 needs exactly one section .data, of less than 4 GiB"},
	} {
		for name, order := range bothOrders {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				everyDoor(t, object(order, c.size, c.change, c.more...), func(t *testing.T, spec *btf.Spec, err error) {
					require.NoError(t, err)
					typ, err := spec.TypeByID(4)
					require.NoError(t, err)
					d, err := btf.As[btf.Datasec](typ)
					size, sizeErr := typ.Sizeof()
					if c.want != "" {
						var format *btf.FormatError
						require.ErrorAs(t, err, &format)
						require.ErrorContains(t, err, "btf: ELF at offset 0x0: "+c.want)
						require.Equal(t, err, sizeErr)
						require.Equal(t, err, spec.Verify())
						_, err = write.Marshal(spec, write.Options{})
						require.Equal(t, sizeErr, err)
						return
					}
					require.NoError(t, err)
					require.NoError(t, sizeErr)
					require.EqualValues(t, 12, size)
					require.EqualValues(t, 12, d.Size())
					require.Equal(t, "two", d.Var(0).Type().Name(), "in the order of offsets")
					require.Equal(t, []uint32{4, 8}, []uint32{d.Var(0).Offset(), d.Var(1).Offset()})
					require.Equal(t, btf.VarSecinfo{}, d.Var(2))
					require.NoError(t, spec.Verify())
					require.NoError(t, spec.Close())
					require.Zero(t, d.Size())
					require.Zero(t, d.Var(0))
				})
			})
		}
	}
	t.Run("symbols past the file", func(t *testing.T) {
		b := object(binary.LittleEndian, 0, nil)
		f, err := elf.NewFile(bytes.NewReader(b))
		require.NoError(t, err)
		headers := little.Uint64(b[40:])
		for i, s := range f.Sections {
			if s.Name == ".symtab" {
				little.PutUint64(b[headers+uint64(i)*64+32:], 1<<40) // sh_size
			}
		}
		everyDoor(t, b, func(t *testing.T, spec *btf.Spec, err error) {
			require.NoError(t, err)
			var d btf.Datasec
			require.ErrorContains(t, spec.TypeByName(".data", &d), "section .symtab must have at most 268435456 bytes, has 1099511627776")
			require.ErrorContains(t, spec.Verify(), "at most 268435456 bytes, has 1099511627776")
		})
	})
	t.Run("compressed", func(t *testing.T) {
		table, names := btftest.Symbols(binary.LittleEndian, 4)
		table.Flags = elf.SHF_COMPRESSED
		b := btftest.New(binary.LittleEndian)
		b.Datasec(".data", 0, btftest.Variable{Type: b.Var("v", b.Int("int", 4, 0), 1)})
		table.Data = deflated(elf.ELFCLASS64, binary.LittleEndian, table.Data, 1<<40)
		everyDoor(t, btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".data"}, btftest.Section{Name: ".BTF", Data: b.Bytes()}, table, names),
			func(t *testing.T, spec *btf.Spec, err error) {
				require.NoError(t, err)
				require.ErrorContains(t, spec.Verify(), "section .symtab must not be compressed")
			})
	})
	t.Run("not a variable", func(t *testing.T) {
		b := btftest.New(binary.LittleEndian)
		i := b.Int("one", 4, 0)
		b.Datasec(".data", 0, btftest.Variable{Type: i})
		b.Datasec(".kconfig", 0, btftest.Variable{Type: i})
		b.Datasec(".kconfig", 0, btftest.Variable{Type: b.Var("s", b.Struct("s", 4), 2)})
		b.Datasec(".kconfig", 0, btftest.Variable{Type: b.Var("huge", b.Array(i, i, 1<<31), 2)})
		b.Datasec(".ksyms", 0, btftest.Variable{Type: i})
		everyDoor(t, btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".data", Data: []byte{1, 2}}, btftest.Section{Name: ".BTF", Data: b.Bytes()}),
			func(t *testing.T, spec *btf.Spec, err error) {
				require.NoError(t, err)
				want := map[string][]string{
					".data":    {"entry of a DATASEC must be a VAR, type 1 is INT"},
					".kconfig": {"entry of a DATASEC must be a VAR, type 1 is INT", "alignment of STRUCT s (id 4)", "variables must take less than 4 GiB"},
				}
				for typ := range spec.All() {
					if typ.Kind() == btf.KindDatasec {
						_, err := btf.As[btf.Datasec](typ)
						name := typ.Name()
						if name == ".ksyms" {
							require.NoError(t, err)
							continue
						}
						require.ErrorContains(t, err, want[name][0])
						want[name] = want[name][1:]
					}
				}
			})
	})
}
