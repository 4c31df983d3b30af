// Reads one record, and describes it in errors.

package strict

import (
	"bytes"
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A record is the raw form of a type and its id. Loading proved that all of its words are
// there, and nothing about what they say.
type record struct {
	btf.Record
	id btf.TypeID
}

// raw returns the record of a type.
func raw(t btf.Type) record { return record{t.Record(), t.ID()} }

// to returns the type with the id that is at off in a record. Ok is false if there is no
// such type.
func (c *checker) to(r *record, off uint32) (next record, ok bool) {
	id := btf.TypeID(r.Word(off))
	return c.at(id), id < c.types
}

// at returns the type with an id. It returns void if there is no such type.
func (c *checker) at(id btf.TypeID) record {
	t, _ := c.spec.TypeByID(id)
	return raw(t)
}

// third returns the third word: the size in bytes or the id of another type.
func (r *record) third() uint32 { return r.Word(8) }

// String returns the description of the type in messages.
func (r *record) String() string { return r.Follow(r.id).String() }

// problem returns the error about what is at off in the record.
func (r *record) problem(off uint32, format string, args ...any) error {
	return &btf.FormatError{Section: "types", Offset: uint64(r.Offset()) + uint64(off), TypeID: r.id, Problem: fmt.Sprintf(format, args...)}
}

// wrongID returns the error about the type id at off in a record. It is that of had, and
// must be that of want.
func (c *checker) wrongID(r *record, off uint32, problem, want string, had *record) error {
	if btf.TypeID(r.Word(off)) >= c.types {
		return r.idTooLarge(off, problem, c.types)
	}
	return r.problem(off, "%s: type id of %s must be that of %s, is that of %s", problem, r.part(off), want, had.String())
}

// idTooLarge returns the error about the type id at off in the record, which must be below
// end.
func (r *record) idTooLarge(off uint32, problem string, end btf.TypeID) error {
	return r.problem(off, "%s: type id of %s must be below %d, is %d", problem, r.part(off), end, r.Word(off))
}

// part describes what is at off in the record.
func (r *record) part(off uint32) string {
	element, size := "member", uint32(uapi.MemberSize)
	switch kind := r.Kind(); {
	case off < uapi.RecordSize:
		return kind.String()
	case kind == btf.KindEnum:
		element, size = "enumerator", uapi.EnumeratorSize
	case kind == btf.KindEnum64:
		element, size = "enumerator", uapi.Enumerator64Size
	case kind == btf.KindFuncProto: // the kernel counts them from 1
		return fmt.Sprintf("arg#%d", (off-uapi.RecordSize)/uapi.ParamSize+1)
	case kind == btf.KindDatasec:
		element, size = "entry", uapi.VarSecinfoSize
	case kind == btf.KindArray && off == uapi.RecordSize:
		return "the element"
	case kind == btf.KindArray:
		return "the index"
	}
	return fmt.Sprintf("%s %d", element, (off-uapi.RecordSize)/size)
}

// quoted returns the name at a name offset for a message. Only the beginning is in it, if
// the name is longer than the kernel accepts.
func (r *record) quoted(nameOff uint32) string {
	name, _, _ := bytes.Cut(r.Strings(nameOff), []byte{0})
	if len(name) > uapi.MaxNameLen {
		return fmt.Sprintf("%q… of %d bytes", name[:16], len(name))
	}
	return fmt.Sprintf("%q", name)
}
