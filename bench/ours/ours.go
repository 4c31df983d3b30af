// Package ours is this repository's package as a contender.
package ours

import (
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/bench/contest"
)

type spec struct{ *btf.Spec }

// Open maps the file.
func Open(path string) (contest.Spec, error) {
	s, err := btf.LoadSpec(path)
	if err != nil {
		return nil, err
	}
	return spec{s}, nil
}

func (s spec) Split(path string) (contest.Spec, error) {
	split, err := btf.LoadSplitSpec(path, s.Spec)
	if err != nil {
		return nil, err
	}
	return spec{split}, nil
}

func (s spec) Struct(name string) (uint32, error) {
	var t btf.Struct
	err := s.TypeByName(name, &t)
	return uint32(t.ID()), err
}

func (s spec) Has(name string) bool {
	for range s.TypesByName(name) {
		return true
	}
	return false
}

func (s spec) Kind(id uint32) (int, error) {
	t, err := s.TypeByID(btf.TypeID(id))
	return number(t.Kind()), err
}

// number is what the contest calls a kind.
func number(k btf.Kind) int {
	switch k {
	case btf.KindEnum64:
		return int(btf.KindEnum)
	case btf.KindTypeTag:
		return int(btf.KindDeclTag)
	}
	return int(k)
}

func (s spec) Path(path string) (uint64, error) {
	f, err := s.Field(path)
	return uint64(f.Offset()), err
}

func (s spec) Func(name string) (uint64, error) {
	var f btf.Func
	if err := s.TypeByName(name, &f); err != nil {
		return 0, err
	}
	sum := uint64(0)
	for p := range f.Type().Params() {
		sum += 1 + uint64(len(p.NameBytes()))
	}
	return sum, nil
}

func (s spec) Enum(name string) (uint64, error) {
	var e btf.Enum
	if err := s.TypeByName(name, &e); err != nil {
		return 0, err
	}
	sum := uint64(0)
	for v := range e.Enumerators() {
		sum += v.Value()
	}
	return sum, nil
}

func (s spec) All() (uint64, error) {
	sum := 0
	for t := range s.Spec.All() {
		kind, length := number(t.Kind()), len(t.NameBytes())
		if kind != int(btf.KindDeclTag) {
			sum += kind + length
		}
	}
	return uint64(sum), nil
}

func (s spec) Funcs() (uint64, error) {
	sum := uint64(0)
	for f, err := range s.Spec.Funcs(btf.FuncFilter{}) {
		if err != nil {
			return 0, err
		}
		sum++
		for p := range f.Type().Params() {
			sum += uint64(len(p.NameBytes()))
		}
	}
	return sum, nil
}

// Indexes asks for flavours and for tags, which have tables of their own.
func (s spec) Indexes() error {
	found := 0
	for t := range s.TypesByEssentialName("task_struct") {
		found++
		for range t.Tags() {
			found++
		}
	}
	if found == 0 {
		return fmt.Errorf("task_struct: %w", btf.ErrNotFound)
	}
	return nil
}
