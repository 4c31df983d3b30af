// name → parameter of a prototype; parameter → what it points to

package btf

import "fmt"

// ParamByName returns the parameter with a name. The error matches [ErrNotFound] if
// there is none: prototypes of function pointers often have no names.
func (p FuncProto) ParamByName(name string) (Param, error) {
	if possible(name) {
		for param := range p.Params() {
			if p.layer.strings.is(p.word(param.at()), name) {
				return param, nil
			}
		}
	}
	return Param{}, fmt.Errorf("btf: parameter %q of %v: %w", name, p.Type, ErrNotFound)
}

// Index returns which parameter it is, counted from 0.
func (p Param) Index() int { return int(p.index) }

// Pointee returns what a pointer points to, looking through typedefs, qualifiers and
// type tags on both sides of it: the struct sk_buff of a const struct sk_buff *. It
// may be void.
//
// The error matches [ErrWrongKind] if t is no pointer, and is a [*FormatError] if a
// record on the way is broken.
func (t Type) Pointee() (Type, error) {
	p, err := As[Pointer](t)
	if err != nil {
		return Type{}, err
	}
	return p.Target().Underlying()
}
