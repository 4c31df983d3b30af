// Package floor is what no reader of BTF can do without: it maps the file, searches
// the strings for the name, and steps over the headers of all records once. It
// checks nothing, keeps nothing, and knows little-endian only. It is here to be
// measured, not used: any bytes but those of sound BTF crash it.
//
// The walk doesn't stop at the first match: another type may have the same name.
package floor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"unsafe"

	"github.com/seed-6c4a6465/btf/bench/contest"
	"golang.org/x/sys/unix"
)

type spec struct {
	mapped         []byte
	types, strings []byte
}

// Open maps the file, or reads it where kernel BTF cannot be mapped (before Linux
// 6.16).
func Open(path string) (contest.Spec, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, err
	}
	s := &spec{}
	b, err := unix.Mmap(fd, 0, int(stat.Size), unix.PROT_READ, unix.MAP_PRIVATE)
	if err == nil {
		s.mapped = b
	} else if b, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	if b[0] == 0x7f {
		b = window(b)
	}
	if u32(b, 0)&0xffff != 0xeb9f {
		return nil, contest.ErrUnsupported
	}
	types, strings := b[u32(b, 4)+u32(b, 8):], b[u32(b, 4)+u32(b, 16):]
	s.types, s.strings = types[:u32(b, 12)], strings[:u32(b, 20)]
	return s, nil
}

// window returns the .BTF section of an ELF file of 64 bits.
func window(b []byte) []byte {
	u64, u16 := binary.LittleEndian.Uint64, binary.LittleEndian.Uint16
	headers, count := b[u64(b[40:]):], u16(b[60:])
	names := b[u64(headers[64*int(u16(b[62:]))+24:]):]
	for i := range int(count) {
		h := headers[64*i:]
		if name := names[u32(h, 0):]; string(name[:5]) == ".BTF\x00" {
			return b[u64(h[24:]):][:u64(h[32:])]
		}
	}
	return nil
}

func u32(b []byte, off uint32) uint32 { return binary.LittleEndian.Uint32(b[off:]) }

var errNotFound = errors.New("not found")

func (s *spec) Close() error {
	if s.mapped == nil {
		return nil
	}
	return unix.Munmap(s.mapped)
}

// Bytes of a record beyond its first 12: once, and for each of vlen.
var (
	once = [32]uint8{1: 4, 3: 12, 14: 4, 17: 4}
	each = [32]uint8{4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
)

// find walks over all records and returns where the one of a kind and name is, and
// its id. The loop is written without bounds checks: the floor is what the memory
// and the dependency of each step on the one before cost.
func (s *spec) find(name uint32, kind uint32) (at, id uint32) {
	base := unsafe.Pointer(unsafe.SliceData(s.types))
	end := uint32(len(s.types))
	n := uint32(0)
	for off := uint32(0); off < end; {
		r := (*[2]uint32)(unsafe.Add(base, off))
		info := r[1]
		k := info >> 24 & 31
		n++
		if r[0] == name && k == kind {
			at, id = off, n
		}
		off += 12 + uint32(once[k]) + uint32(each[k])*(info&0xffff)
	}
	return at, id
}

// offset returns where a name is in the strings. A search for the NUL before it,
// too, would take half as long again, since NUL is the most frequent of all bytes.
func (s *spec) offset(name string) (uint32, bool) {
	wanted := []byte(name + "\x00")
	for from := 1; ; {
		i := bytes.Index(s.strings[from:], wanted)
		if i < 0 {
			return 0, false
		}
		if from += i; s.strings[from-1] == 0 {
			return uint32(from), true
		}
		from++
	}
}

func (s *spec) structure(name string) (at, id uint32, err error) {
	off, ok := s.offset(name)
	if ok {
		at, id = s.find(off, 4)
	}
	if id == 0 {
		return 0, 0, errNotFound
	}
	return at, id, nil
}

func (s *spec) Struct(name string) (uint32, error) {
	_, id, err := s.structure(name)
	return id, err
}

// Has needs no walk for a name that isn't in the strings.
func (s *spec) Has(name string) bool {
	_, ok := s.offset(name)
	return ok
}

// Path knows members of the struct itself.
func (s *spec) Path(path string) (uint64, error) {
	name, member, _ := strings.Cut(path, ".")
	at, _, err := s.structure(name)
	if err != nil {
		return 0, err
	}
	info := u32(s.types, at+4)
	for i := range info & 0xffff {
		m := s.types[at+12+12*i:]
		if n := s.strings[u32(m, 0):]; string(n[:len(member)]) == member && n[len(member)] == 0 {
			offset := u32(m, 8)
			if info>>31 != 0 {
				offset &= 0xffffff
			}
			return uint64(offset), nil
		}
	}
	return 0, errNotFound
}

func (s *spec) All() (uint64, error) {
	sum := uint64(0)
	for b := s.types; len(b) > 0; {
		name, info := u32(b, 0), u32(b, 4)
		k := info >> 24 & 31
		switch k {
		case 17, 18:
		case 19:
			sum += 6 + uint64(bytes.IndexByte(s.strings[name:], 0))
		default:
			sum += uint64(k) + uint64(bytes.IndexByte(s.strings[name:], 0))
		}
		b = b[12+uint32(once[k])+uint32(each[k])*(info&0xffff):]
	}
	return sum, nil
}

// What is left takes more than one walk.

func (s *spec) Kind(uint32) (int, error)           { return 0, contest.ErrUnsupported }
func (s *spec) Func(string) (uint64, error)        { return 0, contest.ErrUnsupported }
func (s *spec) Enum(string) (uint64, error)        { return 0, contest.ErrUnsupported }
func (s *spec) Funcs() (uint64, error)             { return 0, contest.ErrUnsupported }
func (s *spec) Indexes() error                     { return contest.ErrUnsupported }
func (s *spec) Split(string) (contest.Spec, error) { return nil, contest.ErrUnsupported }
