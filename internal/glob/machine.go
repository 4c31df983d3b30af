// Matches a pattern with a set of states, one bit for each.

package glob

import "unicode/utf8"

// A machine is a nondeterministic automaton. State i says that the first i elements of the
// pattern have matched what was read of a name. The set of states after a name of n
// characters takes n steps of one operation for each 64 elements.
//
//	*ab?*c    elements a b ? c, with a star before the elements 0 and 3
type machine struct {
	elements int
	words    int      // of a set
	loops    []uint64 // states that a star keeps
	ascii    []uint64 // for each character below 0x80, the states that it leads to
	any      []uint64 // the states that every other character leads to
	wide     []int    // elements that some of the other characters match
	texts    []string // the pattern from each element on
	sets     [2][]uint64
}

// newMachine returns a machine for a pattern. It returns a machine without states if no
// name is long enough for the pattern.
func newMachine(pattern string) *machine {
	m := new(machine)
	var stars []int
	for pattern != "" {
		if pattern[0] == '*' {
			stars = append(stars, m.elements)
			pattern = pattern[1:]
			continue
		}
		length, _ := one(pattern, 0)
		m.texts = append(m.texts, pattern[:length])
		pattern = pattern[length:]
		if m.elements++; m.elements > MaxName {
			return new(machine)
		}
	}
	m.words = m.elements/64 + 1
	m.loops, m.any = make([]uint64, m.words), make([]uint64, m.words)
	m.sets = [2][]uint64{make([]uint64, m.words), make([]uint64, m.words)}
	m.ascii = make([]uint64, utf8.RuneSelf*m.words)
	for _, i := range stars {
		set(m.loops, i)
	}
	for i, text := range m.texts {
		for c := range rune(utf8.RuneSelf) {
			if _, ok := one(text, c); ok {
				set(m.ascii[int(c)*m.words:], i+1)
			}
		}
		switch c := text[0]; {
		case c == '?':
			set(m.any, i+1)
		case c == '[' || c == '\\' || c >= utf8.RuneSelf:
			m.wide = append(m.wide, i)
		}
	}
	return m
}

func set(s []uint64, i int) { s[i/64] |= 1 << (i % 64) }

// match is Pattern.match.
func (m *machine) match(b []byte, nul bool) bool {
	if m.words == 0 {
		return false
	}
	now, next := m.sets[0], m.sets[1]
	clear(now)
	set(now, 0)
	for len(b) > 0 && !(nul && b[0] == 0) {
		c, size := decode(b)
		b = b[size:]
		to := m.any
		if c < utf8.RuneSelf {
			to = m.ascii[int(c)*m.words:][:m.words]
		}
		carry, some := uint64(0), uint64(0)
		for i, w := range now {
			next[i] = (w<<1|carry)&to[i] | w&m.loops[i]
			carry = w >> 63
			some |= next[i]
		}
		if c >= utf8.RuneSelf {
			for _, i := range m.wide {
				if now[i/64]>>(i%64)&1 == 0 {
					continue
				}
				if _, ok := one(m.texts[i], c); ok {
					set(next, i+1)
					some = 1
				}
			}
		}
		if some == 0 {
			return false
		}
		now, next = next, now
	}
	if nul && len(b) == 0 {
		return false
	}
	return now[m.elements/64]>>(m.elements%64)&1 != 0
}
