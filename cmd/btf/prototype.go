// Prints functions for func and funcs: as prototypes, or as objects.

package main

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

// A functionPrinter prints functions.
type functionPrinter struct {
	env     *environment
	asJSON  bool
	scratch []byte
}

// print prints a function. A brokenError says that there is no text for it; other errors
// are those of writing.
func (p *functionPrinter) print(m btf.Module, f btf.Func) error {
	line, err := cdecl.Prototype(f)
	if err == nil && p.asJSON {
		err = checkParams(f)
	}
	if err != nil {
		if err := p.env.out.failure(); err != nil {
			return err
		}
		return &brokenError{f.AsType(), err}
	}
	line += ";"
	if p.asJSON {
		return p.object(m, f, line)
	}
	_, err = fmt.Fprintln(p.env.out, line+inModule(m, " /* %s */"))
	return err
}

// A brokenError says why a function has no text.
type brokenError struct {
	f   btf.Type
	err error
}

func (e *brokenError) Error() string {
	return "btf: func " + shown(e.f.NameBytes()) + ": " + strings.TrimPrefix(e.err.Error(), "btf: ")
}

func (e *brokenError) Unwrap() error { return e.err }

// checkParams returns an error if the object of a function could not be written to its
// end.
func checkParams(f btf.Func) error {
	for param := range f.Type().Params() {
		if _, err := param.Type().Sizeof(); err != nil && !errors.Is(err, btf.ErrNotFound) && !errors.Is(err, btf.ErrPointerSize) {
			return err
		}
		if _, err := param.Type().Pointee(); err != nil && !errors.Is(err, btf.ErrWrongKind) {
			return err
		}
	}
	return nil
}

// object writes a function as an object. It keeps the text of one parameter at a time: a
// small prototype may have thousands, each with a type of a megabyte. Scripts rely on
// the names of the fields:
//
//	name, module, prototype, linkage, return
//	params: name, type, size (bytes, null if unknown), points_to, tags
//	variadic, tags
func (p *functionPrinter) object(m btf.Module, f btf.Func, line string) error {
	p.text(`{"name":`, f.NameBytes())
	if m.Name != "" {
		p.text(`,"module":`, []byte(m.Name))
	}
	proto := f.Type()
	p.text(`,"prototype":`, []byte(line))
	p.text(`,"linkage":`, []byte(f.Linkage().String()))
	p.text(`,"return":`, []byte(cdecl.Type(proto.Return())))
	p.raw(`,"params":[`)
	separator := ""
	for param := range proto.Params() {
		t := param.Type()
		p.text(separator+`{"name":`, param.NameBytes())
		p.text(`,"type":`, []byte(cdecl.Type(t)))
		if size, err := t.Sizeof(); err == nil {
			p.raw(fmt.Sprintf(`,"size":%d`, size))
		} else {
			p.raw(`,"size":null`)
		}
		// The name of the type a pointer leads to, through typedefs and qualifiers.
		if to, err := t.Pointee(); err == nil && len(to.NameBytes()) > 0 {
			p.text(`,"points_to":`, to.NameBytes())
		}
		separator = ","
		p.tags(f.ParamTags(param.Index()))
		if err := p.raw("}"); err != nil {
			return err
		}
	}
	p.raw(fmt.Sprintf(`],"variadic":%t`, proto.Variadic()))
	p.tags(f.Tags())
	return p.raw("}\n")
}

// tags writes the texts of decl tags, if there are any.
func (p *functionPrinter) tags(tags iter.Seq[btf.DeclTag]) {
	before := `,"tags":[`
	for tag := range tags {
		if p.text(before, tag.NameBytes()) != nil {
			return
		}
		before = ","
	}
	if before == "," {
		p.raw("]")
	}
}

func (p *functionPrinter) raw(s string) error {
	_, err := p.env.out.WriteString(s)
	return err
}

func (p *functionPrinter) text(before string, s []byte) error {
	p.scratch = appendJSON(append(p.scratch[:0], before...), s)
	_, err := p.env.out.Write(p.scratch)
	return err
}

// inModule returns the name of a module in a format, and "" for the kernel itself and
// for files.
func inModule(m btf.Module, format string) string {
	if m.Name == "" || m.Name == "vmlinux" {
		return ""
	}
	return fmt.Sprintf(format, escape.Comment(m.Name))
}
