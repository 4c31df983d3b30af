// Says which rules each release of the kernel has.

package strict

import (
	"fmt"
	"strconv"

	"github.com/seed-6c4a6465/btf"
)

// Options say by which rules [Options.Verify] checks.
type Options struct {
	// Kernel is the release of the kernel that has the rules, such as "6.18", or as
	// uname -r prints it: "6.18.44-generic". "" stands for the newest release whose
	// rules this package has, as does every later one. Releases before 5.2 are an
	// error: they do not accept BTF of programs with variables.
	//
	// Kernels of distributions may have rules of later releases, and updates of a
	// release may be more tolerant than the release was.
	Kernel string
}

// A release is a release of the kernel: the major number in the upper 16 bits, the minor
// one in the lower.
type release uint32

// Releases in which a rule changed.
const (
	linux5_2  release = 5<<16 | 2  // VAR, DATASEC
	linux5_6  release = 5<<16 | 6  // global functions
	linux5_13 release = 5<<16 | 13 // FLOAT
	linux5_16 release = 5<<16 | 16 // DECL_TAG
	linux5_17 release = 5<<16 | 17 // TYPE_TAG
	linux5_18 release = 5<<16 | 18 // no type tag after a typedef or qualifier
	linux6_0  release = 6 << 16    // ENUM64, signed ENUM
	linux6_5  release = 6<<16 | 5  // dots in all identifiers
	linux6_9  release = 6<<16 | 9  // any printable text as name of a DATASEC
	linux6_15 release = 6<<16 | 15 // kind_flag of decl tags and type tags
	linux7_1  release = 7<<16 | 1  // 32 bytes of header: layout section, strings anywhere
	linux7_2  release = 7<<16 | 2  // 24 bits of vlen, type tags anywhere

	newest = linux7_2
)

// parseRelease reads the first two numbers of a release.
func parseRelease(text string) (release, error) {
	if text == "" {
		return newest, nil
	}
	var numbers [2]uint64
	rest := text
	for i := range numbers {
		n := 0
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		var err error
		if numbers[i], err = strconv.ParseUint(rest[:n], 10, 16); err != nil || i == 0 && (n == len(rest) || rest[n] != '.') {
			return 0, fmt.Errorf("btf: release of a kernel must begin with two numbers, such as 6.18, is %.64q", text)
		}
		rest = rest[min(n+1, len(rest)):]
	}
	r := release(numbers[0]<<16 | numbers[1])
	if r < linux5_2 {
		return 0, fmt.Errorf("btf: rules of Linux %d.%d: the first known are those of 5.2: %w", numbers[0], numbers[1], btf.ErrNotSupported)
	}
	return min(r, newest), nil
}

// lastKind returns the highest kind that the release knows.
func (r release) lastKind() btf.Kind {
	switch {
	case r < linux5_13:
		return btf.KindDatasec
	case r < linux5_16:
		return btf.KindFloat
	case r < linux5_17:
		return btf.KindDeclTag
	case r < linux6_0:
		return btf.KindTypeTag
	}
	return btf.KindEnum64
}

// infoMask has the bits of the second word of a record that the release knows.
func (r release) infoMask() uint32 {
	if r < linux7_2 {
		return 0x9f00ffff // BTF_INFO_MASK of kernel/bpf/btf.c
	}
	return ^uint32(0)
}

// tagsFirst reports whether type tags must come before the typedefs and qualifiers that
// are between a pointer and its target.
func (r release) tagsFirst() bool { return r >= linux5_18 && r < linux7_2 }

// rule returns the rule that the release has for the names that are under a rule of the
// newest release.
func (r release) rule(rule nameRule) nameRule {
	switch {
	case rule == identifier && r < linux6_5:
		return identifierNoDots
	case rule == identifierOrNone && r < linux6_5:
		return identifierNoDotsOrNone
	case rule == variable:
		return identifier
	case rule == printable && r < linux6_9:
		return identifier
	}
	return rule
}
