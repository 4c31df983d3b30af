// Asks the running kernel about a blob, and explains where its verdict differs.

package strict

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/handle"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/uapi"
	"golang.org/x/sys/unix"
)

// kernelVerdict loads a blob into the kernel. If the kernel refuses it, kernelVerdict
// returns the kernel's log too.
func kernelVerdict(raw []byte) (log string, err error) {
	h, err := handle.NewFromRawBTF(raw)
	if err == nil {
		return "", h.Close()
	}
	var refusal *handle.KernelError
	if errors.As(err, &refusal) {
		log = refusal.Log
	}
	return log, err
}

// kernelPointer returns the size in bytes that a pointer has for the running kernel. The
// test may be compiled for another.
var kernelPointer = sync.OnceValue(func() uint32 {
	b := btftest.New(native)
	b.Pointer(0)
	b.Struct("s", 4, btftest.Member{Type: 1})
	if _, err := kernelVerdict(b.Bytes()); err == nil {
		return 4
	}
	return 8
})

// A verdicts is a blob, and what Verify and the kernel say about it.
type verdicts struct {
	from   string
	opts   Options
	blob   []byte
	spec   *btf.Spec // nil if loading refused it
	ours   error
	kernel error
	log    string // the kernel's
}

// A difference is a reason for which this kernel and Verify may disagree. Holds looks for
// the cause in the blob, and not only for the symptom.
type difference struct {
	name  string
	holds func(v *verdicts) bool
}

// releaseDifferences returns all reasons for which Verify by the newest rules and Linux
// 6.18 disagree, and one more for kernels before 6.15. By the rules of the running kernel,
// Verify must not need them.
func releaseDifferences() []difference {
	return []difference{
		{"7.1: 32 bytes of header, layout, strings anywhere", func(v *verdicts) bool {
			if !v.needsNewHeader() {
				return false
			}
			// Without the fields that the kernel does not know, it must agree.
			w := v.withOldHeader()
			return v.ours == nil && (w.agree() || explain(w) != "")
		}},
		{"6.15: tags with kind_flag", func(v *verdicts) bool {
			return v.ours == nil && strings.Contains(v.log, "Invalid btf_info kind_flag") && slices.ContainsFunc(slices.Collect(v.spec.All()), func(t btf.Type) bool {
				return t.KindFlag() && (t.Kind() == btf.KindDeclTag || t.Kind() == btf.KindTypeTag)
			})
		}},
		{"7.2: 24 bits of vlen", func(v *verdicts) bool {
			return v.ours == nil && strings.Contains(v.log, "Invalid btf_info:") && slices.ContainsFunc(slices.Collect(v.spec.All()), func(t btf.Type) bool {
				return strings.Contains(v.log, fmt.Sprintf("[%d]", t.ID())) && t.Record().Vlen() > 0xffff
			})
		}},
		{"7.2: type tags after qualifiers and typedefs", func(v *verdicts) bool {
			return v.ours == nil && strings.Contains(v.log, "Type tags don't precede modifiers") &&
				slices.ContainsFunc(slices.Collect(v.spec.All()), func(t btf.Type) bool {
					r := t.Record()
					return r.Follow(btf.TypeID(r.Word(8))).Kind() == btf.KindTypeTag && (modifiers &^ (1 << btf.KindTypeTag)).has(t.Kind())
				})
		}},
	}
}

// differences returns all reasons for which Verify and the kernel disagree, whatever the
// release.
func differences() []difference {
	return []difference{
		{"a blob of a machine with pointers of another size", func(v *verdicts) bool {
			w := v.withKernelPointer()
			return w != nil && w.agree()
		}},
		{"a header of 21 to 23 bytes, in which no byte of str_len but zeros is missing", func(v *verdicts) bool {
			n := native.Uint32(v.blob[uapi.HeaderLenOffset:])
			var f *btf.FormatError
			return v.kernel == nil && n > 20 && n < uapi.HeaderSize && errors.As(v.ours, &f) && f.Section == "header" && f.Offset == uapi.HeaderLenOffset
		}},
		{"over 32 modifiers in a row, which the kernel accepts if it meets the last first", func(v *verdicts) bool {
			return v.kernel == nil && v.spec != nil && v.ours.Error() == fmt.Sprint(v.spec.Verify()) && strings.Contains(v.ours.Error(), "typedefs, qualifiers or arrays follow each other")
		}},
		{"more types than ids, of which the kernel ignores the rest", func(v *verdicts) bool {
			return v.kernel == nil && v.spec != nil && v.spec.NumTypes() >= uapi.MaxType && strings.Contains(v.ours.Error(), "exceeded max num of types")
		}},
		{"members that programs could not use, such as two bpf_spin_lock", func(v *verdicts) bool {
			if v.ours != nil {
				return false
			}
			// The kernel must accept it if the structs have other names.
			_, err := kernelVerdict(bytes.ReplaceAll(v.blob, []byte("bpf_"), []byte("xpf_")))
			return err == nil
		}},
	}
}

// needsNewHeader reports whether all that the kernel says is that it does not know a
// header of Linux 7.1.
func (v *verdicts) needsNewHeader() bool {
	return v.spec != nil && v.kernel != nil && v.spec.Header().Length >= uapi.HeaderSizeLayout &&
		(strings.Contains(v.log, "Unsupported btf_header") || strings.Contains(v.log, "String section is not at the end"))
}

