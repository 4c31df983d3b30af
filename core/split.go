// Finds out whether one type of the target satisfies all relocations of a type.

package core

import "github.com/seed-6c4a6465/btf"

// satisfying returns the candidates for a type of the object that satisfy all its
// relocations which any candidate satisfies, as bits. The first call looks at all
// relocations of types that have several candidates.
//
// libbpf drops the candidates that an earlier relocation of the type did not match, if it
// matched others; cilium/ebpf takes those with the fewest failures. Both agree with this
// package if there is one.
func (r *resolver) satisfying(t btf.Type) uint64 {
	if r.infos == nil {
		return ^uint64(0)
	}
	if r.satisfied == nil {
		r.satisfied = map[btf.Type]uint64{}
		var q question
		for s := range r.infos.CORERelocations() {
			for record := range s.Records() {
				r.narrow(&q, record)
			}
		}
	}
	return r.satisfied[t]
}

// maxSplit is the largest number of candidates that are told apart. A type with more of
// them counts as split.
const maxSplit = 64

// narrow clears the bits of the candidates that a relocation does not match, if it matches
// others.
func (r *resolver) narrow(q *question, record btf.CORERelocation) {
	r.left += workMore
	t := record.Type()
	if record.Kind() == btf.CORETypeIDLocal || q.read(record.Kind(), t, record.AccessorBytes()) != nil {
		return
	}
	of := r.families.of(t, r.target)
	if len(of.all) < 2 {
		return
	}
	if _, ok := r.satisfied[t]; !ok {
		r.satisfied[t] = ^uint64(0)
	}
	if len(of.all) > maxSplit {
		r.satisfied[t] = 0
		return
	}
	matches := uint64(0)
	for i, candidate := range of.all {
		if _, ok, err := r.candidate(q, candidate); ok && err == nil {
			matches |= 1 << i
		}
	}
	if matches != 0 {
		r.satisfied[t] &= matches
	}
}
