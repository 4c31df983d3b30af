// Type → C declaration

package main

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

const (
	// maxDepth is how many pointers, arrays, qualifiers and prototypes may follow
	// one another in a type, and how deep anonymous structs may nest: what the
	// kernel allows for either, and more than any source has.
	maxDepth = 32

	// maxText bounds one declaration. A few hundred bytes of BTF can spell out a
	// prototype of prototypes of prototypes that no disk would hold; the longest
	// declaration of a kernel takes some 50 KB.
	maxText = 16 << 20
)

// A printer writes one declaration. It counts what it makes of it, so that no
// blob, however crafted, is printed without end.
type printer struct {
	plain   bool // leave out what differs between compilers of one source
	text    int  // bytes made so far, besides those in out
	depth   int  // of prototypes and anonymous types around what is printed
	out     []byte
	word    uint64 // bytes of a pointer
	line    uint64 // cache line that has been announced
	unions  int    // around what is printed
	padding map[btf.TypeID]uint64
	packing map[btf.TypeID]packing
}

// made accounts for text that was made.
func (p *printer) made(text string) error {
	if p.text += len(text); p.text+len(p.out) > maxText {
		return fmt.Errorf("btf: declaration of more than %d bytes", maxText)
	}
	return nil
}

// enter is called before going into a prototype or an anonymous type, and leave
// after it.
func (p *printer) enter(t btf.Type) error {
	if p.depth++; p.depth > maxDepth {
		return fmt.Errorf("btf: %v: prototypes or anonymous types more than %d deep", t, maxDepth)
	}
	return nil
}

func (p *printer) leave() { p.depth-- }

// A declaration is a type taken apart the way C writes it:
//
//	const struct foo __attribute__((…)) *const (*name[4])(int)
//	└ quals ┴ base ┴─── tags ──────────┘└stars┘└──── name ────┘
type declaration struct {
	quals string
	base  btf.Type
	tags  string
	stars string
	name  string

	indirect bool // whether the base lies behind a pointer or a function
}

// declare returns the declaration of a name of type t; the name is "" for the type
// alone.
//
// C declares inside out: what t is comes closest to the name. A pointer goes
// before the name, an array or a function behind it, where it binds tighter, so
// that a pointer met before it needs parentheses.
func (p *printer) declare(t btf.Type, name string) (declaration, error) {
	d := declaration{name: name}
	for range maxDepth {
		var err error
		switch t.Kind() {
		case btf.KindPointer:
			d.stars = join(join("*"+d.quals, d.tags), d.stars)
			d.quals, d.tags = "", ""
			d.indirect = true
			var p btf.Pointer
			if p, err = btf.As[btf.Pointer](t); err == nil {
				t = p.Target()
			}

		// An array is as qualified as its elements: the qualifiers stay for them.
		case btf.KindArray:
			var a btf.Array
			if a, err = btf.As[btf.Array](t); err == nil {
				d.wrap("")
				d.name += arraySuffix(a, d.name)
				t = a.Type()
			}

		case btf.KindFuncProto:
			var params string
			var proto btf.FuncProto
			if proto, err = btf.As[btf.FuncProto](t); err == nil {
				params, err = p.params(proto)
			}
			// GCC marks noreturn and pure functions with qualifiers that C cannot
			// spell for a function: bpftool drops them too.
			d.wrap(d.tags)
			d.quals, d.tags = "", ""
			d.name += params
			d.indirect = true
			t = proto.Return()

		case btf.KindConst:
			d.qualify("const")
			t, err = target[btf.Const](t)
		case btf.KindVolatile:
			d.qualify("volatile")
			t, err = target[btf.Volatile](t)
		case btf.KindRestrict:
			d.qualify("restrict")
			t, err = target[btf.Restrict](t)

		case btf.KindTypeTag:
			var tag btf.TypeTag
			if tag, err = btf.As[btf.TypeTag](t); err == nil {
				if !p.plain {
					d.tags = join(attribute(tag.AsType(), "btf_type_tag", tag.IsAttribute()), d.tags)
				}
				t = tag.Type()
			}

		default:
			d.base = t
			return d, p.made(d.quals + d.tags + d.stars + d.name)
		}
		if err != nil {
			return declaration{}, err
		}
	}
	return declaration{}, fmt.Errorf("btf: %v: more than %d pointers, arrays and qualifiers follow each other", t, maxDepth)
}

