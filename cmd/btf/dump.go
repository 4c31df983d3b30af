// Prints every record in the format of bpftool's raw dump.

package main

import (
	"bufio"
	"bytes"
	"flag"
	"strconv"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

var dumpCommand = command{
	name:    "dump",
	args:    "[FILE]",
	summary: "print every record in the format of bpftool",
	details: `
Prints the same as "bpftool btf dump file FILE format raw". With --base, it prints the
same as bpftool with -B. Bytes of names that are not printable are escaped, which
bpftool does not do. Records of unknown kinds are printed as UNKNOWN. bpftool has no
format for the kinds of inlined functions yet; they are printed in a similar way. A
broken record ends the dump, whereas bpftool continues.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		return func(env *environment, args []string) error {
			if err := in.fileArgument(args); err != nil {
				return err
			}
			spec, closeSpec, err := in.open(env)
			if err != nil {
				return err
			}
			defer closeSpec()
			raw, err := asWritten(spec)
			if err != nil {
				return err
			}
			return dump(env.out.Writer, raw)
		}
	},
}

// asWritten returns the Spec without the sizes and offsets of variables that loading
// takes from the symbols of an ELF file. The dump shows the records as they are.
func asWritten(spec *btf.Spec) (*btf.Spec, error) {
	var raw bytes.Buffer
	if _, err := spec.WriteTo(&raw); err != nil {
		return nil, err
	}
	if base := spec.Base(); base != nil {
		return btf.LoadSplitSpecFromReader(bytes.NewReader(raw.Bytes()), base)
	}
	return btf.LoadRawSpec(raw.Bytes())
}

// dump prints all types of spec. It keeps the text of one element of a record at a time.
func dump(w *bufio.Writer, spec *btf.Spec) error {
	d := dumper{oldBitfields: oldBitfields(spec), out: w}
	for t := range spec.All() {
		d.text = d.text[:0]
		if err := d.record(t); err != nil {
			return err
		}
		d.string("\n")
		if !d.print() {
			return d.err
		}
	}
	return nil
}

// oldBitfields reports whether an integer has a bit offset, as the integers of
// bitfields had before kind_flag. [btf.Member.Offset] adds it to the member's own
// offset; the dump has to take it away again.
func oldBitfields(spec *btf.Spec) bool {
	for ; spec != nil; spec = spec.Base() {
		for t := range spec.All() {
			if t.Kind() != btf.KindInt {
				continue
			}
			if i, err := btf.As[btf.Int](t); err == nil && i.Offset() != 0 {
				return true
			}
		}
	}
	return false
}

// A dumper prints one record after the other into the same text.
type dumper struct {
	text
	oldBitfields bool
	out          *bufio.Writer
	err          error // of writing
}

// maxKept is the number of bytes of a record's text that a dumper keeps. Thousands of
// elements may have names as long as the strings of the blob.
const maxKept = 32 << 10

// more is called after each element of a record. It reports whether to go on.
func (b *dumper) more() bool { return len(b.text) < maxKept || b.print() }

// print writes the text so far. It reports whether that succeeded.
func (b *dumper) print() bool {
	if b.err == nil {
		_, b.err = b.out.Write(b.text)
		b.text = b.text[:0]
	}
	return b.err == nil
}

// A text is what has been printed of a record.
type text []byte

func (b *text) string(s string) { *b = append(*b, s...) }
func (b *text) uint(n uint64)   { *b = strconv.AppendUint(*b, n, 10) }
func (b *text) int(n int64)     { *b = strconv.AppendInt(*b, n, 10) }
func (b *text) id(t btf.Type)   { b.uint(uint64(t.ID())) }
func (b *text) linkage(known string, value uint32) {
	if value > uint32(btf.ExternFunc) {
		known = "(unknown)"
	}
	b.string("linkage=" + known)
}

// name prints a name in quotes. An empty name is not the same as no name, which is nil.
func (b *text) name(name []byte) {
	b.string("'")
	if name == nil {
		b.string("(anon)")
	} else {
		*b = escape.AppendText(*b, name)
	}
	b.string("'")
}

// kind prints the name of a kind. Void has no record, but a section may list it, and
// bpftool calls it UNKNOWN too.
func (b *text) kind(k btf.Kind) {
	if k == btf.KindVoid || k > btf.KindLocsec {
		b.string("UNKNOWN")
	} else {
		b.string(k.String())
	}
}

// field prints a label and a number.
func (b *text) field(name string, n uint64) {
	b.string(name)
	b.uint(n)
}

func (b *dumper) record(t btf.Type) error {
	b.string("[")
	b.id(t)
	b.string("] ")
	kind := t.Kind()
	b.kind(kind)
	b.string(" ")
	b.name(t.NameBytes())

	switch kind {
	case btf.KindInt:
		return narrowed(t, func(i btf.Int) {
			b.field(" size=", uint64(i.Size()))
			b.field(" bits_offset=", uint64(i.Offset()))
			b.field(" nr_bits=", uint64(i.Bits()))
			b.string(" encoding=")
			b.string(encodingName(i.Encoding()))
		})
	case btf.KindPointer:
		return narrowed(t, func(p btf.Pointer) { b.target(p.Target()) })
	case btf.KindTypedef:
		return narrowed(t, func(t btf.Typedef) { b.target(t.Type()) })
	case btf.KindVolatile:
		return narrowed(t, func(v btf.Volatile) { b.target(v.Type()) })
	case btf.KindConst:
		return narrowed(t, func(c btf.Const) { b.target(c.Type()) })
	case btf.KindRestrict:
		return narrowed(t, func(r btf.Restrict) { b.target(r.Type()) })
	case btf.KindTypeTag:
		return narrowed(t, func(t btf.TypeTag) { b.target(t.Type()) })
	case btf.KindArray:
		return narrowed(t, func(a btf.Array) {
			b.target(a.Type())
			b.field(" index_type_id=", uint64(a.Index().ID()))
			b.field(" nr_elems=", uint64(a.Nelems()))
		})
	case btf.KindStruct, btf.KindUnion:
		return narrowed(t, b.members)
	case btf.KindEnum, btf.KindEnum64:
		return narrowed(t, b.enumerators)
	case btf.KindFwd:
		return narrowed(t, func(f btf.Fwd) {
			if f.IsUnion() {
				b.string(" fwd_kind=union")
			} else {
				b.string(" fwd_kind=struct")
			}
		})
	case btf.KindFunc:
		return narrowed(t, func(f btf.Func) {
			b.target(f.Type().AsType())
			b.string(" ")
			b.linkage(f.Linkage().String(), uint32(f.Linkage()))
		})
	case btf.KindFuncProto:
		return narrowed(t, b.params)
	case btf.KindVar:
		return narrowed(t, func(v btf.Var) {
			b.target(v.Type())
			b.string(", ")
			b.linkage(v.Linkage().String(), uint32(v.Linkage()))
		})
	case btf.KindDatasec:
		return narrowed(t, b.vars)
	case btf.KindFloat:
		return narrowed(t, func(f btf.Float) { b.field(" size=", uint64(f.Size())) })
	case btf.KindDeclTag:
		return narrowed(t, func(d btf.DeclTag) {
			b.target(d.Type())
			b.string(" component_idx=")
			b.int(int64(d.Component()))
		})
	case btf.KindLocParam:
		return narrowed(t, func(p btf.LocParam) {
			b.field(" size=", uint64(p.Size()))
			b.string(" flags=" + p.Flags().String())
			b.field(" vlen=", uint64(p.NumValues()))
			for i := range p.NumValues() {
				b.field("\n\tvalue=", uint64(p.Value(i)))
			}
		})
	case btf.KindLocProto:
		return narrowed(t, func(p btf.LocProto) {
			b.field(" vlen=", uint64(p.NumParams()))
			for param := range p.Params() {
				b.field("\n\ttype_id=", uint64(param.ID()))
			}
		})
	case btf.KindLocsec:
		return narrowed(t, func(s btf.Locsec) {
			b.field(" vlen=", uint64(s.NumSites()))
			for site := range s.Sites() {
				b.field("\n\tfunc_type_id=", uint64(site.Func().ID()))
				b.field(" loc_proto_type_id=", uint64(site.Proto().ID()))
				b.field(" offset=", uint64(site.Offset()))
			}
		})
	}
	return nil
}

// narrowed narrows t and calls print with the view.
func narrowed[V btf.View](t btf.Type, print func(V)) error {
	v, err := btf.As[V](t)
	if err == nil {
		print(v)
	}
	return err
}

func (b *text) target(t btf.Type) { b.field(" type_id=", uint64(t.ID())) }

func encodingName(e btf.IntEncoding) string {
	switch e {
	case btf.Unsigned:
		return "(none)"
	case btf.Signed:
		return "SIGNED"
	case btf.Char:
		return "CHAR"
	case btf.Bool:
		return "BOOL"
	}
	return "UNKN"
}

func (b *dumper) members(c btf.Composite) {
	b.field(" size=", uint64(c.Size()))
	b.field(" vlen=", uint64(c.NumMembers()))
	for m := range c.Members() {
		offset, size := m.Offset(), m.BitfieldSize()
		if !c.KindFlag() {
			size = 0
			if b.oldBitfields {
				if i, err := btf.As[btf.Int](m.Type()); err == nil {
					offset -= i.Offset()
				}
			}
		}
		b.string("\n\t")
		b.name(m.NameBytes())
		b.target(m.Type())
		b.field(" bits_offset=", uint64(offset))
		if size != 0 {
			b.field(" bitfield_size=", uint64(size))
		}
		if !b.more() {
			return
		}
	}
}

func (b *dumper) enumerators(e btf.Enum) {
	signed, suffix := "UNSIGNED", "ULL"
	if e.Signed() {
		signed, suffix = "SIGNED", "LL"
	}
	if e.Kind() == btf.KindEnum {
		suffix = ""
	}
	b.string(" encoding=" + signed)
	b.field(" size=", uint64(e.Size()))
	b.field(" vlen=", uint64(e.NumEnumerators()))
	for v := range e.Enumerators() {
		b.string("\n\t")
		b.name(v.NameBytes())
		b.string(" val=")
		if e.Signed() {
			b.int(int64(v.Value()))
		} else {
			b.uint(v.Value())
		}
		b.string(suffix)
		if !b.more() {
			return
		}
	}
}

func (b *dumper) params(p btf.FuncProto) {
	b.field(" ret_type_id=", uint64(p.Return().ID()))
	n := p.NumParams()
	if p.Variadic() {
		n++
	}
	b.field(" vlen=", uint64(n))
	for param := range p.Params() {
		b.param(param.NameBytes(), param.Type())
		if !b.more() {
			return
		}
	}
	if p.Variadic() {
		b.param(nil, btf.Type{})
	}
}

func (b *text) param(name []byte, t btf.Type) {
	b.string("\n\t")
	b.name(name)
	b.target(t)
}

func (b *dumper) vars(d btf.Datasec) {
	b.field(" size=", uint64(d.Size()))
	b.field(" vlen=", uint64(d.NumVars()))
	for v := range d.Vars() {
		t := v.Type()
		b.string("\n\t")
		b.field("type_id=", uint64(t.ID()))
		b.field(" offset=", uint64(v.Offset()))
		b.field(" size=", uint64(v.Size()))
		b.string(" (")
		b.kind(t.Kind())
		b.string(" ")
		b.name(t.NameBytes())
		b.string(")")
		if !b.more() {
			return
		}
	}
}
