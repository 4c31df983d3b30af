// name → C declarations of the types that bear it

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// show prints the declarations of the types with the given names, with a blank line
// between them. A name may say which kind is meant: "struct page". Names that
// cannot be shown do not keep the others from it: the error joins one for each.
func show(w io.Writer, spec *btf.Spec, names []string) error {
	var problems []error
	first := true
	for _, name := range names {
		types, err := named(spec, name)
		if err != nil {
			problems = append(problems, err)
		}
		for _, t := range types {
			text, err := declarationOf(spec, t)
			if err != nil {
				problems = append(problems, fmt.Errorf("btf: showing %v: %w", t, err))
				continue
			}
			if !first {
				text = append([]byte{'\n'}, text...)
			}
			first = false
			if _, err := w.Write(text); err != nil {
				return errors.Join(append(problems, err)...)
			}
		}
	}
	return errors.Join(problems...)
}

// named returns the types with a name, in the order of their ids: those of the
// bases of split BTF before its own.
func named(spec *btf.Spec, name string) ([]btf.Type, error) {
	word, rest, _ := strings.Cut(name, " ")
	rest = strings.TrimSpace(rest)
	var kinds []btf.Kind
	switch word {
	case "struct", "union":
		kinds = []btf.Kind{btf.KindStruct, btf.KindFwd}
		if word == "union" {
			kinds[0] = btf.KindUnion
		}
	case "enum":
		kinds = []btf.Kind{btf.KindEnum, btf.KindEnum64}
	}
	// "unsigned int" is a name with a space, and "struct" may be a name too.
	if rest == "" || kinds == nil {
		return namedAny(spec, name)
	}
	types, err := namedAny(spec, rest)
	if err != nil && !errors.Is(err, btf.ErrNotFound) {
		return nil, err
	}
	types = slices.DeleteFunc(types, func(t btf.Type) bool {
		if !slices.Contains(kinds, t.Kind()) {
			return true
		}
		is, err := keyword(t)
		return err != nil || is != word
	})
	if len(types) == 0 {
		return nil, fmt.Errorf("btf: %s named %q: %w", word, rest, btf.ErrNotFound)
	}
	return types, nil
}

func namedAny(spec *btf.Spec, name string) ([]btf.Type, error) {
	var all []btf.Type
	for s := spec; s != nil; s = s.Base() {
		types, err := s.AnyTypesByName(name)
		if err != nil && !errors.Is(err, btf.ErrNotFound) {
			return nil, err
		}
		all = append(types, all...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("btf: type named %q: %w", name, btf.ErrNotFound)
	}
	return all, nil
}

// declarationOf returns the C text that declares a type, ended by a newline. What
// C has no declaration for is a comment.
func declarationOf(spec *btf.Spec, t btf.Type) ([]byte, error) {
	p := &printer{word: uint64(spec.PointerSize())}
	if p.word == 0 {
		p.word = 4 // no machine aligns to more and has pointers of less
	}
	var err error
	switch t.Kind() {
	case btf.KindStruct, btf.KindUnion:
		err = p.body(t, 0, 0)
		p.printf(";\n")
	case btf.KindEnum, btf.KindEnum64:
		err = p.enum(t)
	case btf.KindTypedef:
		err = p.typedef(t)
	case btf.KindFunc:
		err = p.function(t)
	case btf.KindVar:
		err = p.variable(t)
	case btf.KindFwd:
		var word string
		word, err = keyword(t)
		p.printf("%s %s;\n", word, t.Name())
	case btf.KindDatasec:
		err = p.datasec(t)
	case btf.KindInt:
		err = p.integer(t)
	case btf.KindFloat:
		var f btf.Float
		f, err = btf.As[btf.Float](t)
		p.printf("/* FLOAT %s: size %d */\n", t.Name(), f.Size())
	case btf.KindDeclTag:
		err = p.declTag(t)
	case btf.KindTypeTag:
		var tag btf.TypeTag
		tag, err = btf.As[btf.TypeTag](t)
		p.printf("/* TYPE_TAG %q of %s */\n", t.Name(), typeName(tag.Type()))
	default:
		p.printf("/* %v */\n", t)
	}
	if err != nil {
		return nil, err
	}
	return p.out, nil
}

func (p *printer) enum(t btf.Type) error {
	e, err := btf.As[btf.Enum](t)
	if err != nil {
		return err
	}
	if err := p.body(t, 0, 0); err != nil {
		return err
	}
	if e.Size() != 4 {
		p.printf("; /* size: %d */\n", e.Size())
	} else {
		p.printf(";\n")
	}
	return nil
}

// statement prints a declaration of a name of type t, with the words that precede
// and follow it.
func (p *printer) statement(before string, t btf.Type, name, after string) error {
	d, err := p.declare(t, name)
	if err != nil {
		return err
	}
	p.printf("%s", before)
	if !anonymous(d.base) {
		base, err := p.base(d.base)
		p.printf("%s%s;\n", d.around(base), after)
		return err
	}
	if d.quals != "" {
		p.printf("%s ", d.quals)
	}
	if err := p.body(d.base, 0, 0); err != nil {
		return err
	}
	p.printf(" %s%s;\n", declaration{tags: d.tags, stars: d.stars, name: d.name}.around(""), after)
	return nil
}

func (p *printer) typedef(t btf.Type) error {
	d, err := btf.As[btf.Typedef](t)
	if err != nil {
		return err
	}
	return p.statement("typedef ", d.Type(), t.Name(), declTags(t.Tags()))
}

// function prints a prototype. All functions of a kernel are static to BTF,
// whatever they are to C, so only extern ones are told apart.
func (p *printer) function(t btf.Type) error {
	f, err := btf.As[btf.Func](t)
	if err != nil {
		return err
	}
	before := ""
	if f.Linkage() == btf.ExternFunc {
		before = "extern "
	}
	return p.statement(before, f.Type().AsType(), t.Name(), declTags(t.Tags()))
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
	return p.statement(before, v.Type(), t.Name(), declTags(t.Tags()))
}

// datasec lists the variables of a section, which C cannot declare.
func (p *printer) datasec(t btf.Type) error {
	sec, err := btf.As[btf.Datasec](t)
	if err != nil {
		return err
	}
	p.printf("/* DATASEC %s: size %d, %d variables\n", t.Name(), sec.Size(), sec.NumVars())
	for entry := range sec.Vars() {
		text, err := p.inSection(entry.Type())
		if err != nil {
			return err
		}
		p.printf(" * %6d %6d  %s\n", entry.Offset(), entry.Size(), text)
	}
	p.printf(" */\n")
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
	p.printf("/* INT %s: size %d, %d bits", t.Name(), i.Size(), uint64(i.Bits()))
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
	p.printf("/* DECL_TAG %q of %v", t.Name(), tag.Type())
	if i := tag.Component(); i >= 0 {
		p.printf(", component %d", i)
	}
	p.printf(" */\n")
	return nil
}
