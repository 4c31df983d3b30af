// Describes the package.

// Package strict checks BTF by the rules of the Linux kernel.
//
// A BPF program is loaded together with BTF, and the kernel refuses BTF that breaks its
// rules. Package btf is more tolerant: it reads what it can. [Verify] says without root,
// and on any system, whether the kernel would accept a Spec, and if not, why:
//
//	spec, err := btf.LoadSpec("program.btf")
//	if err != nil {
//		return err
//	}
//	defer spec.Close()
//	if err := strict.Verify(spec); err != nil {
//		return err // btf: types section at offset 0x1c (type 3): invalid name: name of ...
//	}
//
// # What is checked
//
// The checks are those of kernel/bpf/btf.c, in the order in which the kernel makes them:
//
//   - The sections fill the blob without gaps, and are not too large: btf_parse_hdr,
//     btf_check_sec_info, btf_parse_str_sec, btf_parse_layout_sec.
//   - Each record alone has a valid name, size, flags and offsets: btf_check_all_metas,
//     and the check_meta function of each kind.
//   - Each type leads to types of the right kind, in no loop, and at most 32 deep. What
//     needs a size has one, and members fit into their structs: btf_check_all_types, with
//     the resolve, check_member and check_kflag_member functions of each kind, and
//     btf_func_proto_check.
//   - At most 32 typedefs, qualifiers and type tags follow each other: the last pass, which
//     is btf_check_type_tags before Linux 7.2.
//
// # Which kernel
//
// [Verify] has the rules of Linux 7.2. [Options] choose those of another release, which
// refuses what it does not know yet:
//
//	before 7.2   more than 65535 elements, or a kind above 31; a type tag after a
//	             qualifier or typedef (since 5.18)
//	before 7.1   a layout section; strings that are not at the end
//	before 6.15  decl tags and type tags with kind_flag
//	before 6.9   names of a DATASEC that are not identifiers
//	before 6.5   dots in names, apart from those of variables and of a DATASEC
//	before 6.0   ENUM64; an ENUM with kind_flag
//	before 5.17  TYPE_TAG
//	before 5.16  DECL_TAG
//	before 5.13  FLOAT
//	before 5.6   a FUNC that is not static
//
// By the rules of its own release, the kernel accepts a few things that Verify refuses: a header that lacks the last bytes
// of str_len, if they are zero; types beyond the last id, which the kernel drops; and more
// than 32 qualifiers and typedefs in a row, if the kernel meets the last of them first.
//
// The kernel has further rules for structs that programs use in place, such as
// bpf_spin_lock. Verify does not check them.
package strict
