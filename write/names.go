// Writes names that the kernel accepts in place of those that it refuses.

package write

import (
	"bytes"
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A nameRule is what the kernel demands of a name.
type nameRule uint8

const (
	anyName nameRule = iota
	noName
	identifierOrNone
	identifier
	variable // an identifier in which dots are allowed by all kernels
	section
	someText
)

// nameRules has the rule for the name of a type, by its kind, and for those of its
// elements: the check_meta functions of kernel/bpf/btf.c.
var nameRules = [btf.KindEnum64 + 1]struct{ own, elements nameRule }{
	btf.KindPointer:   {own: noName},
	btf.KindArray:     {own: noName},
	btf.KindStruct:    {identifierOrNone, identifierOrNone},
	btf.KindUnion:     {identifierOrNone, identifierOrNone},
	btf.KindEnum:      {identifierOrNone, identifier},
	btf.KindFwd:       {own: identifier},
	btf.KindTypedef:   {own: identifier},
	btf.KindVolatile:  {own: noName},
	btf.KindConst:     {own: noName},
	btf.KindRestrict:  {own: noName},
	btf.KindFunc:      {own: identifier},
	btf.KindFuncProto: {noName, identifierOrNone},
	btf.KindVar:       {own: variable},
	btf.KindDatasec:   {own: section},
	btf.KindDeclTag:   {own: someText},
	btf.KindTypeTag:   {own: someText},
	btf.KindEnum64:    {identifierOrNone, identifier},
}

// A cleanName is a name offset of the Spec, and the rule for the name that is written.
type cleanName struct {
	off  uint32
	rule nameRule
}

// cleanNames changes the names in words, which are those that are written for a record.
func (r *rewriter) cleanNames(record btf.Record, words []uint32) error {
	kind := btf.Kind(words[1] >> uapi.KindShift & uapi.KindMask)
	if kind > btf.KindEnum64 {
		return nil
	}
	var err error
	uapi.KindFields[kind].Visit(uint32(4*len(words)), func(at uint32) {
		rule := nameRules[kind].own
		if at != 0 {
			rule = nameRules[kind].elements
		}
		if last := uint32(4*len(words)) - uapi.ParamSize; kind == btf.KindFuncProto && at == last && words[at/4+1] == 0 {
			rule = noName // "..."
		}
		if err == nil {
			words[at/4], err = r.cleanName(record, cleanName{words[at/4], rule})
		}
	}, func(uint32) {})
	return err
}

// cleanName returns the offset of a name that obeys the rule.
func (r *rewriter) cleanName(record btf.Record, name cleanName) (uint32, error) {
	if uint64(name.off) >= r.nameEnd && name.off != 0 {
		return name.off, nil // it was added
	}
	text := record.Strings(name.off)
	text = text[:min(len(text), uapi.MaxNameLen+1)]
	text, _, _ = bytes.Cut(text, []byte{0})
	switch name.rule {
	case anyName:
		return name.off, nil
	case noName:
		return 0, nil
	case identifierOrNone:
		if len(text) == 0 {
			return 0, nil
		}
	}
	if len(text) == 0 {
		return r.addName(), nil
	}
	if name.rule == someText || r.accepts(text, name.rule) {
		return name.off, nil
	}
	if off, ok := r.cleaned[name]; ok {
		return off, nil
	}
	clean := make([]byte, 0, len(text)+1)
	if !r.accepts(text[:1], name.rule) && r.accepts(append([]byte("_"), text[0]), name.rule) {
		clean = append(clean, '_') // a digit must not come first
	}
	for i := range text {
		if c := text[i : i+1]; r.accepts(append([]byte("_"), c...), name.rule) {
			clean = append(clean, c...)
		} else {
			clean = append(clean, '_')
		}
	}
	clean = clean[:min(len(clean), uapi.MaxNameLen)]
	if len(r.strings)+len(clean) >= maxStrings {
		return 0, fmt.Errorf("btf: names that replace others must have less than %d bytes together", maxStrings)
	}
	r.cleaned[name] = r.addString(string(clean))
	return r.cleaned[name], nil
}

// accepts reports whether the kernel accepts a name that is not empty. Bytes that it
// takes for letters of Latin-1 count as refused.
func (r *rewriter) accepts(name []byte, rule nameRule) bool {
	if len(name) > uapi.MaxNameLen {
		return false
	}
	dots := !r.opts.CleanDots || rule == variable || rule == section
	for i, c := range name {
		switch {
		case rule == section && !r.opts.CleanSectionNames:
			if c < ' ' || c > '~' {
				return false
			}
		case c >= '0' && c <= '9':
			if i == 0 {
				return false
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case c != '.' || !dots:
			return false
		}
	}
	return true
}
