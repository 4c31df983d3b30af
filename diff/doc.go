// Documents the package for its users.

// Package diff finds what differs between two Specs, such as two kernels or two builds
// of one.
//
// It compares declarations by kind and name, because type ids change with every
// build: sizes of structs and unions; offset, size and type of each field; values of
// enumerators; what typedefs stand for; prototypes of functions. [Specs] yields a
// [Change] for each difference. A [Filter] chooses the declarations by name.
//
// # What is compared
//
// A type is looked into where it is declared. The fields of an anonymous struct are
// fields of the struct that contains it; a field of a named type differs only if its
// own offset, size or type does. A function differs if its result or a parameter does,
// including the parameter's name. Type tags and the spelling of integers depend on the
// compiler and are not compared. Variables and forward declarations are not compared
// either.
//
// Several types may have the same name. Those that are equal on both sides are set
// aside. If one is left on each side, the two are compared; if more are left, nothing
// tells which became which, and the change is [Ambiguous].
//
// # Hostile types
//
// A few bytes of BTF can ask for more text than there is time for. What is made of
// either Spec is limited to about 256 MiB, of which a kernel takes 30; beyond that
// [Specs] ends with an error. What is kept of one declaration is limited to 32 MiB, and
// the text of one type to 1 MiB; beyond that, the declaration is not compared, and Specs
// yields an error with its name. The same holds for types that have no text, such as a
// prototype that takes itself.
package diff
