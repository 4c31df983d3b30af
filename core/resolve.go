// Resolves all relocations of an object against a target.

package core

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"github.com/seed-6c4a6465/btf"
)

// Resolve yields what each relocation of an object becomes on a target, in the order of
// the file. The error is about that relocation only: the Fixup says which one it is, and
// has no answer. libbpf and the kernel refuse an object with such a relocation. The error
// matches [btf.ErrMultipleMatches] if several types of the target match and give
// different answers, and [btf.ErrNotSupported] if the kind is unknown. If the byte orders
// of object and target differ, or if BTF is closed, Resolve yields only that error.
//
// Each name is searched once. Nothing is allocated for a Fixup, but for its Matches when
// some candidates match and others do not.
func Resolve(infos *btf.ExtInfos, target Target) iter.Seq2[Fixup, error] {
	return func(yield func(Fixup, error) bool) {
		order := infos.ByteOrder()
		if err := target.usable(order); err != nil {
			yield(Fixup{}, err)
			return
		}
		r := newResolver(target, order)
		r.infos = infos
		for s := range infos.CORERelocations() {
			section := s.Name()
			for record := range s.Records() {
				if err := target.usable(order); err != nil {
					yield(Fixup{}, err) // closed meanwhile
					return
				}
				if !yield(r.record(section, record)) {
					return
				}
			}
		}
	}
}

// A resolver has the state of one pass over the relocations of an object.
type resolver struct {
	work
	target   Target
	big      bool
	infos    *btf.ExtInfos // nil if there is no object
	families families
	// satisfied has the candidates that satisfy all relocations of a type, as bits. It
	// is nil before it is asked for. See satisfying.
	satisfied map[btf.Type]uint64
	q         question
	levels    [maxSteps + 1]level
	frames    []frame
}

func newResolver(target Target, order binary.ByteOrder) *resolver {
	return &resolver{work: work{workAtFirst}, target: target, big: order == binary.BigEndian}
}

// record resolves one relocation.
func (r *resolver) record(section string, record btf.CORERelocation) (Fixup, error) {
	f := Fixup{
		Section: section,
		Insn:    int(record.Offset() / 8),
		Kind:    record.Kind(),
		Type:    record.Type(),
		access:  record.AccessorBytes(),
	}
	err := error(nil)
	if record.Offset()%8 != 0 {
		err = fmt.Errorf("offset of the instruction must be a multiple of 8, is %d", record.Offset())
	} else {
		err = r.resolve(&f)
	}
	if err != nil {
		f.failed = &relocationError{section, f.Insn, err}
	}
	return f, f.failed
}

// resolve sets the answer of f.
func (r *resolver) resolve(f *Fixup) error {
	r.left += workMore
	q := &r.q
	if err := q.read(f.Kind, f.Type, f.access); err != nil {
		return err
	}
	here, err := q.answer(r.big)
	if err != nil {
		return err
	}
	f.Local, f.Validate, f.LocalSize, f.Flags = here.value, here.checked, here.unit.size, here.flags
	f.enum32 = f.Kind == btf.COREEnumvalValue && q.enum.Kind() == btf.KindEnum
	if f.Kind == btf.CORETypeIDLocal {
		f.Target = here.value
		return nil
	}
	of := r.families.of(f.Type, r.target)
	found, first := answer{}, 0
	for i, candidate := range of.all {
		there, ok, err := r.candidate(q, candidate)
		switch {
		case err != nil:
			return err
		case !ok:
			continue
		case len(f.Matches) == 0:
			found, first = there, i
		default:
			if err := agree(f.Matches[0], found, candidate, there); err != nil {
				if both := uint64(1)<<first | 1<<i; r.satisfying(f.Type)&both != both {
					f.Flags |= Split
				}
				return err
			}
			if found.offset != there.offset {
				f.Flags |= OffsetsDiffer
			}
		}
		if len(f.Matches) == i {
			f.Matches = of.all[: i+1 : i+1] // an append makes a list of its own
		} else {
			f.Matches = append(f.Matches, candidate)
		}
	}
	if len(of.all) > 1 && r.satisfying(f.Type) == 0 {
		f.Flags |= Split
	}
	if len(f.Matches) == 0 {
		f.Missing = true
		f.Poisoned = isField(f.Kind) && f.Kind != btf.COREFieldExists || f.Kind == btf.COREEnumvalValue
		return errors.Join(of.err, r.exhausted())
	}
	f.Target, f.TargetSize = found.value, found.unit.size
	f.wide32 = found.flags&UnsignedEnum != 0
	f.Flags |= found.flags
	f.compare(here.unit, found.unit)
	return r.exhausted()
}

// compare sets what a load or store needs, from the units of both sides.
func (f *Fixup) compare(here, there unit) {
	signs := here.sort == signedUnit && there.sort == unsignedUnit || here.sort == unsignedUnit && there.sort == signedUnit
	switch {
	case here.sort == bitfieldUnit && there.sort == bitfieldUnit:
		if here != there {
			f.Access = AccessRefused
			f.Flags |= BitsMoved
		}
	case here.sort == bitfieldUnit || there.sort == bitfieldUnit:
		f.Access = AccessRefused
	case here.size == there.size:
		if signs {
			f.Flags |= SignChanged
		}
	case here.sort == there.sort && (here.sort == pointerUnit || here.sort == unsignedUnit):
		f.Access = AccessResized
	default:
		f.Access = AccessRefused
	}
}

// agree returns an error if two types of the target give different answers.
func agree(a Match, there answer, b Match, other answer) error {
	if there.value == other.value && there.unit == other.unit {
		return nil
	}
	what := fmt.Sprintf("%d and %d", there.value, other.value)
	if there.value == other.value {
		what = "fields of different size or sign"
	}
	return fmt.Errorf("%v and %v give %s: %w", a.Type, b.Type, what, btf.ErrMultipleMatches)
}

// answer answers q for the object itself.
func (q *question) answer(big bool) (answer, error) {
	switch {
	case isField(q.kind):
		return q.place.field(q.kind, local, big)
	case isEnumerator(q.kind):
		return enumAnswer(q.kind, q.enum, q.enum.Enumerator(int(q.index))), nil
	}
	return typeAnswer(q.kind, q.root, local)
}

// candidate answers q for a type of the target. ok is false if the type does not match.
func (r *resolver) candidate(q *question, m Match) (a answer, ok bool, err error) {
	if !r.spend(workCandidate) {
		return answer{}, false, errExhausted
	}
	on := side{r.target.pointer, m.Spec}
	switch {
	case isField(q.kind):
		p, ok, err := r.field(q, m.Type, on)
		if !ok || err != nil {
			return answer{}, false, err
		}
		a, err = p.field(q.kind, on, r.big)
		return a, true, err
	case isEnumerator(q.kind):
		e, ok, err := r.enumerator(q, m.Type)
		if !ok || err != nil {
			return answer{}, false, err
		}
		of, err := btf.As[btf.Enum](m.Type)
		return enumAnswer(q.kind, of, e), true, err
	}
	c := comparison{&r.work, q.kind == btf.CORETypeMatches, r.frames}
	ok, err = c.same(pair{local: q.root, target: m.Type})
	r.frames = c.frames
	if !ok || err != nil {
		return answer{}, false, err
	}
	a, err = typeAnswer(q.kind, m.Type, on)
	return a, true, err
}
