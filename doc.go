// Documents the package.

// Package btf reads BTF, the type information of the Linux kernel and of BPF
// programs, straight from a mapped file. Nothing is inflated: a [Type] is a small
// handle on bytes that stay where they are, names and references are resolved
// when they are asked for.
//
//	spec, err := btf.LoadKernelSpec()
//	if err != nil {
//		return err
//	}
//	defer spec.Close()
//
//	var sock btf.Struct
//	if err := spec.TypeByName("inet_sock", &sock); err != nil {
//		return err
//	}
//	member, err := sock.MemberByName("inet_saddr")
//	if err != nil {
//		return err
//	}
//	fmt.Println(member.Offset().Bytes())
//
// # The bytes
//
// A blob of BTF is a header, a section of type records, a section of names, and
// since Linux 7.1 a section that says how long the records of each kind are:
//
//	┌────────┬──────────────────────────────────────┬────────┬───────────────────┐
//	│ header │ record 1 │ record 2 │ record 3 │ …   │ layout │ names, each to NUL│
//	└────────┴──────────────────────────────────────┴────────┴───────────────────┘
//
// A record's number is its [TypeID]; 0 is void and has no record. Records have
// different lengths, so loading passes over all of them once, proves that they
// fill their section, and remembers one bit for each 4 bytes: where a record
// starts. From the second look-up on there is an index of the names, too; of sorted
// ones, as those of Linux 7.0 and newer are, from some thousandth on. Tables of
// flavours and of decl tags, which are few, are made for those who ask for them.
// Nothing on the way from a name to an offset allocates; saying what went wrong
// does.
//
// Split BTF, such as that of a kernel module, stands on a base: its ids and its
// name offsets go on where those of the base end. Bases may themselves be split.
//
// # Questions
//
// A Spec is asked for types by name or id, or for all of them. Of a Type, its
// kind, name and size are known; [As] narrows it to a [View] of its kind, which
// has the rest: members, parameters, enumerators. Narrowing proves once that the
// ids and names in a record are in range, so that the methods of views have no
// errors to return. Broken records end in a [*FormatError], when the blob is
// loaded or when they are narrowed. [Spec.Verify] narrows all. Package strict tells
// what the kernel would refuse.
//
// What programs that trace a kernel ask at start-up is answered in one call:
// [Spec.Fields] resolves a table of paths such as task_struct.mm->owner->pid, with
// names of older kernels as alternatives; [Spec.Funcs] finds the functions with a
// pointer to some struct in one pass. A [Kernel] is vmlinux and its modules.
//
// Offsets in structs are in [Bits], sizes in bytes.
//
// # More than questions
//
// [LoadSpecAndExtInfos] opens a BPF object with what its .BTF.ext section says about
// its instructions. Package write makes BTF of a program's own types and of types of a
// Spec, and writes it for another byte order or an older kernel. Package handle loads
// BTF into the running kernel and reads the BTF that is there.
//
// # Lifetime
//
// Everything that a Spec gave away reads the Spec's bytes: types, views, members,
// and the results of NameBytes. They may be used until its Close. After that,
// types and views have no kind, no name and nothing in them, and NameBytes results
// must not be touched at all. Name returns a copy, which is safe forever. The base
// of split BTF must stay open as long as what stands on it is used.
//
// # Concurrency
//
// All methods may be called from many goroutines at once, without locks, except
// [Spec.Close]. The package starts no goroutines and keeps no state of its own.
//
// # Reading the source
//
// Each file has one idea, and its first line says it. They depend on each other
// in this order only, which a test watches:
//
//	kind.go        ids and kinds, and the bytes a record has
//	errors.go      what went wrong, and where
//	view.go        bytes → integers within bounds; the header
//	strtab.go      offset → name
//	layout.go      how to step over kinds nobody has heard of
//	starts.go      number of a record ↔ offset of its first byte
//	walk.go        the pass that proves the framing
//	datasec.go     sizes and offsets that compilers leave out
//	lazy_types.go  id → Type
//	composite.go   structs, unions and their members
//	inline.go      inlined functions, which are a draft
//	views.go       typed views of every kind
//	narrow.go      Type → view, with the proof
//	members.go     where members lie, and how they are found
//	size.go        Sizeof
//	tags.go        decl tags of a declaration
//	hash.go        name → 32 bits
//	flavour.go      name offset → where its flavour begins
//	scan.go        name → types, without an index
//	sorted.go      name → types, where they stand in the order of their names
//	index.go       name → types
//	relocate.go    split BTF on a distilled base → the same on a kernel's
//	mmap.go        file → its bytes
//	elf_names.go   ELF file → proof that the names of its sections are short
//	elf.go         ELF file → the window with its BTF
//	placement.go   ELF sections and symbols → sizes and offsets of variables
//	extinfo.go     functions, lines and relocations of a BPF object
//	loader.go      Spec and the doors to it
//	find.go        questions to a Spec
//	params.go      parameters by name, and what they point to
//	enumerators.go  names of values, and values of names
//	near.go        names that are nearly those asked for
//	steps.go       the parts of a path
//	path.go        path → where it leads
//	glob.go        patterns of names
//	funcs.go       the functions that a filter lets through
//	kernel.go      vmlinux and its modules as one
//	verify.go      whether all of it can be read
package btf
