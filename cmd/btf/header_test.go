// Lets bpftool write the header that clang compiles tests with.

package main

import (
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// vmlinuxHeader returns the header that bpftool writes of a file, with the packed
// attributes that it forgets.
func vmlinuxHeader(t *testing.T, spec *btf.Spec, bpftool, file string) string {
	t.Helper()
	header := btftest.Output(t, bpftool, "btf", "dump", "file", file, "format", "c")
	for typ := range spec.All() {
		if word := forgottenPacking(t, typ); word != "" {
			line := "\n" + word + " " + typ.Name() + " {"
			header = strings.Replace(header, line, "\n"+word+" __attribute__((packed)) "+typ.Name()+" {", 1)
		}
	}
	return header
}

// forgottenPacking returns the keyword of a type that bpftool 7.1 forgets to declare
// packed: an enum smaller than an int, or a union.
func forgottenPacking(t *testing.T, typ btf.Type) string {
	t.Helper()
	switch typ.Kind() {
	case btf.KindEnum:
		e, err := btf.As[btf.Enum](typ)
		require.NoError(t, err)
		if e.Size() < 4 {
			return "enum"
		}
	case btf.KindUnion:
		layout, err := cdecl.LayoutOf(typ, 8)
		require.NoError(t, err)
		if layout.Packed {
			return "union"
		}
	}
	return ""
}

// only reports whether one type alone has the name, of the structs, unions and enums,
// which share a name space. If several have it, bpftool renames all but the first.
func only(spec *btf.Spec, name string) bool {
	n := 0
	for typ := range spec.TypesByName(name) {
		switch typ.Kind() {
		case btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64, btf.KindFwd:
			n++
		}
	}
	return n == 1
}
