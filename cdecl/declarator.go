// Builds C declarators: pointers, arrays, functions and qualifiers around a name.

package cdecl

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

// A declaration is a type split into the parts that C writes around a name:
//
//	const struct foo __attribute__((…)) *const (*name[4])(int)
//	└ quals ┴ base ┴─── tags ──────────┘└stars┘└──── name ────┘
type declaration struct {
	quals string
	base  btf.Type
	tags  string
	stars string
	name  string

	indirect bool // whether the base lies behind a pointer or in a prototype
}

// declare returns the declaration of a name of type t. The name is "" for the type
// alone.
//
// C declares inside out: the outermost part of the type is written closest to the
// name. A pointer goes before the name; an array or a function goes after it and
// binds tighter, so a pointer to one needs parentheses.
func (p *printer) declare(t btf.Type, name string) (declaration, error) {
	d := declaration{name: identifier(name)}
	for range maxDepth {
		var err error
		switch t.Kind() {
		case btf.KindPointer:
			d.stars = join(join("*"+d.quals, d.tags), d.stars)
			d.quals, d.tags = "", ""
			d.indirect = true
			var pointer btf.Pointer
			pointer, err = btf.As[btf.Pointer](t)
			t = pointer.Target()

		// Qualifiers of an array are those of its elements: keep them.
		case btf.KindArray:
			var a btf.Array
			if a, err = btf.As[btf.Array](t); err == nil {
				d.wrap("")
				d.name += arraySuffix(a.Nelems(), d.name)
				t = a.Type()
			}

		case btf.KindFuncProto:
			var params string
			var proto btf.FuncProto
			if proto, err = btf.As[btf.FuncProto](t); err == nil {
				params, err = p.params(t, proto)
			}
			// GCC marks noreturn and pure functions with qualifiers, which C cannot write
			// for a function. Drop them, as libbpf does.
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
			if tag, err = btf.As[btf.TypeTag](t); err == nil && !p.plain {
				d.tags = join(attribute(tag.Name(), "btf_type_tag", tag.IsAttribute()), d.tags)
			}
			t = tag.Type()

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

// qualify adds a qualifier unless it is there: GCC records those of an array's
// elements for the array as well.
func (d *declaration) qualify(word string) {
	if !strings.Contains(d.quals, word) {
		d.quals = join(word, d.quals)
	}
}

// wrap moves the pointers, and attributes of what they point to, into parentheses
// with the name.
func (d *declaration) wrap(tags string) {
	if d.stars != "" || tags != "" {
		d.name = "(" + join(tags, join(d.stars, d.name)) + ")"
		d.stars = ""
	}
}

// around returns the declaration with the name of its base.
func (d declaration) around(base string) string { return join(d.left(base), d.name) }

// left returns what precedes the name and its parentheses.
func (d declaration) left(base string) string {
	return join(join(join(d.quals, base), d.tags), d.stars)
}

// behindBrace returns what follows the closing brace of an anonymous base.
func (d declaration) behindBrace() string {
	d.quals = ""
	return d.around("")
}

// join puts two parts of a declaration together, with a space where C or its
// readers need one: "struct foo *name", "char[16]", "*const *".
func join(a, b string) string {
	if a == "" || b == "" || a[len(a)-1] == '*' || b[0] == '[' {
		return a + b
	}
	return a + " " + b
}

// A modifier is a view of a type that qualifies or tags one other.
type modifier interface {
	btf.Const | btf.Volatile | btf.Restrict
	Type() btf.Type
}

func target[V modifier](t btf.Type) (btf.Type, error) {
	v, err := btf.As[V](t)
	if err != nil {
		return btf.Type{}, err
	}
	return v.Type(), nil
}

// arraySuffix returns the dimension of an array of n elements, whose name so far is
// before. It leaves the outermost dimension of a flexible array empty, as C requires,
// and no inner one.
func arraySuffix(n uint32, before string) string {
	if n == 0 && !strings.HasSuffix(before, "]") {
		return "[]"
	}
	return "[" + strconv.FormatUint(uint64(n), 10) + "]"
}

// attribute returns a tag as clang reads it and libbpf writes it: as an attribute of
// its own if it records one, else as the argument of btf_type_tag or btf_decl_tag.
// The kernel's spelling, such as __rcu, is a macro that only its headers define.
func attribute(text, kind string, own bool) string {
	switch {
	case !own:
		return "__attribute__((" + kind + "(" + escape.Quote(text) + ")))"
	case isAttribute(text):
		return "__attribute__((" + text + "))"
	}
	return "/* attribute " + escape.Comment(text) + " */"
}

// isAttribute reports whether text can stand between the parentheses of an attribute:
// words, numbers and commas, with parentheses in pairs.
func isAttribute(text string) bool {
	depth := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return false
			}
		case c == ' ', c == ',', letter(c), '0' <= c && c <= '9':
		default:
			return false
		}
	}
	return depth == 0
}

// declTags prints the attributes that follow a declaration, each after a space.
func (p *printer) declTags(tags iter.Seq[btf.DeclTag]) error {
	for tag := range tags {
		p.print(" ")
		p.print(attribute(tag.Name(), "btf_decl_tag", tag.IsAttribute()))
		if err := p.fits(); err != nil {
			return err
		}
	}
	return nil
}

// params returns the parameters of a prototype t, in parentheses.
func (p *printer) params(t btf.Type, proto btf.FuncProto) (string, error) {
	if err := p.enter(t); err != nil {
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
