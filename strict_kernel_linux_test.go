// Compares VerifyStrict with the running kernel.

package btf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

var native = binary.NativeEndian

// kernelVerdict gives a blob to BPF_BTF_LOAD. With a log it returns what the kernel
// has to say, which costs a hundred times the verdict alone.
func kernelVerdict(raw []byte, withLog bool) (string, error) {
	// union bpf_attr of include/uapi/linux/bpf.h, the part for BPF_BTF_LOAD.
	type attr struct {
		btf, log                                 uint64
		btfSize, logSize, logLevel, logTrueSize_ uint32
	}
	const btfLoad = 18
	log := make([]byte, 64<<10)
	for {
		var pin runtime.Pinner
		a := attr{btfSize: uint32(len(raw))}
		if len(raw) > 0 {
			pin.Pin(&raw[0])
			a.btf = uint64(uintptr(unsafe.Pointer(&raw[0])))
		}
		if withLog {
			pin.Pin(&log[0])
			a.log, a.logSize, a.logLevel = uint64(uintptr(unsafe.Pointer(&log[0]))), uint32(len(log)), 1
		}
		fd, _, errno := unix.Syscall(unix.SYS_BPF, btfLoad, uintptr(unsafe.Pointer(&a)), unsafe.Sizeof(a))
		pin.Unpin()
		if withLog && errno == unix.ENOSPC && int(a.logTrueSize_) > len(log) {
			log = make([]byte, a.logTrueSize_)
			continue
		}
		if errno == 0 {
			return "", unix.Close(int(fd))
		}
		said, _, _ := strings.Cut(string(log), "\x00")
		return said, errno
	}
}

// kernelPointer is how many bytes the running kernel takes a pointer for, whatever
// this test was compiled for.
var kernelPointer = sync.OnceValue(func() uint32 {
	b := btftest.New(native)
	b.Pointer(0)
	b.Struct("s", 4, btftest.Member{Type: 1})
	if _, err := kernelVerdict(b.Bytes(), false); err == nil {
		return 4
	}
	return 8
})

// A verdicts is one blob and what both say of it.
type verdicts struct {
	from   string
	blob   []byte
	spec   *Spec // nil if loading refused it
	ours   error
	kernel error
	log    func() string // what the kernel says in words
}

// A difference is a rule by which this kernel and VerifyStrict may disagree. It
// looks for the cause in the blob, and not only for the symptom.
type difference struct {
	name  string
	holds func(v *verdicts) bool
}

// differences are all there are between the verdicts of VerifyStrict and Linux 6.18,
// and one more for kernels before 6.15.
func differences() []difference {
	return []difference{
		{"7.1: 32 bytes of header, layout, strings anywhere", func(v *verdicts) bool {
			if !v.needsNewHeader() {
				return false
			}
			// Without what it does not know, the kernel must agree.
			w := v.withOldHeader()
			return v.ours == nil && (w.agree() || explain(w) != "")
		}},
		{"6.15: tags with kind_flag", func(v *verdicts) bool {
			return v.ours == nil && strings.Contains(v.log(), "Invalid btf_info kind_flag") && slices.ContainsFunc(slices.Collect(v.spec.All()), func(t Type) bool {
				return t.flag() && (t.Kind() == KindDeclTag || t.Kind() == KindTypeTag)
			})
		}},
		{"7.2: 24 bits of vlen", func(v *verdicts) bool {
			return v.ours == nil && strings.Contains(v.log(), "Invalid btf_info:") && slices.ContainsFunc(slices.Collect(v.spec.All()), func(t Type) bool {
				return strings.Contains(v.log(), fmt.Sprintf("[%d]", t.id)) && t.vlen() > 0xffff
			})
		}},
		{"7.2: type tags after qualifiers and typedefs", func(v *verdicts) bool {
			return v.ours == nil && strings.Contains(v.log(), "Type tags don't precede modifiers") &&
				slices.ContainsFunc(slices.Collect(v.spec.All()), func(t Type) bool {
					next, err := t.target()
					return err == nil && next.Kind() == KindTypeTag && (modifiers &^ (1 << KindTypeTag)).has(t.Kind())
				})
		}},
		{"a blob of a machine with pointers of other width", func(v *verdicts) bool {
			w := v.withKernelPointer()
			return w != nil && w.agree()
		}},
		{"a header of 21 to 23 bytes, in which no byte of str_len but zeros is missing", func(v *verdicts) bool {
			n := native.Uint32(v.blob[headerLenOffset:])
			return v.kernel == nil && n > 20 && n < headerSize && strings.Contains(v.ours.Error(), "header length must be at least 24")
		}},
		{"over 32 modifiers in a row, which the kernel accepts if it meets the last first", func(v *verdicts) bool {
			return v.kernel == nil && v.spec != nil && v.ours.Error() == fmt.Sprint(v.spec.Verify()) && strings.Contains(v.ours.Error(), "typedefs, qualifiers or arrays follow each other")
		}},
		{"more types than ids, of which the kernel ignores the rest", func(v *verdicts) bool {
			return v.kernel == nil && v.spec != nil && v.spec.NumTypes() >= maxStrictTypes && strings.Contains(v.ours.Error(), "exceeded max num of types")
		}},
		{"members that programs could not use, such as two bpf_spin_lock", func(v *verdicts) bool {
			if v.ours != nil {
				return false
			}
			// By another name, it must be fine.
			_, err := kernelVerdict(bytes.ReplaceAll(v.blob, []byte("bpf_"), []byte("xpf_")), false)
			return err == nil
		}},
	}
}

