// Returns declarations that take one line.

package cdecl

import (
	"errors"

	"github.com/seed-6c4a6465/btf"
)

// Type returns how C spells a type: "const struct sk_buff *", "char[16]",
// "int (*)(void *)". An anonymous struct, union or enum is "struct {...}", without
// what it consists of. Type tags are written as the attributes that clang reads.
//
// Type always returns a text to print. If a type is broken, or C has no spelling for
// it, the text describes it between "<" and ">".
func Type(t btf.Type) string {
	text, err := oneLine().brief(t, "")
	if err != nil {
		return describe(t, err)
	}
	return text
}

func describe(t btf.Type, err error) string {
	var broken *btf.FormatError
	if errors.As(err, &broken) {
		return "<" + t.String() + ": " + broken.Problem + ">"
	}
	return "<" + t.String() + ">"
}

// Declare returns the declaration of a name of type t, without a semicolon:
// "int (*name[4])(void *)". The name may be that of a variable, a member or a
// parameter; if it is empty, the result is the type alone. A name that is not an
// identifier becomes one, as in all of the package. The members of an anonymous type are
// written out in the same line.
//
// It returns an error if a record is broken, if t is not the type of a variable (a
// FUNC, VAR, DATASEC or DECL_TAG), or if t exceeds the limits of the package.
func Declare(t btf.Type, name string) (string, error) {
	return oneLine().inline(t, name)
}

// Prototype returns the declaration of a function, without a semicolon:
// "int vfs_open(const struct path *path, struct file *file)". An extern function
// begins with "extern". In the BTF of a kernel all functions are static, whatever
// they are in C, so "static" is never written. Decl tags of the function follow it as
// attributes; those of its parameters are left out.
//
// The errors are those of [Declare].
func Prototype(f btf.Func) (string, error) {
	p := oneLine()
	text, err := p.inline(f.Type().AsType(), f.Name())
	if err != nil {
		return "", err
	}
	p.print(externWord(f))
	p.print(text)
	if err := p.declTags(f.Tags()); err != nil {
		return "", err
	}
	return string(p.out), nil
}

// externWord returns what the declaration of a function begins with.
func externWord(f btf.Func) string {
	if f.Linkage() == btf.ExternFunc {
		return "extern "
	}
	return ""
}

// Canonical returns a spelling of a type that is the same for all compilers of the
// same source, for comparing types of two kernels.
//
// It orders the words of an integer one way ("unsigned long", which GCC calls
// "long unsigned int") and leaves out type tags, which not every compiler records.
// The members of an anonymous type are spelled out only behind a pointer or in a
// prototype. Elsewhere the type is "struct {...}", because its members are part of the
// layout that contains them.
//
// The errors are those of [Declare].
func Canonical(t btf.Type) (string, error) {
	p := printer{plain: true, limit: maxLine}
	d, err := p.declare(t, "")
	if err != nil {
		return "", err
	}
	if d.indirect {
		return p.withBase(d)
	}
	return p.withoutMembers(d)
}

// inline returns the declaration of a name of type t in one line.
func (p *printer) inline(t btf.Type, name string) (string, error) {
	d, err := p.declare(t, name)
	if err != nil {
		return "", err
	}
	return p.withBase(d)
}

// withBase returns the text of a declaration, with the members of an anonymous base.
func (p *printer) withBase(d declaration) (string, error) {
	base, err := p.base(d.base)
	if err != nil {
		return "", err
	}
	text := d.around(base)
	return text, p.made(text)
}

// brief returns the declaration of a name of type t in one line, without the members
// of an anonymous base.
func (p *printer) brief(t btf.Type, name string) (string, error) {
	d, err := p.declare(t, name)
	if err != nil {
		return "", err
	}
	return p.withoutMembers(d)
}

// withoutMembers returns the text of a declaration, with "{...}" for the members of
// an anonymous base.
func (p *printer) withoutMembers(d declaration) (string, error) {
	if !anonymous(d.base) {
		base, err := p.base(d.base)
		return d.around(base), err
	}
	word, err := keyword(d.base)
	return d.around(word + " {...}"), err
}
