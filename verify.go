// Spec → the proof that all of it can be read, or what stands against it

package btf

// Verify narrows every record to the view of its kind, and follows typedefs,
// qualifiers and type tags to their end, as [As] does: it proves that no name and
// no id in the Spec is out of range, so that no later narrowing ends in a
// [*FormatError], if what it stands on is as sound. The error is the first of
// those, in the order of ids. What the kernel asks of BTF beyond that is not looked
// at.
func (s *Spec) Verify() error {
	if err := s.usable(); err != nil {
		return err
	}
	for t := range s.All() {
		if t.moved() {
			continue // no view reads it
		}
		if err := t.check(); err != nil {
			return err
		}
		if _, err := t.Underlying(); err != nil {
			return err
		}
	}
	return nil
}