// needsNewHeader reports whether the kernel only says that it does not know such a
// header, of Linux 7.1.
func (v *verdicts) needsNewHeader() bool {
	return v.spec != nil && v.kernel != nil && v.spec.header.Length >= headerSizeMax &&
		(strings.Contains(v.log(), "Unsupported btf_header") || strings.Contains(v.log(), "String section is not at the end"))
}

// withOldHeader is the same types and strings under the header that all kernels know.
func (v *verdicts) withOldHeader() *verdicts {
	old := btftest.Put(native, append([]byte(nil), v.blob[:headerSize]...), headerLenOffset, headerSize)
	types, names := v.spec.layer.types.bytes, v.spec.layer.strings.bytes
	for i, word := range []int{0, len(types), len(types), len(names)} {
		native.PutUint32(old[8+4*i:], uint32(word))
	}
	return judge(v.from, append(append(old, types...), names...))
}

// withKernelPointer is the same blob read with pointers of the kernel's width, nil if
// it was.
func (v *verdicts) withKernelPointer() *verdicts {
	if v.spec == nil || v.spec.PointerSize() == 0 || v.spec.PointerSize() == int(kernelPointer()) {
		return nil
	}
	w := *v
	w.spec, _ = LoadRawSpec(v.blob)
	w.spec.layer.pointer = kernelPointer()
	w.ours = w.spec.VerifyStrict()
	return &w
}

func judge(from string, raw []byte) *verdicts {
	v := &verdicts{from: from, blob: raw}
	v.spec, v.ours = LoadRawSpec(raw)
	if v.ours == nil {
		v.ours = v.spec.VerifyStrict()
	}
	_, v.kernel = kernelVerdict(raw, false)
	v.log = sync.OnceValue(func() string {
		said, _ := kernelVerdict(raw, true)
		return said
	})
	return v
}

func (v *verdicts) agree() bool { return (v.ours == nil) == (v.kernel == nil) }

