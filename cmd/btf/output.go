// Limits what a run prints, and prints tables without keeping their text.

package main

import (
	"bufio"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

const (
	// maxOutput is the limit on the bytes that a run prints, besides outputRatio for each
	// byte of BTF that it reads. In hostile BTF thousands of records share a name or a
	// prototype of megabytes. The text of a kernel's functions takes about one byte for
	// each byte of BTF, its dump two.
	maxOutput   = 256 << 20
	outputRatio = 64

	// failureCost is what a declaration counts that cannot be printed. It may have taken
	// as much work as the longest that can.
	failureCost = 1 << 20
)

// An output is standard output, buffered and limited.
type output struct {
	*bufio.Writer
	limited *limitedWriter
}

func newOutput(w io.Writer) *output {
	limited := &limitedWriter{w: w, left: maxOutput, limit: maxOutput}
	return &output{bufio.NewWriterSize(limited, 64<<10), limited}
}

// allow raises the limit for a Spec that is read, and for its bases.
func (o *output) allow(spec *btf.Spec) {
	for ; spec != nil; spec = spec.Base() {
		more := outputRatio * int64(bytesOf(spec))
		o.limited.left += more
		o.limited.limit += more
	}
}

// failure counts a declaration that cannot be printed.
func (o *output) failure() error { return o.limited.spend(failureCost) }

// A limitedWriter fails when more is written than the limit allows.
type limitedWriter struct {
	w           io.Writer
	left, limit int64
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if err := l.spend(len(p)); err != nil {
		return 0, err
	}
	return l.w.Write(p)
}

func (l *limitedWriter) spend(n int) error {
	if l.left -= int64(n); l.left < 0 {
		return fmt.Errorf("btf: output of more than %d bytes: its records repeat long names or declarations", l.limit)
	}
	return nil
}

// maxColumn is the width of the widest column in characters. Longer text moves the rest
// of its row to the right. No kernel has a name of 512 bytes.
const maxColumn = 512

// A table has rows of cells. The last cell of a row has no width. Rows are measured
// first and printed afterwards, so that a table keeps no text.
type table struct {
	out    io.Writer
	widths []int
	line   []byte
}

// measure makes the columns wide enough for cells.
func (t *table) measure(cells ...[]byte) {
	for i, cell := range cells {
		if i == len(t.widths) {
			t.widths = append(t.widths, 0)
		}
		width := maxColumn
		if len(cell) < maxColumn*utf8.UTFMax {
			t.line = escape.AppendText(t.line[:0], cell)
			width = min(utf8.RuneCount(t.line), maxColumn)
		}
		t.widths[i] = max(t.widths[i], width)
	}
}

// row prints cells. Columns are 2 spaces apart.
func (t *table) row(cells ...[]byte) error {
	t.line = t.line[:0]
	for i, cell := range cells {
		from := len(t.line)
		t.line = escape.AppendText(t.line, cell)
		if i == len(cells)-1 {
			break
		}
		for n := utf8.RuneCount(t.line[from:]); n < t.widths[i]+2; n++ {
			t.line = append(t.line, ' ')
		}
		if n := len(t.line); t.line[n-1] != ' ' {
			t.line = append(t.line, "  "...)
		}
	}
	t.line = append(t.line, '\n')
	_, err := t.out.Write(t.line)
	return err
}

// cells returns texts as the cells of a row.
func cells(texts ...string) [][]byte {
	all := make([][]byte, len(texts))
	for i, text := range texts {
		all[i] = []byte(text)
	}
	return all
}
