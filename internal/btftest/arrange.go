// Puts the sections of a blob in another order, with gaps.

package btftest

// A Part is a section of a blob.
type Part int

// The parts that [Builder.Arrange] puts in order.
const (
	Types Part = iota
	Strings
	Layout
)

// Arrange returns the blob with its parts in that order and gap bytes of 0xff
// before, between and after them, and as many more as types and layout need to
// stand at a multiple of 4. A part that is not named is left out.
func (b *Builder) Arrange(gap int, parts ...Part) []byte {
	bytes := map[Part][]byte{Types: b.types, Strings: b.strings, Layout: b.layout}
	fields := map[Part]int{Types: 8, Strings: 16, Layout: 24}

	head := b.Bytes()[:b.HeaderLen]
	for at := 8; at < min(len(head), 32); at += 4 {
		b.Order.PutUint32(head[at:], 0)
	}
	var body []byte
	fill := func() {
		for range gap {
			body = append(body, 0xff)
		}
	}
	fill()
	for _, part := range parts {
		for part != Strings && len(body)%4 != 0 {
			body = append(body, 0xff)
		}
		b.Order.PutUint32(head[fields[part]:], uint32(len(body)))
		b.Order.PutUint32(head[fields[part]+4:], uint32(len(bytes[part])))
		body = append(body, bytes[part]...)
		fill()
	}
	return append(head, body...)
}