// withOldHeader judges the same types and strings with the header that all kernels know.
func (v *verdicts) withOldHeader() *verdicts {
	old := btftest.Put(native, bytes.Clone(v.blob[:uapi.HeaderSize]), uapi.HeaderLenOffset, uapi.HeaderSize)
	h := v.spec.Header()
	types := v.blob[h.Length+h.TypeOffset:][:h.TypeLength]
	names := v.blob[h.Length+h.StringOffset:][:h.StringLength]
	for i, word := range []int{0, len(types), len(types), len(names)} {
		native.PutUint32(old[8+4*i:], uint32(word))
	}
	return judge(v.from, slices.Concat(old, types, names), v.opts)
}

// withKernelPointer judges the same blob with pointers of the kernel's size. It returns
// nil if the blob has that size already.
func (v *verdicts) withKernelPointer() *verdicts {
	if v.spec == nil || v.spec.PointerSize() == 0 || v.spec.PointerSize() == int(kernelPointer()) {
		return nil
	}
	w := *v
	kernel, _ := parseRelease(v.opts.Kernel)
	w.ours = verify(v.spec, kernel, kernelPointer())
	return &w
}

func judge(from string, raw []byte, opts Options) *verdicts {
	v := &verdicts{from: from, opts: opts, blob: raw}
	v.spec, v.ours = btf.LoadRawSpec(raw)
	if v.ours == nil {
		v.ours = opts.Verify(v.spec)
	}
	v.log, v.kernel = kernelVerdict(raw)
	return v
}

// byNewest returns the verdicts with that by the newest rules in place of ours.
func (v *verdicts) byNewest() *verdicts {
	w := *v
	w.opts = Options{}
	if v.spec != nil {
		w.ours = Verify(v.spec)
	}
	return &w
}

// runningKernel returns the options for the rules of the running kernel.
func runningKernel() Options {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		panic(err)
	}
	return Options{Kernel: unix.ByteSliceToString(name.Release[:])}
}

func (v *verdicts) agree() bool { return (v.ours == nil) == (v.kernel == nil) }

// explain returns the name of the difference that a disagreement comes from: one in the
// verdicts, or else one in their words. It returns "" if there is none.
func explain(v *verdicts) string {
	all := differences()
	if v.agree() {
		all = wordDifferences()
	}
	if v.opts == (Options{}) {
		if v.agree() {
			all = append(all, releaseWordDifferences()...)
		} else {
			all = append(all, releaseDifferences()...)
		}
	}
	for _, d := range all {
		if d.holds(v) {
			return d.name
		}
	}
	return ""
}

var (
	recordLine = regexp.MustCompile(`^\[(\d+)\] `)
	valueAtEnd = regexp.MustCompile(`:[0-9a-f]+$`)
)

// said returns the last line of the kernel's log, which ends with what is wrong, and the
// id of the type it is about, if any. A line about an element begins with a tab, and
// comes after the line about its record.
func (v *verdicts) said() (id, line string) {
	lines := strings.Split(strings.TrimSpace(v.log), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if m := recordLine.FindStringSubmatch(lines[i]); m != nil {
			id = m[1]
			break
		}
		if !strings.HasPrefix(lines[i], "\t") {
			break
		}
	}
	return id, lines[len(lines)-1]
}

// sameWords reports whether our error begins with the words that the kernel's log ends
// with, apart from a value after them, and is about the type that the kernel names, if
// any.
func (v *verdicts) sameWords() bool {
	var f *btf.FormatError
	if v.spec == nil || !errors.As(v.ours, &f) {
		return false
	}
	id, line := v.said()
	ours, _, _ := strings.Cut(f.Problem, ": ")
	ours, line = valueAtEnd.ReplaceAllString(ours, ""), valueAtEnd.ReplaceAllString(line, "")
	before, ok := strings.CutSuffix(strings.ToLower(line), strings.ToLower(ours))
	return ok && (before == "" || strings.ContainsAny(before[len(before)-1:], " \t")) && (id == "" || id == fmt.Sprint(f.TypeID))
}

// wordDifferences returns the reasons for which Verify and the kernel refuse a blob in
// different words.
func wordDifferences() []difference {
	return []difference{
		{"words: refused when it was loaded, before any of these rules", func(v *verdicts) bool { return v.spec == nil }},
		{"words: a blob over 16 MB, of which the kernel says nothing", func(v *verdicts) bool { return len(v.blob) > uapi.MaxSize && v.log == "" }},
		{"words: a blob of a machine with pointers of another size", func(v *verdicts) bool {
			w := v.withKernelPointer()
			return w != nil && w.sameWords()
		}},
	}
}

// releaseWordDifferences returns the reasons that come from the newest rules.
func releaseWordDifferences() []difference {
	return []difference{
		{"words: 7.1: 32 bytes of header, layout, strings anywhere", func(v *verdicts) bool {
			if !v.needsNewHeader() {
				return false
			}
			var f *btf.FormatError
			w := v.withOldHeader()
			return errors.As(v.ours, &f) && f.Section == "header" || w.ours != nil && w.kernel != nil && (w.sameWords() || explain(w) != "")
		}},
		{"words: 7.2: 24 bits of vlen, 7 bits of kind", func(v *verdicts) bool {
			_, line := v.said()
			return slices.ContainsFunc(slices.Collect(v.spec.All()), func(t btf.Type) bool {
				return line == fmt.Sprintf("[%d] Invalid btf_info:%x", t.ID(), t.Record().Word(4)) && (t.Record().Vlen() > 0xffff || t.Kind() > 31)
			})
		}},
	}
}
