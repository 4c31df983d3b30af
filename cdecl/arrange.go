// Decides which attributes and fillers make a compiler lay out a struct as BTF records it.

package cdecl

import (
	"cmp"
	"slices"

	"github.com/seed-6c4a6465/btf"
)

// An arranger works out what has to be written around the members of structs and
// unions, so that a compiler puts them where BTF says.
//
// BTF records neither alignment nor attributes nor unnamed bitfields. So the arranger
// lays out the members by the rules of C and of the target. Where it comes to another
// place than BTF, it adds an attribute or a filler. Several declarations may fit: it
// prefers what programmers write, and the shorter one.
//
// Types that contain a type rely on the alignment that its declaration has, not on the
// one that it had in the source, which nobody knows.
type arranger struct {
	target machine
	depth  int // of the types around the one that is looked at
	known  map[btf.TypeID]known
	facts  []fact // of the types that are being looked at
}

// A known is the arrangement of a type that was looked at. Most have nothing but an
// alignment.
type known struct {
	align uint64
	rest  *arrangement // nil if there is nothing else
}

// An arrangement is what surrounds the members of one struct or union.
type arrangement struct {
	align    uint64     // alignment that a compiler gives the declaration, in bytes
	misfit   bool       // without a packed attribute, a compiler comes to another layout
	packed   bool       // the type needs the attribute
	aligned  uint64     // argument of the attribute of that name, 0 without it
	trailing padding    // behind the last member
	special  []arranged // the members that need something, in order of offset
	cannot   bool       // C has no declaration with this layout
	cost     int        // number of things to write
}

// An arranged is what one member needs.
type arranged struct {
	index   int // of the member
	before  padding
	packed  bool
	aligned uint64
}

// A padding is what fills the room between two members: unnamed bitfields of the types
// of the second one, or those of any integers, or, if they would be too many, an array.
type padding struct {
	from, to btf.Bits
	unit     uint64 // bytes of the largest type to use
	own      bool   // use the type of the bitfield that follows
	boundary bool   // the bitfield that follows begins at the boundary of its type
}

// maxFillers is the number of unnamed bitfields that are written in a row.
const maxFillers = 16

// A fact is what the layout of a struct depends on: where BTF puts a member, and how
// its type is aligned.
type fact struct {
	index    int
	offset   btf.Bits
	width    btf.Bits // of a bitfield, else 0
	size     uint64   // of the type, in bytes
	align    uint64   // of the type, in bytes
	unnamed  bool     // an anonymous struct or union
	tagged   bool     // an unnamed member whose type has a name
	unpacked bool     // misfit: the member needs a packed attribute
}

func (f *fact) end() btf.Bits {
	if f.width != 0 {
		return f.offset + f.width
	}
	return f.offset + bits(f.size)
}

func newArranger(opts Options) arranger { return arranger{target: machineOf(opts)} }

// arrange returns the arrangement of a struct or union. It looks at each type once, so
// that structs that contain one another many times cost no more than their records.
func (a *arranger) arrange(c btf.Composite) (arrangement, error) {
	if known, ok := a.known[c.ID()]; ok {
		if known.rest != nil {
			return *known.rest, nil
		}
		return arrangement{align: known.align}, nil
	}
	if a.known == nil {
		a.known = make(map[btf.TypeID]known)
	}
	if a.depth >= maxDepth {
		return arrangement{align: 1}, nil
	}
	a.depth++
	defer func() { a.depth-- }()

	// A struct that contains itself finds this.
	a.known[c.ID()] = known{align: 1}

	first := len(a.facts)
	defer func() { a.facts = a.facts[:first] }()
	a.facts = slices.Grow(a.facts, c.NumMembers())
	complete := true
	for m := range c.Members() {
		f, sized, err := a.fact(m)
		if err != nil {
			return arrangement{}, err
		}
		f.index = len(a.facts) - first
		complete = complete && sized
		a.facts = append(a.facts, f)
	}
	facts := a.facts[first:]

	var result arrangement
	switch {
	case !complete:
		result = unknown(facts, uint64(c.Size()))
	case c.Kind() == btf.KindUnion:
		result = a.union(facts, uint64(c.Size()))
	default:
		result = a.structure(facts, uint64(c.Size()))
	}
	if result.cannot {
		result.special, result.trailing = nil, padding{}
	}
	found := known{align: result.align}
	if result.cost != 0 || result.misfit || result.cannot {
		found.rest = new(arrangement)
		*found.rest = result
	}
	a.known[c.ID()] = found
	return result, nil
}

// fact returns the facts about a member, and whether its size is known.
func (a *arranger) fact(m btf.Member) (fact, bool, error) {
	place, err := placeOf(m)
	if err != nil {
		return fact{}, false, err
	}
	f := fact{offset: m.Offset(), width: place.BitfieldSize, size: place.Size, align: 1}
	t := m.Type()
	if len(m.NameBytes()) == 0 && f.width == 0 {
		f.unnamed = true
		f.tagged = len(t.NameBytes()) != 0
	}
	f.align, err = a.align(t)
	return f, place.Sized, err
}

