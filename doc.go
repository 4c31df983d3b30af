// Documents the package for its users.

// Package btf reads BTF, the type information of the Linux kernel and of BPF
// programs, straight from a mapped file. A [Type] is a small handle on bytes that stay
// where they are. Names and references are resolved when they are asked for.
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
// # The format
//
// A blob of BTF is a header, a section of type records, a section of names, and since
// Linux 7.1 a section with the record length of each kind:
//
//	┌────────┬──────────────────────────────────────┬────────┬───────────────────┐
//	│ header │ record 1 │ record 2 │ record 3 │ …   │ layout │ names, each to NUL│
//	└────────┴──────────────────────────────────────┴────────┴───────────────────┘
//
// The position of a record is its [TypeID]. Type 0 is void and has no record. Split
// BTF, such as that of a kernel module, stands on a base: its type ids and name
// offsets continue those of the base. A base may be split itself. The format is
// described in Documentation/bpf/btf.rst of the kernel.
//
// # Opening
//
// [LoadKernelSpec] opens the running kernel's BTF, [LoadSpec] a file, raw or ELF, and
// [LoadSplitSpec] a file of split BTF. These map the file. [LoadSpecFromReader] copies,
// and [LoadRawSpec] uses bytes in memory. [OpenKernel] opens a kernel and its modules
// as one. [LoadSpecAndExtInfos] opens a BPF object with its .BTF.ext section.
//
// Opening passes over all records once and proves where each starts and ends. That
// takes about half a millisecond for a kernel of 126,000 types, and keeps 1 byte a
// type. The second look-up by name builds an index of 5 bytes a name; names that are
// sorted, as those of Linux 7.0 and newer, are bisected instead.
//
// # Asking
//
// A [Spec] finds types by name or id, and yields all of them. A [Type] knows its kind,
// name and size. [As] makes a [View] of it, which has the rest: members, parameters,
// enumerators. As checks the record once, so the methods of views return no errors. A
// broken record is a [*FormatError], either when the blob is opened or when the record
// is narrowed to a view. [Spec.Verify] checks all records.
//
// [Spec.Fields] resolves a table of paths such as task_struct.mm->owner->pid to
// offsets, with alternatives for other kernels. [Spec.Funcs] finds the functions with
// a pointer to some struct in one pass.
//
// Offsets in structs are in [Bits]; sizes are in bytes. Nothing on the way from a name
// to an offset allocates, apart from errors and copies of names.
//
// # Lifetime
//
// Types, views, members and the results of NameBytes read the bytes of their Spec. Use
// them until its Close. After that, types and views have no kind, no name and no
// elements, and the results of NameBytes must not be touched. Name returns a copy. The
// base of split BTF must stay open as long as the split BTF is used.
//
// # Concurrency
//
// All methods may be called from many goroutines at once, except Close,
// [Kernel.CloseUnloaded] and [Spec.SetPointerSize]. The package starts no goroutines and
// has no state of its own.
//
// # Other packages
//
// Package write builds and writes BTF, handle loads it into the kernel, strict checks it
// by the kernel's rules, cdecl prints C declarations, and diff compares two Specs.
package btf