// qualify adds a qualifier once: GCC gives those of an array's elements to the array
// as well.
func (d *declaration) qualify(word string) {
	if !strings.Contains(d.quals, word) {
		d.quals = join(word, d.quals)
	}
}

// wrap puts pointers, and attributes of what they lead to, in parentheses with the
// name.
func (d *declaration) wrap(tags string) {
	if d.stars != "" || tags != "" {
		d.name = "(" + join(tags, join(d.stars, d.name)) + ")"
		d.stars = ""
	}
}

// A typed is a view of a type that leads to one other.
type typed interface {
	btf.View
	Type() btf.Type
}

func target[V typed](t btf.Type) (btf.Type, error) {
	v, err := btf.As[V](t)
	if err != nil {
		return btf.Type{}, err
	}
	return v.Type(), nil
}

// arraySuffix leaves the length of a flexible array open, as C wants it: that of
// the outermost, and of no inner one.
func arraySuffix(a btf.Array, before string) string {
	if a.Nelems() == 0 && !strings.HasSuffix(before, "]") {
		return "[]"
	}
	return "[" + strconv.FormatUint(uint64(a.Nelems()), 10) + "]"
}

// attribute spells a tag the way clang reads it and bpftool writes it. The kernel's
// own spelling, __rcu, is a macro for this that only its headers know; leaving tags
// out, as pahole does, loses what they are there for.
func attribute(tag btf.Type, kind string, plain bool) string {
	if plain {
		return "__attribute__((" + tag.Name() + "))"
	}
	return "__attribute__((" + kind + "(" + strconv.Quote(tag.Name()) + ")))"
}

// declTags returns the attributes that come after a declaration.
func declTags(tags iter.Seq[btf.DeclTag]) string {
	s := ""
	for tag := range tags {
		s += " " + attribute(tag.AsType(), "btf_decl_tag", tag.IsAttribute())
	}
	return s
}

// params returns the parameters of a prototype, in parentheses.
func (p *printer) params(proto btf.FuncProto) (string, error) {
	if err := p.enter(proto.AsType()); err != nil {
		return "", err
	}
	defer p.leave()

	s := []byte("(")
	for param := range proto.Params() {
		one, err := p.inline(param.Type(), param.Name())
		if err != nil {
			return "", err
		}
		if len(s) > 1 {
			s = append(s, ", "...)
		}
		s = append(s, one...)
	}
	switch {
	case !proto.Variadic() && len(s) == 1:
		s = append(s, "void"...)
	case proto.Variadic() && len(s) == 1:
		s = append(s, "..."...)
	case proto.Variadic():
		s = append(s, ", ..."...)
	}
	return string(append(s, ')')), nil
}

// inline returns the declaration of a name of type t in one line.
func (p *printer) inline(t btf.Type, name string) (string, error) {
	d, err := p.declare(t, name)
	if err != nil {
		return "", err
	}
	base, err := p.base(d.base)
	if err != nil {
		return "", err
	}
	text := d.around(base)
	return text, p.made(text)
}

// around returns the declaration with what its base is called.
func (d declaration) around(base string) string { return join(d.left(base), d.name) }

// left returns what precedes the name, and the parentheses it stands in.
func (d declaration) left(base string) string {
	return join(join(join(d.quals, base), d.tags), d.stars)
}

// join puts two parts of a declaration together, with a space where C or its
// readers need one: `struct foo *name`, `char[16]`, `*const *`.
func join(a, b string) string {
	if a == "" || b == "" || a[len(a)-1] == '*' || b[0] == '[' {
		return a + b
	}
	return a + " " + b
}