// align returns the alignment of a type in bytes.
func (a *arranger) align(t btf.Type) (uint64, error) {
	for range maxDepth {
		var err error
		if t, err = t.Underlying(); err != nil {
			return 0, err
		}
		switch t.Kind() {
		case btf.KindArray:
			array, err := btf.As[btf.Array](t)
			if err != nil {
				return 0, err
			}
			t = array.Type()
			continue
		case btf.KindStruct, btf.KindUnion:
			// Narrowing takes as long as the type has members.
			if known, ok := a.known[t.ID()]; ok {
				return known.align, nil
			}
			c, err := btf.As[btf.Composite](t)
			if err != nil {
				return 0, err
			}
			inner, err := a.arrange(c)
			return inner.align, err
		case btf.KindInt, btf.KindEnum, btf.KindEnum64, btf.KindFloat, btf.KindPointer:
			size, err := t.Sizeof()
			if err != nil {
				return 1, nil // the size of a pointer is unknown
			}
			return a.target.scalar(size), nil
		}
		break
	}
	return 1, nil
}

// maxSize is more than any type takes that a compiler accepts for a member. It keeps
// offsets in bits small.
const maxSize = 1 << 33

// unknown arranges a type of which the size of a member is unknown: if it shows that it
// is packed, it is.
func unknown(facts []fact, size uint64) arrangement {
	result := arrangement{align: 1}
	for i := range facts {
		f := &facts[i]
		result.misfit = result.misfit || f.misfit(size)
		result.align = max(result.align, f.align)
	}
	if result.misfit {
		result.packed, result.align = true, 1
	}
	return result
}

// misfit reports whether a member cannot have the alignment of its type: its offset or
// the size of the struct around it is no multiple of that. A bitfield must not end in
// another unit than it begins in.
func (f *fact) misfit(size uint64) bool {
	if f.align <= 1 {
		return f.width != 0 && f.straddles()
	}
	if size%f.align != 0 {
		return true
	}
	if f.width != 0 {
		return f.straddles()
	}
	return f.offset%bits(f.align) != 0
}

func (f *fact) straddles() bool {
	return f.offset%bits(f.align)+f.width > bits(f.size)
}

// union arranges a union.
func (a *arranger) union(facts []fact, size uint64) arrangement {
	result := arrangement{align: 1}
	largest := uint64(0)
	for i := range facts {
		f := &facts[i]
		if f.offset != 0 || f.size > maxSize || f.width > bits(f.size) {
			result.cannot = true
			f.size = min(f.size, maxSize)
		}
		result.misfit = result.misfit || size%f.align != 0
		result.align = max(result.align, f.align)
		largest = max(largest, (f.end() + 7).Bytes())
	}
	if result.misfit {
		result.packed, result.align = true, 1
	}
	result.finish(largest, size, 0)
	result.trailing.from = 0 // all members begin there
	return result
}

// structure arranges a struct.
func (a *arranger) structure(facts []fact, size uint64) arrangement {
	inOrder := true
	end := btf.Bits(0)
	unpacked := arrangement{align: 1}
	align := uint64(1) // without the members that have to be packed
	for i := range facts {
		f := &facts[i]
		if f.size > maxSize || f.width > bits(f.size) {
			return arrangement{align: 1, cannot: true, misfit: f.misfit(size)}
		}
		f.unpacked = f.misfit(size)
		unpacked.misfit = unpacked.misfit || f.unpacked
		if !f.unpacked {
			align = max(align, f.align)
		}
		inOrder = inOrder && f.offset >= end
		end = max(end, f.end())
	}
	if !inOrder {
		slices.SortStableFunc(facts, func(a, b fact) int {
			return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.end(), b.end()))
		})
	}
	a.layOut(&unpacked, facts, size, align)
	result := unpacked
	if unpacked.misfit {
		packed := arrangement{align: 1, misfit: true, packed: true, cost: 1}
		a.layOut(&packed, facts, size, 8)
		if unpacked.cannot || !packed.cannot && packed.cost <= unpacked.cost {
			result = packed
		}
	}
	return result
}

