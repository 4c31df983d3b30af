// kind → which words of a record are type ids and names

package btf

// fields says where a record of a kind refers to something else, besides to its
// own name in the first word.
type fields struct {
	ids      [2]uint32 // where type ids stand, in bytes from the start of the record; 0 for none
	elements element
}

// An element says how many bytes repeat vlen times, and where in them a name and a
// type id stand, or none; and a second type id, or 0.
type element struct{ size, name, id, second uint32 }

const none = ^uint32(0)

// visit calls name with where each name offset stands in a record of length bytes, and
// id with where each type id does, in bytes from its start.
func (f *fields) visit(length uint32, name, id func(at uint32)) {
	name(0)
	for _, at := range f.ids {
		if at != 0 {
			id(at)
		}
	}
	e := f.elements
	if e.size == 0 {
		return
	}
	for at := uint32(recordSize); at < length; at += e.size {
		if e.name != none {
			name(at + e.name)
		}
		if e.id != none {
			id(at + e.id)
		}
		if e.second != 0 {
			id(at + e.second)
		}
	}
}

// kindFields is the one table of it, by include/uapi/linux/btf.h. What is not in it
// refers to nothing.
var kindFields = [kindCount]fields{
	KindPointer:   {ids: [2]uint32{8}},
	KindArray:     {ids: [2]uint32{recordSize, recordSize + 4}},
	KindStruct:    {elements: element{memberSize, 0, 4, 0}},
	KindUnion:     {elements: element{memberSize, 0, 4, 0}},
	KindEnum:      {elements: element{enumeratorSize, 0, none, 0}},
	KindTypedef:   {ids: [2]uint32{8}},
	KindVolatile:  {ids: [2]uint32{8}},
	KindConst:     {ids: [2]uint32{8}},
	KindRestrict:  {ids: [2]uint32{8}},
	KindFunc:      {ids: [2]uint32{8}},
	KindFuncProto: {ids: [2]uint32{8}, elements: element{paramSize, 0, 4, 0}},
	KindVar:       {ids: [2]uint32{8}},
	KindDatasec:   {elements: element{varSecinfoSize, none, 0, 0}},
	KindDeclTag:   {ids: [2]uint32{8}},
	KindTypeTag:   {ids: [2]uint32{8}},
	KindLocProto:  {elements: element{locParamSize, none, 0, 0}},
	KindLocsec:    {elements: element{locSiteSize, none, 0, 4}},
	KindEnum64:    {elements: element{enumerator64Size, 0, none, 0}},
}