// explain returns the name of the difference that a disagreement comes from, in the
// verdict or else in its words.
func explain(v *verdicts) string {
	all := differences()
	if v.agree() {
		all = wordDifferences()
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

// said returns the last line of the kernel's log, which ends in what is wrong, and the
// id in the line about a record that it is or belongs to: lines about an element begin
// with a tab and follow on their record's.
func (v *verdicts) said() (id, line string) {
	lines := strings.Split(strings.TrimSpace(v.log()), "\n")
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
// in, but for a value after them, and is about the type that the kernel names, if any.
func (v *verdicts) sameWords() bool {
	var f *FormatError
	if v.spec == nil || !errors.As(v.ours, &f) {
		return false
	}
	id, line := v.said()
	ours, _, _ := strings.Cut(f.Problem, ": ")
	ours, line = valueAtEnd.ReplaceAllString(ours, ""), valueAtEnd.ReplaceAllString(line, "")
	before, ok := strings.CutSuffix(strings.ToLower(line), strings.ToLower(ours))
	return ok && (before == "" || strings.ContainsAny(before[len(before)-1:], " \t")) && (id == "" || id == fmt.Sprint(f.TypeID))
}

// wordDifferences are why VerifyStrict and the kernel may refuse a blob in other words.
func wordDifferences() []difference {
	return []difference{
		{"words: refused when it was loaded, before any of these rules", func(v *verdicts) bool { return v.spec == nil }},
		{"words: a blob over 16 MB, of which the kernel says nothing", func(v *verdicts) bool { return len(v.blob) > maxStrictSize && v.log() == "" }},
		{"words: 7.1: 32 bytes of header, layout, strings anywhere", func(v *verdicts) bool {
			if !v.needsNewHeader() {
				return false
			}
			var f *FormatError
			w := v.withOldHeader()
			return errors.As(v.ours, &f) && f.Section == "header" || w.ours != nil && w.kernel != nil && (w.sameWords() || explain(w) != "")
		}},
		{"words: 7.2: 24 bits of vlen, 7 bits of kind", func(v *verdicts) bool {
			_, line := v.said()
			return slices.ContainsFunc(slices.Collect(v.spec.All()), func(t Type) bool {
				return line == fmt.Sprintf("[%d] Invalid btf_info:%x", t.id, t.info()) && (t.vlen() > 0xffff || t.Kind() > 31)
			})
		}},
		{"words: a blob of a machine with pointers of other width", func(v *verdicts) bool {
			w := v.withKernelPointer()
			return w != nil && w.sameWords()
		}},
	}
}

// TestStrictIsTheKernels compares VerifyStrict with the running kernel: the verdict,
// and where both refuse, the words and the type that they are about. It does so on
// every word of sound blobs overwritten with every value that is a limit of something,
// on records that break several rules at once, on random graphs of types, and on the
// BTF of real programs and kernels.
// BTF_STRICT_BLOBS says how many random ones to try; a million takes minutes.
func TestStrictIsTheKernels(t *testing.T) {
	if said, err := kernelVerdict(btftest.EveryKind(native).Bytes(), true); err != nil {
		reason := fmt.Sprintf("the running kernel does not load BTF for this process: %v\n%s", err, said)
		if os.Getenv("BTF_REQUIRE_ORACLES") == "1" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	random := 30_000
	if n := os.Getenv("BTF_STRICT_BLOBS"); n != "" {
		var err error
		random, err = strconv.Atoi(n)
		require.NoError(t, err)
	}

	start := time.Now()
	tried, accepted, same, sameType, unexplained := 0, 0, 0, 0, 0
	explained := map[string]int{}
	refusals := map[string]int{}
	try := func(from string, raw []byte) {
		v := judge(from, raw)
		tried++
		if v.kernel == nil {
			accepted++
		}
		if v.ours != nil {
			refusals[problemOf(v)]++
		}
		if v.spec != nil {
			sameInOtherOrder(t, v)
		}
		if v.ours == nil && v.kernel == nil {
			return
		}
		if v.agree() && v.sameWords() {
			same++
			if id, _ := v.said(); id != "" {
				sameType++
			}
		} else if why := explain(v); why != "" {
			explained[why]++
		} else if unexplained++; unexplained <= 20 {
			t.Errorf("%s\nVerifyStrict: %v\nkernel: %v\n%s\nblob: %s", v.from, v.ours, v.kernel, tail(v.log()), dump(v.blob))
		}
	}

	for name, raw := range strictSeeds() {
		try(name, raw)
		mutations(name, raw, try)
	}
	combinations(try)
	for name, raw := range realBlobs(t) {
		try(name, raw)
		if len(raw) > 1<<20 {
			continue
		}
		rng := rand.New(rand.NewPCG(uint64(len(raw)), 1))
		for i := range 400 {
			try(fmt.Sprintf("%s, change %d", name, i), scramble(rng, raw))
		}
	}
	for name, raw := range strictLimits() {
		try(name, raw)
	}
	for i := range random {
		rng := rand.New(rand.NewPCG(uint64(i), 2))
		raw := randomGraph(rng)
		try(fmt.Sprintf("random graph %d", i), raw)
		if i%4 == 0 {
			try(fmt.Sprintf("random graph %d, changed", i), scramble(rng, raw))
		}
	}

	require.Zero(t, unexplained, "disagreements that no difference explains")
	t.Logf("%d blobs and verdicts in %v: the kernel accepts %d, refuses %d", tried, time.Since(start).Round(time.Millisecond), accepted, tried-accepted)
	t.Logf("%d refused by both in the same words, %d of them where the kernel names a type, the same one", same, sameType)
	var name unix.Utsname
	require.NoError(t, unix.Uname(&name))
	release := unix.ByteSliceToString(name.Release[:])
	for _, d := range slices.Concat(differences(), wordDifferences()) {
		t.Logf("%6d explained: %s", explained[d.name], d.name)
		if strings.HasPrefix(release, "6.18.") && !strings.HasPrefix(d.name, "6.15") {
			require.NotZero(t, explained[d.name], "no blob shows the difference %q", d.name)
		}
	}
	for _, problem := range slices.Sorted(maps.Keys(refusals)) {
		t.Logf("%6d × %s", refusals[problem], problem)
	}
}

var digits = regexp.MustCompile(`\d+`)

// problemOf is what all errors of a rule have in common.
func problemOf(v *verdicts) string {
	if v.spec == nil {
		return "refused when it was loaded"
	}
	var f *FormatError
	if !errors.As(v.ours, &f) {
		return "not a FormatError: " + v.ours.Error()
	}
	problem, _, _ := strings.Cut(f.Problem, ": ")
	return digits.ReplaceAllString(problem, "N")
}

func tail(log string) string {
	const lines = 12
	all := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func dump(raw []byte) string {
	if len(raw) > 2<<10 {
		return fmt.Sprintf("%d bytes", len(raw))
	}
	return fmt.Sprintf("%x", raw)
}

// sameInOtherOrder checks that the verdict does not depend on the byte order.
func sameInOtherOrder(t *testing.T, v *verdicts) {
	t.Helper()
	if n := v.spec.header.Length; len(v.blob) > 64<<10 || n != headerSize && n != headerSizeMax {
		return
	}
	h := v.spec.header
	other := append([]byte(nil), v.blob...)
	swap := func(b []byte) {
		for ; len(b) >= 4; b = b[4:] {
			slices.Reverse(b[:4])
		}
	}
	slices.Reverse(other[:2])
	swap(other[4:min(h.Length, uint32(len(other)))])
	swap(other[h.Length+h.TypeOffset:][:h.TypeLength])
	spec, err := LoadRawSpec(other)
	if err == nil {
		err = spec.VerifyStrict()
	}
	require.Equal(t, fmt.Sprint(v.ours), fmt.Sprint(err), "%s, in the other byte order", v.from)
}

// mutations yields raw with each of its words overwritten, with each byte of its
// strings overwritten, cut and lengthened.
func mutations(name string, raw []byte, yield func(string, []byte)) {
	limits := []uint32{
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 16, 17, 31, 32, 33, 64, 127, 128, 129, 255, 256,
		0xffff, 0x10000, 0xfffff, 0x100000, 0xffffff, 0x1000000, 0x2000000, 0x4000000, 0x8000000,
		0x01000020, 0x01080010, 0x02000008, 0x04000008, 0x20000001, 0x80000001,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	}
	end := len(raw) - int(native.Uint32(raw[20:]))
	for at := 0; at+4 <= end; at += 4 {
		was := native.Uint32(raw[at:])
		values := slices.Concat(limits, []uint32{was + 1, was - 1, was + 4, was - 4, was * 2})
		for bit := range 32 {
			values = append(values, was^1<<bit)
		}
		for kind := range uint32(24) {
			values = append(values, was&^(kindMask<<kindShift)|kind<<kindShift)
		}
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			if value != was {
				yield(fmt.Sprintf("%s, 0x%x at 0x%x instead of 0x%x", name, value, at, was), btftest.Put(native, raw, at, value))
			}
		}
	}
	for at := end; at < len(raw); at++ {
		for _, c := range []byte{0, ' ', '.', '0', '?', '_', 'a', 0x7f, 0x80, 0xa0, 0xc0, 0xd7} {
			changed := append([]byte(nil), raw...)
			changed[at] = c
			yield(fmt.Sprintf("%s, 0x%02x at 0x%x", name, c, at), changed)
		}
	}
	for n := range raw {
		yield(fmt.Sprintf("%s, cut to %d bytes", name, n), raw[:n])
	}
	for n := range 5 {
		yield(fmt.Sprintf("%s, with %d bytes more", name, n), append(append([]byte(nil), raw...), make([]byte, n)...))
	}
}

// combinations yields records of every kind with each combination of a few values in
// their words. They break many rules at once, and the kernel says which it asks first.
// A loop before them would be found later than all of that.
func combinations(yield func(string, []byte)) {
	for kind := KindInt; kind <= KindEnum64; kind++ {
		shape := knownShapes[kind]
		for n, rest := 0, 0; ; n++ {
			rest = n
			pick := func(values ...uint32) uint32 {
				v := values[rest%len(values)]
				rest /= len(values)
				return v
			}
			b := btftest.New(native)
			b.Const(1)
			name := pick(0, b.String("a"), b.String("b c"))
			info := btftest.Info(uint32(kind), pick(0, 1, 2), pick(0, 1) == 1)
			third := pick(0, 1, 4, 0x200000)
			words := make([]uint32, (shape&0xff+shape>>8&0xff)/4)
			for i := range words {
				words[i] = pick(0, 3, 0x200000, 0xf0000000)
			}
			if rest > 0 {
				break
			}
			once := shape & 0xff / 4
			all := words[:once:once]
			for each := words[once:]; len(all) < int(shape.length(info)-recordSize)/4; {
				all = append(all, each...)
			}
			b.Record(name, info, third, all...)
			yield(fmt.Sprintf("%v, combination %d", kind, n), b.Bytes())
		}
	}
}

// scramble changes one to three things of raw.
func scramble(rng *rand.Rand, raw []byte) []byte {
	raw = append([]byte(nil), raw...)
	words := len(raw) / 4
	for range 1 + rng.IntN(3) {
		at := 4 * rng.IntN(words)
		if rng.IntN(4) != 0 {
			at = headerSize + 4*rng.IntN(int(native.Uint32(raw[12:])/4)%words+1)
		}
		if at+4 > len(raw) {
			continue
		}
		was := native.Uint32(raw[at:])
		switch rng.IntN(5) {
		case 0:
			was ^= 1 << rng.IntN(32)
		case 1:
			was = rng.Uint32N(40)
		case 2:
			was += rng.Uint32N(17) - 8
		case 3:
			was = native.Uint32(raw[4*rng.IntN(words):])
		case 4:
			was = was&^(kindMask<<kindShift) | rng.Uint32N(21)<<kindShift
		}
		native.PutUint32(raw[at:], was)
	}
	return raw
}

// strictSeeds are small blobs that the kernel takes, or nearly.
func strictSeeds() map[string][]byte {
	seeds := map[string][]byte{
		"every kind":   btftest.EveryKind(native).Bytes(),
		"a layout":     btftest.Unknown(native).Bytes(),
		"with nothing": btftest.New(native).Bytes(),
	}
	build := func(name string, f func(b *btftest.Builder)) {
		b := btftest.New(native)
		f(b)
		seeds[name] = b.Bytes()
	}
	build("old bitfields", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.OldInt("three", 4, 0, 2, 3)
		b.OldInt("half", 16, 0, 64, 64)
		b.Const(2)
		b.Struct("s", 16, btftest.Member{Name: "a", Type: 2}, btftest.Member{Name: "b", Type: 4, Offset: 8}, btftest.Member{Name: "c", Type: 1, Offset: 32}, btftest.Member{Name: "d", Type: 3, Offset: 64})
	})
	build("new bitfields", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.Enum("e", 4, false, btftest.Value{Name: "E"})
		b.Enum64("f", 8, false, btftest.Value{Name: "F"})
		b.Typedef("t", 1)
		b.Float("double", 8)
		b.Pointer(6)
		b.Struct("s", 40,
			btftest.Member{Name: "a", Type: 1, Bitfield: 3}, btftest.Member{Name: "b", Type: 4, Offset: 3, Bitfield: 7},
			btftest.Member{Name: "c", Type: 2, Offset: 16, Bitfield: 2}, btftest.Member{Name: "d", Type: 3, Offset: 32, Bitfield: 30},
			btftest.Member{Name: "e", Type: 5, Offset: 64}, btftest.Member{Name: "f", Type: 6, Offset: 128}, btftest.Member{Name: "g", Type: 2, Offset: 192})
	})
	build("floats of every size", func(b *btftest.Builder) {
		var members []btftest.Member
		for i, size := range []uint32{2, 4, 8, 12, 16} {
			members = append(members, btftest.Member{Name: "m", Type: b.Float("", size), Offset: uint32(i) * 128})
		}
		b.Struct("s", 80, members...)
		b.Union("u", 16, btftest.Member{Name: "a", Type: 5}, btftest.Member{Name: "b", Type: 1})
	})
	build("arrays", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.Array(1, 1, 2)
		b.Array(2, 4, 3)
		b.Typedef("index", 1)
		b.Const(3)
		b.Array(5, 1, 0)
		b.Struct("s", 28, btftest.Member{Name: "a", Type: 3}, btftest.Member{Type: 1, Offset: 192}, btftest.Member{Name: "flexible", Type: 6, Offset: 224})
		b.Pointer(3)
		b.Array(8, 1, 0x1fffffff)
	})
	build("through pointers", func(b *btftest.Builder) {
		b.Pointer(2)
		b.Const(3)
		b.Struct("a", 16, btftest.Member{Name: "p", Type: 4}, btftest.Member{Name: "q", Type: 1, Offset: 64})
		b.Pointer(5)
		b.Union("b", 16, btftest.Member{Name: "a", Type: 3}, btftest.Member{Name: "t", Type: 6})
		b.Typedef("p_t", 7)
		b.Pointer(8)
		b.TypeTag("user", 9, false)
		b.Volatile(10)
		b.Restrict(4)
	})
	build("functions", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.FuncProto(0)
		b.FuncProto(4, btftest.Param{Name: "a", Type: 1}, btftest.Param{Name: "b", Type: 5}, btftest.Param{})
		b.Pointer(3)
		b.Const(4)
		b.Func("f", 3, 1)
		b.Func("g", 2, 0)
		b.DeclTag("arg:nonnull", 6, 1, true)
		b.FuncProto(1, btftest.Param{Type: 1})
		b.Pointer(9)
	})
	build("sections", func(b *btftest.Builder) {
		b.Datasec(".data", 24, btftest.Variable{Type: 3, Offset: 0, Size: 4}, btftest.Variable{Type: 4, Offset: 8, Size: 16})
		b.Int("int", 4, btftest.Signed)
		b.Var("x", 2, 1)
		b.Var("y", 5, 0)
		b.Array(2, 2, 4)
		b.Datasec("?.foo bar:buz", 4, btftest.Variable{Type: 3, Offset: 0, Size: 4})
		b.Datasec("empty", 4)
		b.DeclTag("t", 3, -1, false)
		b.Var("p", 10, 1)
		b.Const(11)
		b.Pointer(10)
	})
	build("a section before all else", func(b *btftest.Builder) {
		b.Datasec(".bss", 40, btftest.Variable{Type: 2, Size: 8}, btftest.Variable{Type: 3, Offset: 8, Size: 4},
			btftest.Variable{Type: 4, Offset: 16, Size: 8}, btftest.Variable{Type: 5, Offset: 32, Size: 8})
		b.Var("p", 6, 1)
		b.Var("c", 7, 1)
		b.Var("a", 8, 1)
		b.Var("s", 9, 0)
		b.Pointer(7)
		b.Const(10)
		b.Array(7, 10, 2)
		b.Struct("s", 8, btftest.Member{Name: "m", Type: 8})
		b.Int("int", 4, btftest.Signed)
	})
	return seeds
}

