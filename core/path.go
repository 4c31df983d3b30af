// Writes the path of a relocation with names in place of indexes.

package core

import (
	"strconv"
)

// Path returns what the relocation is about, by the names of the object:
// "task_struct.comm[3]", "pid_type.PIDTYPE_TGID" for an enumerator, or the name of a type.
// Members of anonymous structs and unions follow the name of the outer one, as in C. If
// the access string is broken, it follows the name of the type in parentheses.
func (f Fixup) Path() string {
	b := append([]byte(nil), f.Type.NameBytes()...)
	if len(b) == 0 {
		b = append(b, f.Type.String()...)
	}
	if !isField(f.Kind) && !isEnumerator(f.Kind) {
		return string(b)
	}
	var q question
	if err := q.read(f.Kind, f.Type, f.access); err != nil {
		return string(b) + " (" + strconv.QuoteToASCII(string(f.access[:min(len(f.access), maxSteps)])) + ")"
	}
	if isEnumerator(f.Kind) {
		b = append(b, '.')
		return string(append(b, q.enum.Enumerator(int(q.index)).NameBytes()...))
	}
	for i, s := range q.path[:q.n] {
		switch {
		case s.named:
			b = append(b, '.')
			b = append(b, s.member.NameBytes()...)
		case i > 0 || s.index > 0:
			b = append(b, '[')
			b = strconv.AppendUint(b, uint64(s.index), 10)
			b = append(b, ']')
		}
	}
	return string(b)
}
