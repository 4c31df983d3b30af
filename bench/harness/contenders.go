// Package harness builds the contenders' programs and the blobs they are asked
// about, and runs them.
package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-6c4a6465/btf/bench/contest"
	"github.com/seed-6c4a6465/btf/bench/floor"
	"github.com/seed-6c4a6465/btf/bench/lazy"
	"github.com/seed-6c4a6465/btf/bench/ours"
)

// A Contender is a program that answers questions.
type Contender struct {
	Name    string
	Title   string
	Program string         // "" if it could not be built
	Absent  string         // why
	Open    contest.Opener // nil if it is in its process only
}

// Names of contenders.
const (
	Empty  = "empty"
	Floor  = "floor"
	Ours   = "btf"
	Libbpf = "libbpf"
	Lazy   = "lazy"
	Eager  = "eager"
)

// Build builds all contenders into dir. Those that cannot be built on this machine
// say why; only libbpf may be one.
func Build(dir string) ([]Contender, error) {
	root, err := moduleDir()
	if err != nil {
		return nil, err
	}
	contenders := []Contender{
		{Name: Empty, Title: "an empty Go program"},
		{Name: Floor, Title: "floor", Open: floor.Open},
		{Name: Ours, Title: "this package", Open: ours.Open},
		{Name: Libbpf, Title: "libbpf"},
		{Name: Lazy, Title: "cilium/ebpf v0.22 (lazy)", Open: lazy.Open},
		{Name: Eager, Title: "cilium/ebpf v0.11 (eager)"},
	}
	for i := range contenders {
		c := &contenders[i]
		c.Program = filepath.Join(dir, c.Name)
		in, pkg := root, "./cmd/"+c.Name
		switch c.Name {
		case Libbpf:
			if version, err := buildLibbpf(root, dir, c.Program); err != nil {
				c.Program, c.Absent = "", err.Error()
			} else {
				c.Title += " " + version
			}
			continue
		case Ours:
			pkg = "./cmd/ours"
		case Eager:
			in, pkg = filepath.Join(root, "eager"), "."
		}
		build := exec.Command("go", "build", "-o", c.Program, pkg)
		build.Dir = in
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building %s: %w\n%s", c.Name, err, out)
		}
	}
	return contenders, nil
}

// moduleDir is where this module lies.
func moduleDir() (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Module.Dir}}", "github.com/seed-6c4a6465/btf/bench/harness").Output()
	if err != nil {
		return "", fmt.Errorf("looking for the bench module: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// buildLibbpf compiles the contender in C, if there are a compiler, libbpf and its
// headers, and returns the version of those.
func buildLibbpf(root, dir, program string) (version string, err error) {
	cc, err := exec.LookPath("gcc")
	if err != nil {
		return "", errors.New("no gcc")
	}
	probe := exec.Command(cc, "-E", "-P", "-x", "c", "-")
	probe.Stdin = strings.NewReader("#include <bpf/btf.h>\n#include <bpf/libbpf_version.h>\nLIBBPF_MAJOR_VERSION.LIBBPF_MINOR_VERSION\n")
	out, err := probe.Output()
	if err != nil {
		return "", errors.New("no headers of libbpf (Debian: libbpf-dev)")
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	version = strings.ReplaceAll(lines[len(lines)-1], " ", "")

	if err := os.WriteFile(filepath.Join(dir, "lists.h"), lists(), 0o644); err != nil {
		return "", err
	}
	args := []string{
		"-O2", "-Wall", "-I", dir, "-o", program, filepath.Join(root, "libbpf", "libbpf.c"),
		"-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc",
	}
	// Linked statically it starts faster, and its allocations can be counted.
	for _, how := range [][]string{{"-static", "-lbpf", "-lelf", "-lz"}, {"-lbpf", "-lelf", "-lz"}} {
		if out, err = exec.Command(cc, append(args, how...)...).CombinedOutput(); err == nil {
			if how[0] == "-static" {
				return version + " (C, static)", nil
			}
			return version + " (C)", nil
		}
	}
	return "", fmt.Errorf("gcc: %s", strings.TrimSpace(string(out)))
}

// lists are the names of the contest for C.
func lists() []byte {
	var b strings.Builder
	for _, l := range []struct {
		name    string
		entries []string
	}{{"names", contest.Names}, {"paths", contest.Paths}, {"funcs", contest.Funcs}, {"enums", contest.Enums}} {
		fmt.Fprintf(&b, "static const char *%s[] = {", l.name)
		for _, entry := range l.entries {
			fmt.Fprintf(&b, "%q, ", entry)
		}
		b.WriteString("0};\n")
	}
	fmt.Fprintf(&b, "static const char in_module[] = %q;\n", contest.InModule)
	return []byte(b.String())
}
