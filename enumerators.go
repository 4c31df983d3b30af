// name or value → enumerator

package btf

import "fmt"

// EnumeratorByName returns the named value with a name. The error matches
// [ErrNotFound] if there is none.
func (e Enum) EnumeratorByName(name string) (Enumerator, error) {
	if possible(name) {
		for v := range e.Enumerators() {
			if v.layer.strings.is(v.name, name) {
				return v, nil
			}
		}
	}
	return Enumerator{}, fmt.Errorf("btf: enumerator %q of %v: %w", name, e.Type, ErrNotFound)
}

// EnumeratorByValue returns the first of the named values that has a value, which is
// that of [Enumerator.Value]: -1 is 1<<64-1, and none of an enum that is not signed.
// The error matches [ErrNotFound] if there is none.
func (e Enum) EnumeratorByValue(value uint64) (Enumerator, error) {
	for v := range e.Enumerators() {
		if v.value == value {
			return v, nil
		}
	}
	if e.Signed() {
		return Enumerator{}, fmt.Errorf("btf: enumerator %d of %v: %w", int64(value), e.Type, ErrNotFound)
	}
	return Enumerator{}, fmt.Errorf("btf: enumerator %d of %v: %w", value, e.Type, ErrNotFound)
}
