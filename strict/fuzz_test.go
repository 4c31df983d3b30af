// Fuzzes Verify: it answers for all bytes that load, and in both byte orders the same.

package strict

import (
	"errors"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
)

// FuzzVerify checks a blob that stands alone.
func FuzzVerify(f *testing.F) {
	for _, raw := range seeds() {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		spec, err := btf.LoadRawSpec(blob)
		if err != nil {
			return
		}
		verdict := answers(t, spec)
		sameInOtherOrder(t, "fuzzed", blob, spec, Options{}, verdict)
	})
}

// FuzzVerifySplit checks a blob that is split from another.
func FuzzVerifySplit(f *testing.F) {
	base, mid, top := btftest.Stack(native)
	f.Add(base.Bytes(), mid.Bytes())
	f.Add(mid.Bytes(), top.Bytes())
	for _, raw := range seeds() {
		f.Add(base.Bytes(), raw)
		f.Add(raw, raw)
	}
	f.Fuzz(func(t *testing.T, base, split []byte) {
		under, err := btf.LoadRawSpec(base)
		if err != nil {
			return
		}
		spec, err := btf.LoadRawSplitSpec(split, under)
		if err != nil {
			return
		}
		answers(t, spec)
	})
}

// answers returns what Verify says. It says what is wrong and where, and accepts nothing
// that cannot be read.
func answers(t *testing.T, spec *btf.Spec) error {
	err := Verify(spec)
	if err == nil && spec.Verify() != nil {
		t.Fatalf("accepted, but %v", spec.Verify())
	}
	var format *btf.FormatError
	if err != nil && (!errors.As(err, &format) || format.Problem == "") {
		t.Fatalf("not a FormatError: %v", err)
	}
	return err
}
