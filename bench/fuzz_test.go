package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	rival "github.com/cilium/ebpf/btf"
	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// rivalLimit keeps blobs small: lists of the other reader grow with what a few bytes
// claim there is.
const rivalLimit = 4 << 10

// seeds are the small blobs of the repository.
func seeds(t testing.TB) (blobs [][]byte) {
	paths, err := filepath.Glob(btftest.Testdata("*.btf"))
	require.NoError(t, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		if len(b) <= rivalLimit {
			blobs = append(blobs, b)
		}
	}
	require.NotEmpty(t, blobs)
	return blobs
}

// FuzzRival: where both readers accept a blob, and every type of it, both say the same
// of each. Patches, of 4 bytes each, change words of a blob and leave its frame whole.
func FuzzRival(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, []byte(nil))
	}
	f.Fuzz(func(t *testing.T, raw, patches []byte) {
		if len(raw) <= rivalLimit {
			sameOfBoth(t, patched(raw, patches))
		}
	})
}

// TestRivalPatched is FuzzRival with patches of chance, the same every time.
func TestRivalPatched(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	tried, compared := 0, 0
	blobs := seeds(t)
	for range 1_000_000 {
		patches := make([]byte, 4*(1+random.IntN(4)))
		for i := range patches {
			patches[i] = byte(random.Uint32())
		}
		tried++
		if sameOfBoth(t, patched(blobs[random.IntN(len(blobs))], patches)) {
			compared++
		}
	}
	t.Logf("%d blobs, of which both readers accept and were compared on %d", tried, compared)
	require.Greater(t, compared, tried/10)
}

// patched is a blob with each patch's word, half of them ids and the like and half of
// the same word with one bit turned, at its place after the header.
func patched(raw, patches []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if len(raw) > 0 && raw[0] == 0xeb {
		order = binary.BigEndian
	}
	const header = 24
	raw = bytes.Clone(raw)
	for words := (len(raw) - header) / 4; words > 0 && len(patches) >= 4; patches = patches[4:] {
		at := header + 4*(int(patches[0])|int(patches[1])<<8)%(4*words)
		at -= at % 4
		word := raw[at : at+4]
		if patches[2]%2 == 0 {
			order.PutUint32(word, uint32(patches[3]%64))
		} else {
			order.PutUint32(word, order.Uint32(word)^1<<(patches[3]%32))
		}
	}
	return raw
}

// sameOfBoth fails if both readers accept a blob and say different things, and reports
// whether they could be compared.
func sameOfBoth(t *testing.T, raw []byte) bool {
	ours, err := btf.LoadRawSpec(raw)
	if err != nil || ours.Verify() != nil {
		return false
	}
	theirs, err := readRival(raw)
	if err != nil {
		return false
	}
	p := pair{ours, theirs}
	for typ := range ours.All() {
		if typ.Kind() > btf.KindEnum64 {
			return false // kinds that the other knows nothing of, or reads as others
		}
		if v, err := btf.As[btf.Int](typ); err == nil && (v.Offset() != 0 || v.Bits() != 8*btf.Bits(v.Size())) {
			return false // the other knows old bitfields only by members that name the INT itself
		}
		if v, err := btf.As[btf.Func](typ); err == nil && v.Linkage() > 1<<16-1 {
			return false // the other reads 16 bits of the 24 that Linux 7.1 gave to vlen
		}
		their, err := theirs.TypeByID(rival.TypeID(typ.ID()))
		if err != nil {
			return false
		}
		if want, got := p.describeTheirs(their), p.describe(typ); want != got {
			t.Fatalf("%v:\nthis package %s\nthe other    %s", typ, got, want)
		}
	}
	return true
}

// readRival opens a blob with the other reader. One that makes it panic is not accepted.
func readRival(raw []byte) (_ *rival.Spec, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("it panics")
		}
	}()
	return rival.LoadSpecFromReader(bytes.NewReader(raw))
}
