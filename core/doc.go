// Documents the package for its users.

// Package core computes what the CO-RE relocations of a BPF object become on a kernel.
//
// The compiler writes a relocation for each field, type and enumerator of the kernel that
// a program uses. A loader finds it in the BTF of the kernel at hand, and puts its offset,
// size or value into an instruction. [Resolve] yields a [Fixup] for each relocation of an
// object: the value on the target, and whether the instruction can be patched.
// [Fixup.Apply] patches it. [Judge] says whether the object would load. [Target.Resolve]
// answers the same question for a type and a path, without an object.
//
//	spec, infos, err := btf.LoadSpecAndExtInfos("prog.o")
//	if err != nil {
//		return err
//	}
//	defer spec.Close()
//	kernel, err := btf.OpenKernel("/")
//	if err != nil {
//		return err
//	}
//	defer kernel.Close()
//	for fixup, err := range core.Resolve(infos, core.KernelTarget(kernel)) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(fixup)
//	}
//
// Maps, struct_ops and kernel functions are found by name at load time, and have no
// relocations of this kind.
//
// # Which rules
//
// The rules are those of libbpf and of the kernel, which share relo_core.c. Where loaders
// differ, the package takes the answer that does not depend on the order of records and
// that reads the right bytes:
//
//   - A record is compared with every candidate, as in the kernel. libbpf forgets
//     candidates that an earlier record did not match, cilium/ebpf scores them. Where
//     that matters the Fixup has the flag [Split].
//   - A load or store is made as wide as the field of the target, as in libbpf.
//     cilium/ebpf v0.22 keeps the width, and then reads half of a widened field.
//   - A load or store of a bitfield whose bits lie elsewhere in their unit is poisoned.
//     The shifts that follow it are constants, so libbpf and cilium/ebpf read other bits.
//   - The size of a pointer is that of the target. cilium/ebpf always takes 8. If the
//     target does not tell, the relocation fails: see [Target.WithPointerSize].
//   - Values of enumerators have the sign of their enum. libbpf extends the sign of
//     unsigned values too, and may then refuse the instruction: see [UnsignedEnum].
//   - Bitfields in the encoding used before Linux 4.20 are bitfields: see [OldBitfield].
//   - A value that does not fit into the instruction is an error. libbpf cuts off its
//     upper bits.
//   - A size or type id of a missing type is 0, as in libbpf. cilium/ebpf poisons the
//     instruction.
//   - Integers of another name do not match for [btf.CORETypeMatches], as in libbpf. The
//     unsigned long of clang is the long unsigned int of gcc, so structs with one often
//     do not match.
//
// # Hostile input
//
// Neither the object nor the target is trusted. The work for all relocations is limited
// in proportion to their number; beyond the limit they fail.
package core
