// Documents the package for its users.

// Package cdecl writes BTF types as C declarations and computes the layout of
// structs and unions.
//
// [Type] returns the C name of a type, such as "const struct sk_buff *".
// [Declare] declares a variable, member or parameter of a type.
// [Prototype] declares a function. All three return one line.
//
// [Append] and [Write] print a whole definition, the way pahole does: one line for
// each member, with comments on offsets, sizes, holes and cache lines, or without.
// [LayoutOf] returns the same facts as data.
//
// [Canonical] returns a spelling for comparing types that different compilers
// described.
//
// # What BTF does not tell
//
// BTF records the offset of each member, but no alignment, no attributes and no unnamed
// bitfields. [Append] writes those that a compiler needs to come to the same layout:
// packed and aligned, on a type or on a member, and fillers. They need not be those of
// the source. [OptionsFor] infers what they depend on: the size of a pointer and the
// alignments of the machine. Types that contain a type rely on the attributes that this
// package gives to that one.
//
// C cannot declare members that overlap. Where BTF of another language has such a type,
// a comment in the text says so.
//
// Comments, macros and initial values are not in BTF.
//
// # Names
//
// A name that is not an identifier, such as "core::Option<u32>", becomes one:
// "core__Option_u32_ /* core::Option<u32> */". Two names can become the same
// identifier; their comments differ. Dollar signs and letters of all scripts may be in
// an identifier, as in GCC and clang. In comments, bytes that are not printable UTF-8
// are \x and two hexadecimal digits; in the strings of tags they are octal. So the text
// controls no terminal, and no name adds a declaration.
//
// # Hostile types
//
// A few hundred bytes of BTF can describe a declaration that fills a disk, or a type
// that contains itself. Every function of this package bounds what it makes: it
// follows at most 32 pointers, arrays and qualifiers in a row, descends into at most
// 32 nested anonymous types and prototypes, and makes at most 16 MiB of text for one
// definition and 1 MiB for a declaration in one line. Beyond that it returns an error,
// or for [Type] a description.
//
// The functions keep no state. Many goroutines may call them at once. As with all
// reading, none may do so while the Spec is being closed.
package cdecl
