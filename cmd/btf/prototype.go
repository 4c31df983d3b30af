// Prints functions for func and funcs: as prototypes, or as objects.

package main

import (
	"errors"
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
)

// A prototype is a function in JSON. Scripts rely on the tags.
type prototype struct {
	Name      string      `json:"name"`
	Module    string      `json:"module,omitempty"`
	Prototype string      `json:"prototype"`
	Linkage   string      `json:"linkage"`
	Return    string      `json:"return"`
	Params    []parameter `json:"params"`
	Variadic  bool        `json:"variadic"`
	Tags      []string    `json:"tags,omitempty"`
}

type parameter struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Size     optional `json:"size"`                // bytes, null if unknown
	PointsTo string   `json:"points_to,omitempty"` // the name of a type, through typedefs and qualifiers
	Tags     []string `json:"tags,omitempty"`
}

// prototypeLine returns the prototype of a function, with a semicolon.
func prototypeLine(f btf.Func) (string, error) {
	text, err := cdecl.Prototype(f)
	return text + ";", err
}

func newPrototype(module string, f btf.Func) (prototype, error) {
	line, err := prototypeLine(f)
	if err != nil {
		return prototype{}, err
	}
	proto := f.Type()
	p := prototype{
		Name: f.Name(), Module: module, Prototype: line, Linkage: f.Linkage().String(),
		Return: cdecl.Type(proto.Return()), Params: []parameter{}, Variadic: proto.Variadic(),
	}
	for tag := range f.Tags() {
		p.Tags = append(p.Tags, tag.Name())
	}
	for param := range proto.Params() {
		one := parameter{Name: param.Name(), Type: cdecl.Type(param.Type())}
		switch size, err := param.Type().Sizeof(); {
		case err == nil:
			one.Size = some(size)
		case !errors.Is(err, btf.ErrNotFound) && !errors.Is(err, btf.ErrPointerSize):
			return prototype{}, err
		}
		switch to, err := param.Type().Pointee(); {
		case err == nil:
			one.PointsTo = to.Name()
		case !errors.Is(err, btf.ErrWrongKind):
			return prototype{}, err
		}
		for tag := range f.ParamTags(param.Index()) {
			one.Tags = append(one.Tags, tag.Name())
		}
		p.Params = append(p.Params, one)
	}
	return p, nil
}

// A functionPrinter prints functions and counts them.
type functionPrinter struct {
	env    *environment
	asJSON bool
	n      int
}

func (p *functionPrinter) print(m btf.Module, f btf.Func) error {
	p.n++
	if p.asJSON {
		one, err := newPrototype(m.Name, f)
		if err != nil {
			return err
		}
		return newEncoder(p.env.out).Encode(one)
	}
	line, err := prototypeLine(f)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.env.out, line+inModule(m, " /* %s */"))
	return err
}

// inModule returns the name of a module in a format, and "" for the kernel itself and
// for files.
func inModule(m btf.Module, format string) string {
	if m.Name == "" || m.Name == "vmlinux" {
		return ""
	}
	return fmt.Sprintf(format, m.Name)
}
