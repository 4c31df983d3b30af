// Prints the definition of a type, a function or a variable.

package cdecl

import (
	"io"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

// Options say how [Append] and [Write] print a definition.
type Options struct {
	// PointerSize is the size of a pointer in bytes, as [btf.Spec.PointerSize] returns
	// it. Together with the alignments below it decides which types are taken for packed
	// or aligned: see [Layout]. 0 stands for 4.
	PointerSize int

	// Int64Align is the alignment in bytes that numbers of 8 bytes have in a struct: 8 on
	// most machines, 4 on i386. 0 stands for the size of a pointer, which finds only the
	// types that are packed on every machine with pointers of that size.
	Int64Align int

	// Int128Align is the alignment in bytes that numbers of 16 bytes have in a struct: 16
	// on most machines, 8 on s390x. 0 stands for 16.
	Int128Align int

	// NoComments leaves out the comments on offsets, sizes, holes and cache lines, and
	// the columns that they stand in.
	NoComments bool
}

// Write writes what [Append] appends. It makes one call of w.Write, or none if there
// is an error.
func Write(w io.Writer, t btf.Type, opts Options) error {
	text, err := Append(nil, t, opts)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// Append appends the definition of a type to dst, with a newline at the end, and
// returns the extended slice.
//
// It prints structs and unions with their members and enums with their values. A
// typedef, a function, a variable or a forward declaration is a declaration in one
// line, apart from an anonymous type in it. Named types that t refers to are not
// printed. BTF records no unnamed bitfields and no attributes: Append writes those that a
// compiler needs to lay out the members the same way. They may differ from those of the
// source. Where C has no such declaration, a comment says so, whatever the options. With
// comments, members stand in the order of their declaration. Without them, they stand in
// that of their offsets, which compilers need: only Rust and C++ make them differ. A member
// without a name whose type has one needs -fms-extensions: a comment says so.
//
// What C has no declaration for is a comment, whatever the options: integers, floats,
// sections, tags, pointers and other types without a name.
//
// With comments, the text of a struct is pahole's: behind each member its offset and
// size in bytes (of a bitfield byte:bit), "?" for a size that is unknown; between them
// the holes and the boundaries of cache lines of 64 bytes; at the end the sums.
//
// If a record is broken or a limit of the package is exceeded, Append returns dst as
// it was and an error. The result does not alias the Spec.
func Append(dst []byte, t btf.Type, opts Options) ([]byte, error) {
	p := &printer{out: dst, start: len(dst), limit: maxText, comments: !opts.NoComments, arrange: newArranger(opts)}
	if err := p.definition(t); err != nil {
		return dst, err
	}
	return p.out, nil
}

func (p *printer) definition(t btf.Type) error {
	switch t.Kind() {
	case btf.KindStruct, btf.KindUnion:
		if err := p.body(t, 0, 0); err != nil {
			return err
		}
		p.print(";\n")
		return nil
	case btf.KindEnum, btf.KindEnum64:
		return p.enum(t)
	case btf.KindTypedef:
		d, err := btf.As[btf.Typedef](t)
		if err != nil {
			return err
		}
		return p.statement("typedef ", d.Type(), t)
	case btf.KindFunc:
		f, err := btf.As[btf.Func](t)
		if err != nil {
			return err
		}
		return p.statement(externWord(f), f.Type().AsType(), t)
	case btf.KindVar:
		return p.variable(t)
	case btf.KindFwd:
		word, err := keyword(t)
		p.printf("%s %s;\n", word, identifier(t.Name()))
		return err
	case btf.KindDatasec:
		return p.datasec(t)
	case btf.KindInt:
		return p.integer(t)
	case btf.KindFloat:
		f, err := btf.As[btf.Float](t)
		p.printf("/* FLOAT %s: size %d */\n", escape.Comment(t.Name()), f.Size())
		return err
	case btf.KindDeclTag:
		return p.declTag(t)
	case btf.KindTypeTag:
		tag, err := btf.As[btf.TypeTag](t)
		p.printf("/* TYPE_TAG %s of %s */\n", tagText(t), inComment(Type(tag.Type())))
		return err
	default:
		p.printf("/* %s */\n", inComment(t.String()))
		return nil
	}
}

func (p *printer) enum(t btf.Type) error {
	e, err := btf.As[btf.Enum](t)
	if err != nil {
		return err
	}
	if err := p.body(t, 0, 0); err != nil {
		return err
	}
	if p.comments && e.Size() != 4 {
		p.printf("; /* size: %d */\n", e.Size())
	} else {
		p.print(";\n")
	}
	return nil
}

// statement prints the declaration of a named type, function or variable: before,
// and its name declared as of.
func (p *printer) statement(before string, of, named btf.Type) error {
	d, err := p.declare(of, named.Name())
	if err != nil {
		return err
	}
	p.print(before)
	if anonymous(d.base) {
		if d.quals != "" {
			p.print(d.quals + " ")
		}
		if err := p.body(d.base, 0, 0); err != nil {
			return err
		}
		p.print(" " + d.behindBrace())
	} else {
		base, err := p.base(d.base)
		if err != nil {
			return err
		}
		p.print(d.around(base))
	}
	if err := p.declTags(named.Tags()); err != nil {
		return err
	}
	p.print(";\n")
	return nil
}

func (p *printer) variable(t btf.Type) error {
	v, err := btf.As[btf.Var](t)
	if err != nil {
		return err
	}
	before := ""
	if l := v.Linkage(); l == btf.StaticVar || l == btf.ExternVar {
		before = l.String() + " "
	}
	return p.statement(before, v.Type(), t)
}

// datasec lists the variables of a section, which C cannot declare.
func (p *printer) datasec(t btf.Type) error {
	sec, err := btf.As[btf.Datasec](t)
	if err != nil {
		return err
	}
	p.printf("/* DATASEC %s: size %d, %d variables\n", escape.Comment(t.Name()), sec.Size(), sec.NumVars())
	for entry := range sec.Vars() {
		text, err := p.inSection(entry.Type())
		if err != nil {
			return err
		}
		p.printf(" * %6d %6d  %s\n", entry.Offset(), entry.Size(), inComment(text))
	}
	p.print(" */\n")
	return nil
}

// inSection returns the declaration of a variable, or of a function that libbpf put
// into a section.
func (p *printer) inSection(t btf.Type) (string, error) {
	switch t.Kind() {
	case btf.KindVar:
		v, err := btf.As[btf.Var](t)
		if err != nil {
			return "", err
		}
		return p.brief(v.Type(), t.Name())
	case btf.KindFunc:
		f, err := btf.As[btf.Func](t)
		if err != nil {
			return "", err
		}
		return p.brief(f.Type().AsType(), t.Name())
	}
	return t.String(), nil
}

func (p *printer) integer(t btf.Type) error {
	i, err := btf.As[btf.Int](t)
	if err != nil {
		return err
	}
	p.printf("/* INT %s: size %d, %d bits", escape.Comment(t.Name()), i.Size(), uint64(i.Bits()))
	if i.Offset() != 0 {
		p.printf(" from bit %d", uint64(i.Offset()))
	}
	p.printf(", %v */\n", i.Encoding())
	return nil
}

func (p *printer) declTag(t btf.Type) error {
	tag, err := btf.As[btf.DeclTag](t)
	if err != nil {
		return err
	}
	p.printf("/* DECL_TAG %s of %s", tagText(t), inComment(tag.Type().String()))
	if i := tag.Component(); i >= 0 {
		p.printf(", component %d", i)
	}
	p.print(" */\n")
	return nil
}
