// Groups the kinds by what the rules of the kernel have in common for them.

package strict

import "github.com/seed-6c4a6465/btf"

// A kindSet is a set of kinds.
type kindSet uint32

func (s kindSet) has(k btf.Kind) bool { return s>>k&1 != 0 }

const (
	modifiers kindSet = 1<<btf.KindTypedef | 1<<btf.KindVolatile | 1<<btf.KindConst | 1<<btf.KindRestrict | 1<<btf.KindTypeTag
	composite kindSet = 1<<btf.KindStruct | 1<<btf.KindUnion
	arrays    kindSet = 1 << btf.KindArray
	pointers  kindSet = 1 << btf.KindPointer

	// declarationKinds are records that describe a declaration. No type may refer to them.
	declarationKinds kindSet = 1<<btf.KindVar | 1<<btf.KindDeclTag | 1<<btf.KindDatasec

	// sizedKinds have their size in bytes in the third word.
	sizedKinds = composite | 1<<btf.KindInt | 1<<btf.KindEnum | 1<<btf.KindEnum64 | 1<<btf.KindFloat | 1<<btf.KindDatasec

	// sizelessKinds are types without a size. Only modifiers and pointers may refer to them.
	sizelessKinds kindSet = 1<<btf.KindVoid | 1<<btf.KindFwd | 1<<btf.KindFuncProto

	// taggable are what a DECL_TAG may refer to.
	taggable = composite | 1<<btf.KindFunc | 1<<btf.KindVar | 1<<btf.KindTypedef
)
