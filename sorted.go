// Spec → whether its types stand in the order of their names

package btf

import "bytes"

// SortedByName reports whether the Spec's own types are in ascending order of
// their names, compared byte by byte: the anonymous ones first. Kernels from 7.0
// on sort theirs. It passes over all names until one is out of order. No mark in a
// blob says that it is sorted, and libbpf's btf_check_sorted looks likewise.
func (s *Spec) SortedByName() bool {
	var last []byte
	for t := range s.All() {
		name := t.NameBytes()
		if bytes.Compare(last, name) > 0 {
			return false
		}
		last = name
	}
	return s.usable() == nil
}