// strictLimits are blobs at the edges of rules that a change of one word does not
// reach.
func strictLimits() map[string][]byte {
	all := map[string][]byte{}
	build := func(name string, f func(b *btftest.Builder)) {
		b := btftest.New(native)
		f(b)
		all[name] = b.Bytes()
	}
	for c := range 256 {
		for _, name := range []string{string([]byte{byte(c)}), string([]byte{'a', byte(c)})} {
			build(fmt.Sprintf("struct named %q", name), func(b *btftest.Builder) { b.Struct(name, 0) })
			build(fmt.Sprintf("section named %q", name), func(b *btftest.Builder) { b.Datasec(name, 4) })
			build(fmt.Sprintf("float named %q", name), func(b *btftest.Builder) { b.Float(name, 4) })
		}
	}
	for _, n := range []int{511, 512, 513, 4096} {
		long := strings.Repeat("a", n)
		build(fmt.Sprintf("struct with a name of %d bytes", n), func(b *btftest.Builder) { b.Struct(long, 0) })
		build(fmt.Sprintf("section with a name of %d bytes", n), func(b *btftest.Builder) { b.Datasec(long, 1) })
		build(fmt.Sprintf("float with a name of %d bytes", n), func(b *btftest.Builder) { b.Float(long, 4) })
		build(fmt.Sprintf("tag with a name of %d bytes", n), func(b *btftest.Builder) { b.Struct("s", 0); b.DeclTag(long, 1, -1, false) })
	}
	for n := range uint32(40) {
		build(fmt.Sprintf("%d qualifiers, each of the next", n), func(b *btftest.Builder) {
			for i := range n {
				b.Const(i + 2)
			}
			b.Int("int", 4, 0)
		})
		build(fmt.Sprintf("%d qualifiers, each of the one before", n), func(b *btftest.Builder) {
			b.Int("int", 4, 0)
			for i := range n {
				b.Const(i + 1)
			}
		})
		build(fmt.Sprintf("%d and 20 qualifiers", n), func(b *btftest.Builder) {
			b.Pointer(4 + n)
			b.Const(4)
			b.Int("int", 4, 0)
			for i := range n + 20 {
				b.Const(i + 5)
			}
			b.Int("int", 4, 0)
		})
		build(fmt.Sprintf("%d pointers, each to the next", n), func(b *btftest.Builder) {
			for i := range n {
				b.Pointer(i + 2)
			}
			b.Float("f", 4)
		})
		build(fmt.Sprintf("%d structs, each in the one before", n), func(b *btftest.Builder) {
			for i := range n {
				b.Struct("s", 4, btftest.Member{Type: i + 2})
			}
			b.Int("int", 4, 0)
		})
		build(fmt.Sprintf("%d arrays, each of the next", n), func(b *btftest.Builder) {
			b.Int("int", 4, 0)
			for i := range n {
				b.Array(i+3, 1, 1)
			}
			b.Int("int", 4, 0)
		})
		build(fmt.Sprintf("tags under %d qualifiers", n), func(b *btftest.Builder) {
			b.Pointer(3)
			b.Int("int", 4, 0)
			for range n % 5 {
				b.Const(b.Next() + 1)
			}
			for range n / 5 {
				b.TypeTag("rcu", b.Next()+1, n%2 == 0)
			}
			b.Volatile(2)
			b.Struct("s", 8, btftest.Member{Name: "p", Type: 1})
		})
	}
	for length := range uint32(48) {
		for _, order := range [][]btftest.Part{
			{btftest.Types, btftest.Strings}, {btftest.Strings, btftest.Types}, {btftest.Types, btftest.Layout, btftest.Strings}, {btftest.Types, btftest.Strings, btftest.Layout},
			{btftest.Layout, btftest.Types, btftest.Strings}, {btftest.Strings, btftest.Layout, btftest.Types}, {btftest.Layout, btftest.Strings, btftest.Types}, {btftest.Strings, btftest.Types, btftest.Layout},
		} {
			for gap := range 2 {
				b := btftest.New(native)
				b.Int("int", 4, btftest.Signed)
				b.Struct("abc", 4, btftest.Member{Name: "x", Type: 1})
				b.Layout(19, 0, 12)
				b.HeaderLen = max(length, headerSizeMax)
				raw := b.Arrange(4*gap, order...)
				raw = append(raw[:length:length], raw[b.HeaderLen:]...)
				if length >= headerLenOffset+4 {
					native.PutUint32(raw[headerLenOffset:], length)
				}
				all[fmt.Sprintf("header of %d bytes, %v, gaps of %d", length, order, 4*gap)] = raw
				if length > headerSize {
					raw = append([]byte(nil), raw...)
					raw[length-1] = 1
					all[fmt.Sprintf("header of %d bytes, %v, gaps of %d, the last byte 1", length, order, 4*gap)] = raw
				}
			}
		}
	}
	for _, n := range []uint32{0xfffe, 0xffff, 0x10000, 0x10001} {
		many := func(kind Kind, third uint32, each ...uint32) {
			build(fmt.Sprintf("%v of %d elements", kind, n), func(b *btftest.Builder) {
				b.Int("E", 4, 0)
				b.Record(0, btftest.Info(uint32(kind), n, false), third, slices.Repeat(each, int(n))...)
			})
		}
		const name = 1
		many(KindEnum, 4, name, 5)
		many(KindEnum64, 8, name, 5, 0)
		many(KindStruct, 4, name, 1, 0)
		many(KindUnion, 4, 0, 1, 0)
		many(KindFuncProto, 0, name, 1)
	}
	// Types whose ids reach the last there can be, by a million of 12 bytes.
	for _, n := range []uint32{maxStrictTypes - 1, maxStrictTypes, maxStrictTypes + 1, maxStrictTypes + 2} {
		raw := btftest.New(native).Bytes()
		types := make([]byte, 0, n*recordSize)
		for range n {
			types = native.AppendUint32(types, 0)
			types = native.AppendUint32(types, btftest.Info(16, 0, false))
			types = native.AppendUint32(types, 4)
		}
		native.PutUint32(raw[12:], uint32(len(types)))
		native.PutUint32(raw[16:], uint32(len(types)))
		all[fmt.Sprintf("%d types", n)] = slices.Concat(raw[:headerSize], types, raw[headerSize:])
		types = btftest.Put(native, types, len(types)-4, 3)
		all[fmt.Sprintf("%d types, the last of 3 bytes", n)] = slices.Concat(raw[:headerSize], types, raw[headerSize:])
	}
	for _, n := range []int{maxStrictSize - headerSize - recordSize, maxStrictSize - headerSize - recordSize + 1} {
		b := btftest.New(native)
		b.Float("", 4)
		raw := b.Bytes()
		native.PutUint32(raw[20:], uint32(n))
		all[fmt.Sprintf("%d bytes of strings", n)] = append(raw, make([]byte, n-1)...)
	}
	build("two spin locks", func(b *btftest.Builder) {
		b.Int("int", 4, 0)
		b.Struct("bpf_spin_lock", 4, btftest.Member{Name: "val", Type: 1})
		b.Struct("s", 8, btftest.Member{Name: "a", Type: 2}, btftest.Member{Name: "b", Type: 2, Offset: 32})
	})
	for _, size := range []uint32{4, 8} {
		for _, room := range []uint32{3, 4, 7, 8} {
			build(fmt.Sprintf("pointer beside a long of %d bytes in %d", size, room), func(b *btftest.Builder) {
				b.Int("long", size, btftest.Signed)
				b.Pointer(1)
				b.Struct("s", room, btftest.Member{Name: "p", Type: 2})
			})
		}
	}
	return all
}

