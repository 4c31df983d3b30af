// Holds the state of printing one declaration, and the limits on it.

package cdecl

import (
	"fmt"

	"github.com/seed-6c4a6465/btf"
)

const (
	// maxDepth is how many pointers, arrays, qualifiers and prototypes may follow one
	// another in a type, and how deep anonymous types may nest. The kernel has the
	// same limit for both (MAX_RESOLVE_DEPTH in kernel/bpf/btf.c).
	maxDepth = 32

	// maxText is the limit on the bytes made for one declaration. A few hundred bytes
	// of BTF can spell out a prototype of prototypes of prototypes that fills a disk.
	// The longest declaration of a kernel takes about 50 KB.
	maxText = 16 << 20

	// maxLine is the limit where a declaration takes one line.
	maxLine = 1 << 20
)

// A printer writes one declaration.
type printer struct {
	plain    bool // leave out what differs between compilers of the same source
	comments bool // write comments on offsets, sizes and holes

	out   []byte
	start int // length of out before the declaration
	limit int // on text and out: maxText or maxLine
	text  int // bytes made so far, besides those in out
	depth int // of the prototypes and anonymous types around what is printed

	line    uint64                // last cache line that a comment announced
	unions  int                   // number of unions around what is printed
	padding map[btf.TypeID]uint64 // bytes of padding of the structs met so far
	arrange arranger
	pads    int // number of arrays that fill holes
}

// oneLine returns a printer of declarations that take one line.
func oneLine() *printer { return &printer{limit: maxLine} }

// made counts text towards the limit.
func (p *printer) made(text string) error {
	p.text += len(text)
	return p.fits()
}

// fits returns an error if more was made than the limit allows.
func (p *printer) fits() error {
	if p.text+len(p.out)-p.start > p.limit {
		return fmt.Errorf("btf: declaration of more than %d bytes", p.limit)
	}
	return nil
}

// enter is called before a prototype or an anonymous type is printed, and leave
// afterwards.
func (p *printer) enter(t btf.Type) error {
	if p.depth++; p.depth > maxDepth {
		return fmt.Errorf("btf: %v: prototypes or anonymous types more than %d deep", t, maxDepth)
	}
	return nil
}

func (p *printer) leave() { p.depth-- }

func (p *printer) printf(format string, args ...any) {
	p.out = fmt.Appendf(p.out, format, args...)
}

func (p *printer) print(text string) { p.out = append(p.out, text...) }

func (p *printer) indent(depth int) {
	for range depth {
		p.out = append(p.out, '\t')
	}
}
