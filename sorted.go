// Spec → whether its types stand in the order of their names

package btf

import "bytes"

// SortedByName reports whether the Spec's own types are in ascending order of
// their names, compared byte by byte: the anonymous ones first. Kernels from 7.0
// on sort theirs. It passes over all names until one is out of order. No mark in a
// blob says that it is sorted, and libbpf's btf_check_sorted looks likewise.
//
// It takes names whose first 4 KB are equal for out of order, if they are not the
// same: no compiler makes such, and a blob could take it hours to compare them.
func (s *Spec) SortedByName() bool {
	const compared = 4 << 10
	var last []byte
	lastOff := uint32(0)
	for t := range s.All() {
		off := t.nameOff()
		if off == lastOff {
			continue
		}
		name := s.layer.strings.at(off)
		name = upToNUL(name[:min(len(name), compared)])
		if order := bytes.Compare(last, name); order > 0 || order == 0 && len(name) == compared {
			return false
		}
		last, lastOff = name, off
	}
	return s.usable() == nil
}