// realBlobs are the BTF of programs as compilers leave it and as a loader completes
// it, and that of kernels.
func realBlobs(t *testing.T) map[string][]byte {
	all := map[string][]byte{}
	vmlinux := btftest.Vmlinux(t)
	if native.Uint16(vmlinux) == magic {
		all["vmlinux of 6.12"] = vmlinux
	}
	if running, err := os.ReadFile(kernelBTF + "vmlinux"); err == nil {
		all["the running kernel"] = running
	}
	objects, err := filepath.Glob(filepath.Join(btftest.CorpusDir(), "bpf", "*.o"))
	require.NoError(t, err)
	for _, path := range objects {
		f, err := elf.Open(path)
		require.NoError(t, err)
		section := f.Section(".BTF")
		if section == nil {
			continue
		}
		raw, err := section.Data()
		require.NoError(t, err)
		require.NoError(t, f.Close())
		if native.Uint16(raw) != magic {
			continue
		}
		name := filepath.Base(path)
		all[name] = raw
		all[name+" as loaded"] = completed(t, raw)
	}
	return all
}

// completed fills in what a loader does: the sizes of sections, the offsets of
// their variables, one after the other, and a linkage in place of extern.
func completed(t *testing.T, raw []byte) []byte {
	raw = append([]byte(nil), raw...)
	spec, err := LoadRawSpec(raw)
	require.NoError(t, err)
	put := func(typ Type, off, word uint32) {
		native.PutUint32(raw[spec.header.Length+spec.header.TypeOffset+typ.off+off:], word)
	}
	for typ := range spec.All() {
		switch typ.Kind() {
		case KindFunc:
			put(typ, 4, btftest.Info(uint32(KindFunc), min(typ.vlen(), 1), false))
		case KindVar:
			put(typ, recordSize, min(typ.word(recordSize), 1))
		case KindDatasec:
			end := uint32(0)
			for i := range typ.vlen() {
				at := recordSize + i*varSecinfoSize
				put(typ, at+4, end)
				size := max(typ.word(at+8), 4)
				put(typ, at+8, size)
				end += size
			}
			put(typ, 8, max(end, 4))
		}
	}
	return raw
}