// layOut goes through the members of a struct as a compiler does, and adds what it
// needs to come to the same offsets. Align is the largest alignment that fillers may
// have.
//
// It is one loop, because the place of a member depends on all that was decided for the
// members before it.
func (a *arranger) layOut(result *arrangement, facts []fact, size, align uint64) {
	unit := a.target.filler(align)
	at := btf.Bits(0) // the first bit behind the member before
	for i := range facts {
		f := &facts[i]
		need := arranged{index: f.index}
		own := f.align
		if result.packed {
			own = 1
		} else if f.unpacked {
			own = 1
			need.packed = true
			result.cost++
			// An attribute behind a type without a declarator is one of the type.
			result.cannot = result.cannot || f.unnamed
		}
		loose := result.packed || need.packed
		if f.width == 0 {
			at = roundUp(at, 8)
		}
		next := at
		if f.width == 0 {
			next = roundUp(at, bits(own))
		} else if !loose && at%bits(own)+f.width > bits(f.size) {
			next = roundUp(at, bits(own))
		}
		switch {
		case next == f.offset:
		case f.offset < at || f.width == 0 && f.offset%8 != 0:
			result.cannot = true
			return
		default:
			result.cost++
			if n := f.alignment(at, own, size, loose); n != 0 {
				need.aligned = n
				own = n
				break
			}
			need.before = padding{from: at, to: f.offset, unit: unit}
			if f.width != 0 && !need.packed {
				typeBits := bits(f.size)
				switch {
				case result.packed:
					need.before.own = f.offset-at <= typeBits
				case at/typeBits == f.offset/typeBits:
					need.before.own = f.size == f.align || at/bits(f.align) == f.offset/bits(f.align)
				case roundUp(at, bits(own)) == f.offset:
					need.before.own, need.before.boundary = true, true
				}
			}
		}
		if need.packed || need.aligned != 0 || need.before.to != 0 {
			result.special = append(result.special, need)
		}
		result.align = max(result.align, own)
		at = f.end()
	}
	if at == 0 && size != 0 && size%result.align == 0 {
		// There is padding alone. ARM aligns the struct to that, and other machines do not.
		if align = size & -size; align > unit {
			unit = a.target.filler(align)
			result.aligned, result.align = unit, unit
			result.cost++
		}
	}
	result.finish((at + 7).Bytes(), size, unit)
	if result.trailing.to != 0 {
		result.trailing.from = at
	}
}

// alignment returns the argument of an aligned attribute that moves a member to its
// offset, 0 if there is none. At is the first bit behind the member before. That of an
// unnamed member is one of its type: it needs a fitting size, and no packed attribute
// around it.
func (f *fact) alignment(at btf.Bits, own, size uint64, packed bool) uint64 {
	if f.width != 0 || f.tagged || f.unnamed && packed {
		return 0
	}
	found := uint64(0)
	for n := own * 2; n <= maxAlign && (found == 0 || n <= cacheline); n *= 2 {
		if size%n != 0 || f.offset%bits(n) != 0 || f.unnamed && f.size%n != 0 {
			break
		}
		if roundUp(at, bits(n)) == f.offset {
			found = n
		}
	}
	return found
}

// maxAlign is the largest alignment that GCC accepts for a struct.
const maxAlign = 1 << 28

// finish makes the size of a type that ends at a byte the one that BTF records.
func (r *arrangement) finish(end, size, unit uint64) {
	switch natural := roundUp(end, r.align); {
	case natural == size:
	case end > size || size%r.align != 0:
		r.cannot = true
	default:
		r.cost++
		for n := r.align * 2; n <= maxAlign && size%n == 0; n *= 2 {
			if roundUp(end, n) == size {
				r.aligned, r.align = n, n
				return
			}
		}
		r.trailing = padding{from: bits(end), to: bits(size), unit: unit}
	}
}

// roundUp returns the first multiple of unit, a power of two, that is not below n.
func roundUp[N uint64 | btf.Bits](n, unit N) N { return (n + unit - 1) &^ (unit - 1) }

// A filler is an unnamed bitfield, or an array of bytes.
type filler struct {
	size  uint64 // of the bitfield's type, in bytes; 0 for an array
	count uint64 // bits of the bitfield, or bytes of the array
}

// fillers returns what fills a padding without the type of the next bitfield.
func (p padding) fillers() []filler {
	var all []filler
	if p.unit == 0 {
		return append(all, filler{count: (p.to - p.from).Bytes()})
	}
	for at := p.from; at < p.to; {
		if len(all) == maxFillers {
			return p.array()
		}
		unit := bits(p.unit)
		end := min(p.to, at/unit*unit+unit)
		size := p.unit
		for size > 1 && at%bits(size/2) == 0 && end-at <= bits(size/2) {
			size /= 2
		}
		all = append(all, filler{size, uint64(end - at)})
		at = end
	}
	return all
}

// array fills a padding with an array, and bitfields where it begins or ends within a
// byte.
func (p padding) array() []filler {
	var all []filler
	from, to := roundUp(p.from, 8), p.to/8*8
	if from != p.from {
		all = append(all, filler{1, uint64(from - p.from)})
	}
	all = append(all, filler{count: (to - from).Bytes()})
	if to != p.to {
		all = append(all, filler{1, uint64(p.to - to)})
	}
	return all
}
