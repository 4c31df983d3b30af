// Names what a declaration begins with: a type that is no pointer, array or function.

package cdecl

import (
	"fmt"
	"strconv"

	"github.com/seed-6c4a6465/btf"
)

// anonymous reports whether a type is declared where it is used, having no name.
func anonymous(t btf.Type) bool {
	switch t.Kind() {
	case btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64:
		return len(t.NameBytes()) == 0
	}
	return false
}

// base returns the name of a type that is no pointer, array, function or qualifier.
// For an anonymous type it returns its whole definition in one line.
func (p *printer) base(t btf.Type) (string, error) {
	name := t.Name()
	switch k := t.Kind(); {
	case p.plain && k == btf.KindInt && (isIdentifier(name) || isNumber(name)):
		name = plainInteger(name)
	case (k == btf.KindInt || k == btf.KindFloat) && isNumber(name):
	default:
		name = identifier(name)
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
		word = "/* unnamed " + inComment(t.String()) + " */"
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
		return "", fmt.Errorf("btf: needs a type, has %v", t)
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
