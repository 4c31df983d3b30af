// Says which words of a record are type ids and which are name offsets.

package uapi

// None stands for a field that elements do not have.
const None = ^uint32(0)

// Fields says where a record of a kind refers to something else, besides to its own
// name in the first word.
type Fields struct {
	IDs      [2]uint32 // where type ids stand, in bytes from the start of the record; 0 for none
	Elements Element   // what repeats vlen times
}

// An Element says how many bytes an element has, and where in it the offset of a
// name, a type id and a second type id stand. Size is 0 if the kind has no elements
// that refer to something. Name and ID are [None], and Second is 0, if there is none.
type Element struct{ Size, Name, ID, Second uint32 }

// Visit calls name with the place of each name offset in a record of length bytes,
// and id with the place of each type id, in bytes from the start of the record.
func (f *Fields) Visit(length uint32, name, id func(at uint32)) {
	name(0)
	for _, at := range f.IDs {
		if at != 0 {
			id(at)
		}
	}
	e := f.Elements
	if e.Size == 0 {
		return
	}
	for at := uint32(RecordSize); at < length; at += e.Size {
		if e.Name != None {
			name(at + e.Name)
		}
		if e.ID != None {
			id(at + e.ID)
		}
		if e.Second != 0 {
			id(at + e.Second)
		}
	}
}

// KindFields has the Fields of each kind, by its number: BTF_KIND_… of
// include/uapi/linux/btf.h. A kind that is not in it refers to nothing.
var KindFields = [KindCount]Fields{
	2:  {IDs: [2]uint32{8}},                                        // PTR
	3:  {IDs: [2]uint32{RecordSize, RecordSize + 4}},               // ARRAY: struct btf_array
	4:  {Elements: Element{MemberSize, 0, 4, 0}},                   // STRUCT
	5:  {Elements: Element{MemberSize, 0, 4, 0}},                   // UNION
	6:  {Elements: Element{EnumeratorSize, 0, None, 0}},            // ENUM
	8:  {IDs: [2]uint32{8}},                                        // TYPEDEF
	9:  {IDs: [2]uint32{8}},                                        // VOLATILE
	10: {IDs: [2]uint32{8}},                                        // CONST
	11: {IDs: [2]uint32{8}},                                        // RESTRICT
	12: {IDs: [2]uint32{8}},                                        // FUNC
	13: {IDs: [2]uint32{8}, Elements: Element{ParamSize, 0, 4, 0}}, // FUNC_PROTO
	14: {IDs: [2]uint32{8}},                                        // VAR
	15: {Elements: Element{VarSecinfoSize, None, 0, 0}},            // DATASEC
	17: {IDs: [2]uint32{8}},                                        // DECL_TAG
	18: {IDs: [2]uint32{8}},                                        // TYPE_TAG
	19: {Elements: Element{Enumerator64Size, 0, None, 0}},          // ENUM64
	21: {Elements: Element{LocParamSize, None, 0, 0}},              // LOC_PROTO
	22: {Elements: Element{LocSiteSize, None, 0, 4}},               // LOCSEC
}
