// Documents the package.

// Package handle loads BTF into the running kernel and finds the BTF that is there: of
// the kernel itself, of its modules, and of BPF programs and maps. It uses bpf(2),
// which only Linux has.
//
// [New] loads a Spec. The file descriptor of the [Handle] is what BPF_MAP_CREATE and
// BPF_PROG_LOAD take:
//
//	h, err := handle.New(spec)
//	var refusal *handle.KernelError
//	if errors.As(err, &refusal) {
//		log.Print(refusal.Log) // what the kernel's verifier of BTF wrote
//	}
//	if err != nil {
//		return err
//	}
//	defer h.Close()
//
// [All] yields what is in the kernel, and [NewFromID] opens one of them:
//
//	for h, err := range handle.All() {
//		if err != nil {
//			return err
//		}
//		info, err := h.Info()
//		if err == nil && info.IsModule() {
//			fmt.Println(info.ID, info.Name)
//		}
//		h.Close()
//	}
//
// Errors match [btf.ErrNotSupported] on a system without bpf(2), and [os.ErrPermission]
// if privileges are missing: loading needs CAP_BPF, or CAP_SYS_ADMIN before Linux 5.8;
// [All] and [NewFromID] need CAP_SYS_ADMIN.
//
// The package keeps no state but what [MarshalOptions] found out about the kernel.
package handle
