// Package contest has the questions that every contender answers, and the program
// that asks one of them in a fresh process.
//
// It is a module of its own because the contenders need it and cannot be in one: a
// module has one version of each of its requirements, and two of the contenders
// are versions of the same library. It imports as little as it can, since that is
// part of every process that is measured.
package contest

import "errors"

// ErrUnsupported is what a contender says that has no means for a question.
var ErrUnsupported = errors.New("not supported")

// An Opener opens a file of BTF in the way that suits the contender best.
type Opener func(path string) (Spec, error)

// A Spec is BTF that a contender has opened. Its methods answer in whatever way is
// the best that the contender's users have.
type Spec interface {
	// Struct returns the id of the only struct of that name.
	Struct(name string) (uint32, error)
	// Has reports whether there is a type of that name.
	Has(name string) bool
	// Kind returns the kind of the type with an id. ENUM64 counts as ENUM, 6, and
	// TYPE_TAG as DECL_TAG, 17, because there are contenders that don't tell them
	// apart.
	Kind(id uint32) (int, error)
	// Path returns the bit offset of struct.member or struct.member.member, through
	// anonymous members as C does it.
	Path(path string) (uint64, error)
	// Func returns the number of parameters of the only function of that name, and
	// the lengths of their names added to it.
	Func(name string) (uint64, error)
	// Enum returns the sum of the values of the only enum of that name.
	Enum(name string) (uint64, error)
	// All returns the sum over all types of kind and length of name, but for tags,
	// which not all contenders show.
	All() (uint64, error)
	// Funcs returns the sum of 1 and the lengths of the parameters' names over all
	// functions.
	Funcs() (uint64, error)
	// Indexes makes the contender build whatever else it would build when asked for
	// it, and keep.
	Indexes() error
	// Split opens split BTF over the Spec.
	Split(path string) (Spec, error)
	Close() error
}

// An Input is what is asked about.
type Input struct {
	Path   string
	Module string // split BTF over it, "" if there is none
}

// A Question is one that a Spec is asked: cold, from opening the file to the
// answer, or warm, when it was asked before.
type Question struct {
	Name string // without spaces
	Text string // for the reader of tables
	Ask  func(Spec, Input) (answer uint64, err error)
	// Warm says that asking again is worth measuring.
	Warm bool
}

// Questions are all of them. All contenders must give the same answers.
var Questions = []Question{
	{"load", "load", func(Spec, Input) (uint64, error) { return 0, nil }, false},
	{"name", "first name: inet_sock", func(s Spec, _ Input) (uint64, error) {
		id, err := s.Struct("inet_sock")
		return uint64(id), err
	}, true},
	{"names25", "25 names", names25, true},
	{"miss", "a name that isn't there", miss, true},
	{"ids", "1000 ids", ids, true},
	{"early", "offset of task_struct.pid", func(s Spec, _ Input) (uint64, error) { return s.Path("task_struct.pid") }, true},
	{"late", "offset of inet_sock.inet_saddr", func(s Spec, _ Input) (uint64, error) { return s.Path("inet_sock.inet_saddr") }, true},
	{"all", "all names and kinds", func(s Spec, _ Input) (uint64, error) { return s.All() }, true},
	{"funcs", "all functions with parameters", func(s Spec, _ Input) (uint64, error) { return s.Funcs() }, true},
	{"agent", "an agent's job: 50 offsets, 25 functions, 5 enums", agent, true},
	{"module", "a module over its base", module, true},
	{"parallel", "25 names in each of eight goroutines", parallel, true},
	{"everything", "everything: 25 names, all types, all functions, every index", everything, false},
}

// ByName returns the question of that name.
func ByName(name string) (Question, bool) {
	for _, q := range Questions {
		if q.Name == name {
			return q, true
		}
	}
	return Question{}, false
}

func names25(s Spec, _ Input) (uint64, error) {
	sum := uint64(0)
	for _, name := range Names {
		id, err := s.Struct(name)
		if err != nil {
			return 0, err
		}
		sum += uint64(id)
	}
	return sum, nil
}

func miss(s Spec, _ Input) (uint64, error) {
	if s.Has("no_such_struct") {
		return 1, nil
	}
	return 0, nil
}

// ids asks for ids all over the place. Every kernel has more than 40,000.
func ids(s Spec, _ Input) (uint64, error) {
	sum, random := uint64(0), uint32(1)
	for range 1000 {
		random = random*1664525 + 1013904223
		kind, err := s.Kind(1 + uint32(uint64(random)*40_000>>32))
		if err != nil {
			return 0, err
		}
		sum += uint64(kind)
	}
	return sum, nil
}

func module(s Spec, in Input) (uint64, error) {
	if in.Module == "" {
		return 0, ErrUnsupported
	}
	split, err := s.Split(in.Module)
	if err != nil {
		return 0, err
	}
	id, err := split.Struct(InModule)
	if err == nil {
		err = split.Close()
	}
	return uint64(id), err
}

func parallel(s Spec, in Input) (uint64, error) {
	type answer struct {
		sum uint64
		err error
	}
	answers := make(chan answer)
	for range 8 {
		go func() {
			sum, err := names25(s, in)
			answers <- answer{sum, err}
		}()
	}
	total, failed := uint64(0), error(nil)
	for range 8 {
		a := <-answers
		total += a.sum
		if a.err != nil {
			failed = a.err
		}
	}
	return total, failed
}

func everything(s Spec, in Input) (uint64, error) {
	total := uint64(0)
	for _, ask := range []func(Spec, Input) (uint64, error){
		names25,
		func(s Spec, _ Input) (uint64, error) { return s.All() },
		func(s Spec, _ Input) (uint64, error) { return s.Funcs() },
	} {
		sum, err := ask(s, in)
		if err != nil {
			return 0, err
		}
		total += sum
	}
	return total, s.Indexes()
}
