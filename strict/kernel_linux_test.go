// Compares Verify with the running kernel.

package strict

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestStrictIsTheKernels compares Verify by the rules of the running kernel with that
// kernel: the verdict, and if both refuse, the words and the type that they are about. By
// the newest rules, only what releases changed may be different. The blobs are sound ones of which
// each word is overwritten with each value that is a limit of something, records that
// break several rules at once, random graphs of types, and the BTF of real programs and
// kernels.
//
// BTF_STRICT_BLOBS sets the number of random graphs. A million takes minutes.
func TestStrictIsTheKernels(t *testing.T) {
	btftest.Long(t)
	if log, err := kernelVerdict(btftest.EveryKind(native).Bytes()); err != nil {
		btftest.Missing(t, fmt.Sprintf("the running kernel does not load BTF for this process: %v\n%s", err, log))
	}
	random := 30_000
	if n := os.Getenv("BTF_STRICT_BLOBS"); n != "" {
		var err error
		random, err = strconv.Atoi(n)
		require.NoError(t, err)
	}

	start := time.Now()
	opts := runningKernel()
	tried, accepted, same, sameType, unexplained := 0, 0, 0, 0, 0
	explained, disagreed := map[string]int{}, map[string]int{}
	refusals := map[string]int{}
	try := func(from string, raw []byte) {
		v := judge(from, raw, opts)
		tried++
		if v.kernel == nil {
			accepted++
		}
		if v.ours != nil {
			refusals[problemOf(v)]++
		}
		if v.spec != nil {
			sameInOtherOrder(t, v.from, v.blob, v.spec, v.opts, v.ours)
		}
		if w := v.byNewest(); !w.agree() || w.kernel != nil && !w.sameWords() {
			if why := explain(w); why != "" {
				explained[why]++
			} else if unexplained++; unexplained <= 20 {
				t.Errorf("%s\nVerify by the newest rules: %v\nkernel: %v\n%s\nblob: %s", w.from, w.ours, w.kernel, tail(w.log), dump(w.blob))
			}
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
			if !v.agree() {
				disagreed[why]++
			}
		} else if unexplained++; unexplained <= 20 {
			t.Errorf("%s\nVerify: %v\nkernel: %v\n%s\nblob: %s", v.from, v.ours, v.kernel, tail(v.log), dump(v.blob))
		}
	}

	for name, raw := range seeds() {
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
	for name, raw := range limits() {
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
	t.Logf("both refuse %d in the same words; for %d of them the kernel names a type, which is the same", same, sameType)
	t.Logf("verdicts that differ from those of the running kernel: %v", disagreed)
	for _, d := range releaseDifferences() {
		require.Zero(t, disagreed[d.name], "by its own rules, the kernel differs: %s", d.name)
	}
	for _, d := range slices.Concat(differences(), wordDifferences(), releaseDifferences(), releaseWordDifferences()) {
		t.Logf("%6d explained: %s", explained[d.name], d.name)
		if strings.HasPrefix(opts.Kernel, "6.18.") && !strings.HasPrefix(d.name, "6.15") {
			require.NotZero(t, explained[d.name], "no blob shows the difference %q", d.name)
		}
	}
	for _, problem := range slices.Sorted(maps.Keys(refusals)) {
		t.Logf("%6d × %s", refusals[problem], problem)
	}
}

var digits = regexp.MustCompile(`\d+`)

// problemOf returns what all errors of a rule have in common.
func problemOf(v *verdicts) string {
	if v.spec == nil {
		return "refused when it was loaded"
	}
	var f *btf.FormatError
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