// randomGraph is a blob of up to 16 types that refer to each other at random: most
// of what else could be wrong is right, so that the kernel gets to following them.
func randomGraph(rng *rand.Rand) []byte {
	b := btftest.New(native)
	n := 2 + rng.Uint32N(15)
	kinds := make([]Kind, n+1)
	for id := range kinds {
		kinds[id] = Kind(1 + rng.IntN(19))
	}
	kinds[1+rng.Uint32N(n)] = KindInt
	if rng.IntN(4) == 0 {
		for id := range kinds[1:] {
			kinds[1+id] = []Kind{KindVar, KindDatasec, KindPointer, KindConst, KindStruct, KindArray, KindInt}[rng.IntN(7)]
		}
	}
	maybe := func(one int) bool { return rng.IntN(one) == 0 }
	// Half of the graphs have hardly a loop: their types refer to those of lower rank,
	// whatever their ids.
	rank, ranked := rng.Perm(int(n+1)), maybe(2)
	pick := func(want kindSet) uint32 {
		id := rng.Uint32N(n + 1)
		for range 4 * n {
			if id != 0 && want.has(kinds[id]) && (!ranked || rank[id] < rank[b.Next()]) || maybe(300) {
				break
			}
			id = rng.Uint32N(n + 1)
		}
		return id
	}
	name := func() string {
		if maybe(300) {
			return "h i"
		}
		return []string{"a", "b", "cd", "e.f", "_g0", "long"}[rng.IntN(6)]
	}
	of := func(sizes ...uint32) uint32 {
		if maybe(200) {
			return rng.Uint32N(40)
		}
		return sizes[rng.IntN(len(sizes))]
	}
	values := sizedKinds | modifiers | pointerKinds | arrayKinds
	values &^= 1 << KindDatasec
	targets := ^sourceOnlyKinds &^ (1 << KindFunc)
	for _, kind := range kinds[1:] {
		var info uint32
		if maybe(200) {
			info = kindFlag
		}
		record := func(name string, vlen, third uint32, rest ...uint32) {
			b.Record(b.String(name), info|uint32(kind)<<kindShift|vlen, third, rest...)
		}
		switch kind {
		case KindInt:
			size := of(1, 2, 4, 8, 16)
			payload := size*8 | []uint32{0, 1, 2, 4}[rng.IntN(4)]<<24
			if maybe(6) {
				payload = rng.Uint32N(size*8+1) | rng.Uint32N(9)<<16
			}
			record(name(), 0, size, payload)
		case KindPointer, KindVolatile, KindConst, KindRestrict:
			record("", 0, pick(targets))
		case KindTypedef:
			record(name(), 0, pick(targets))
		case KindTypeTag:
			record("tag text", 0, pick(targets))
		case KindArray:
			record("", 0, 0, pick(values), pick(1<<KindInt), of(0, 1, 2, 3, 0x10000, 0x1000000))
		case KindStruct, KindUnion:
			var words []uint32
			at, count := uint32(0), rng.Uint32N(5)
			flag := maybe(2)
			if flag {
				info ^= kindFlag
			}
			for range count {
				offset := at
				if flag && maybe(3) {
					offset |= rng.Uint32N(33) << 24
				}
				words = append(words, b.String(name()), pick(values), offset)
				if kind == KindStruct {
					at += []uint32{0, 3, 8, 16, 32, 64, 64, 64, 64}[rng.IntN(9)]
				}
			}
			record(name(), count, of(at/8+8, at/8+16, 0x20000000), words...)
		case KindEnum, KindEnum64:
			each := uint32(1)
			if kind == KindEnum64 {
				each = 2
			}
			var words []uint32
			count := rng.Uint32N(3)
			for range count {
				words = append(append(words, b.String(name())), make([]uint32, each)...)
			}
			info ^= rng.Uint32N(2) << 31
			record(name(), count, of(1, 2, 4, 8), words...)
		case KindFwd:
			info ^= rng.Uint32N(2) << 31
			record(name(), 0, 0)
		case KindFunc:
			record(name(), of(0, 1)&3, pick(1<<KindFuncProto))
		case KindFuncProto:
			var words []uint32
			count := rng.Uint32N(4)
			for i := range count {
				if i == count-1 && maybe(4) {
					words = append(words, 0, 0)
				} else if maybe(8) {
					words = append(words, 0, pick(values))
				} else {
					words = append(words, b.String(name()), pick(values))
				}
			}
			result := uint32(0)
			if maybe(2) {
				result = pick(values)
			}
			record("", count, result, words...)
		case KindVar:
			record(name(), 0, pick(values), rng.Uint32N(2))
		case KindDatasec:
			var words []uint32
			end, count := uint32(0), rng.Uint32N(4)
			for range count {
				size := of(1, 4, 8, 16, 64)
				words = append(words, pick(1<<KindVar), end, size)
				end += size
			}
			record(".data", count, end+of(0, 4), words...)
		case KindFloat:
			record(name(), 0, of(2, 4, 8, 12, 16))
		case KindDeclTag:
			component := ^uint32(0)
			if maybe(2) {
				component = rng.Uint32N(4)
			}
			record("decl tag", 0, pick(taggedKinds), component)
		}
	}
	return b.Bytes()
}
