// Says whether an object would load on a target.

package core

import (
	"fmt"

	"github.com/seed-6c4a6465/btf"
)

// A Verdict says whether a relocation, or all of an object, lets the object load. A larger
// Verdict is worse.
type Verdict uint8

const (
	// Loads means that the instruction can be patched, or that it is poisoned and
	// cannot be reached: constant branches lead around it.
	Loads Verdict = iota

	// Guarded means that the instruction is poisoned. The kernel refuses the program if
	// it finds a way to the instruction. It may find that there is none where
	// [Judge] does not, such as from values of .rodata.
	Guarded

	// Depends means that loaders differ: the Flags of the Fixup say why.
	Depends

	// Fails means that loaders refuse the object, or its program: the relocation is an
	// error, or the instruction cannot be patched.
	Fails
)

// String returns "loads", "guarded", "depends" or "fails".
func (v Verdict) String() string {
	return [...]string{"loads", "guarded", "depends", "fails"}[min(v, Fails)]
}

// A Judgement is the Verdict on one relocation.
type Judgement struct {
	Fixup   Fixup
	Verdict Verdict
	Err     error // of Resolve or Apply, if the Verdict is Fails or Depends; else nil
}

// loadersDiffer are the flags of relocations that some loaders refuse.
const loadersDiffer = Split | OffsetsDiffer | UnsignedEnum | OldBitfield

// Judge resolves all relocations of an object, patches its instructions, and judges each
// relocation. sections has the bytes of each ELF section by its name, in the byte order of
// the object; they are changed in place, so that sections has the patched programs then.
// The second result is the worst Verdict, Loads if there are no relocations.
//
// The verdict is about relocations only: the verifier may refuse a program for other
// reasons. A program that is not loaded, or replaced by the linker, counts too.
func Judge(infos *btf.ExtInfos, sections map[string][]byte, target Target) ([]Judgement, Verdict) {
	var all []Judgement
	poisoned := map[string]bool{} // sections with poisoned instructions
	order := infos.ByteOrder()
	for f, err := range Resolve(infos, target) {
		j := Judgement{Fixup: f, Err: err}
		bad := false
		if err == nil {
			bad, j.Err = f.Apply(sections[f.Section], order)
		}
		switch {
		case j.Err != nil && f.Flags&(Split|UnsignedEnum) != 0:
			j.Verdict = Depends
		case j.Err != nil:
			j.Verdict = Fails
		case bad:
			j.Verdict = Guarded
			poisoned[f.Section] = true
			if f.Flags&(loadersDiffer|BitsMoved) != 0 {
				j.Verdict = Depends
			}
		case f.Flags&loadersDiffer != 0:
			j.Verdict = Depends
		}
		all = append(all, j)
	}
	starts := map[string][]uint32{}
	for s := range infos.Funcs() {
		if name := s.NameBytes(); poisoned[string(name)] {
			for f := range s.Records() {
				starts[string(name)] = append(starts[string(name)], f.Offset()/insnSize)
			}
		}
	}
	reached := map[string][]bool{}
	worst := Loads
	for i := range all {
		j := &all[i]
		if j.Verdict == Guarded {
			name := j.Fixup.Section
			if reached[name] == nil {
				reached[name] = reach(sections[name], order, starts[name])
			}
			if !reached[name][j.Fixup.Insn] {
				j.Verdict = Loads
			}
		}
		worst = max(worst, j.Verdict)
	}
	return all, worst
}

// String returns a line for messages: the Fixup and the Verdict.
func (j Judgement) String() string {
	s := fmt.Sprintf("%v: %v", j.Fixup, j.Verdict)
	if j.Err != nil && j.Fixup.failed == nil {
		s += ": " + message(j.Err)
	}
	return s
}