// base returns the name of a type that is no pointer, array, function or qualifier:
// what a declaration begins with. That of an anonymous type is all of it, in one
// line.
func (p *printer) base(t btf.Type) (string, error) {
	name := t.Name()
	if p.plain && t.Kind() == btf.KindInt {
		name = plainInteger(name)
	}
	word, err := keyword(t)
	switch {
	case err != nil:
		return "", err
	case name != "":
		word = join(word, name)
	case t.Kind() == btf.KindStruct || t.Kind() == btf.KindUnion:
		return p.inlineMembers(t, word)
	case t.Kind() == btf.KindEnum || t.Kind() == btf.KindEnum64:
		return p.inlineEnumerators(t, word)
	case word == "":
		word = "/* unnamed " + t.String() + " */"
	}
	return word, p.made(word)
}

// keyword returns what C writes before the name of a type.
func keyword(t btf.Type) (string, error) {
	switch k := t.Kind(); k {
	case btf.KindVoid:
		return "void", nil
	case btf.KindInt, btf.KindFloat, btf.KindTypedef:
		return "", nil
	case btf.KindStruct:
		return "struct", nil
	case btf.KindUnion:
		return "union", nil
	case btf.KindEnum, btf.KindEnum64:
		return "enum", nil
	case btf.KindFwd:
		fwd, err := btf.As[btf.Fwd](t)
		if err == nil && fwd.IsUnion() {
			return "union", nil
		}
		return "struct", err
	case btf.KindFunc, btf.KindVar, btf.KindDatasec, btf.KindDeclTag:
		return "", fmt.Errorf("btf: %v stands where a type is wanted", t)
	default:
		return "/* " + k.String() + " */", nil
	}
}

func (p *printer) inlineMembers(t btf.Type, word string) (string, error) {
	if err := p.enter(t); err != nil {
		return "", err
	}
	defer p.leave()

	c, err := btf.As[btf.Composite](t)
	if err != nil {
		return "", err
	}
	s := []byte(word + " { ")
	for m := range c.Members() {
		one, err := p.inline(m.Type(), m.Name())
		if err != nil {
			return "", err
		}
		s = append(s, one...)
		if width := m.BitfieldSize(); width != 0 {
			s = append(s, ':')
			s = strconv.AppendUint(s, uint64(width), 10)
		}
		s = append(s, "; "...)
	}
	return string(append(s, '}')), nil
}

func (p *printer) inlineEnumerators(t btf.Type, word string) (string, error) {
	e, err := btf.As[btf.Enum](t)
	if err != nil {
		return "", err
	}
	s := []byte(word + " { ")
	for v := range e.Enumerators() {
		one := enumerator(e, v)
		if err := p.made(one); err != nil {
			return "", err
		}
		s = append(append(s, one...), ", "...)
	}
	return string(append(s, '}')), nil
}

// typeName returns how C spells a type without a name to declare: "struct
// mm_struct *", "char[16]", "int (*)(void *)". An anonymous type is "struct {...}",
// and what has no spelling is described.
func typeName(t btf.Type) string {
	s, err := new(printer).brief(t, "")
	if err != nil {
		return describe(t, err)
	}
	return s
}

// brief returns the declaration of a name of type t in one line, without what an
// anonymous type consists of.
func (p *printer) brief(t btf.Type, name string) (string, error) {
	d, err := p.declare(t, name)
	if err != nil {
		return "", err
	}
	if !anonymous(d.base) {
		base, err := p.base(d.base)
		return d.around(base), err
	}
	word, err := keyword(d.base)
	return d.around(word + " {...}"), err
}

func describe(t btf.Type, err error) string {
	var broken *btf.FormatError
	if errors.As(err, &broken) {
		return "<" + t.String() + ": " + broken.Problem + ">"
	}
	return "<" + t.String() + ">"
}
