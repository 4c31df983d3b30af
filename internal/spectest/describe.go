// Describes a type with all that its views tell, for comparisons.

package spectest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/stretchr/testify/require"
)

// Describe returns all that the record of a type holds. Two types are the same to every
// caller if their descriptions are equal.
func Describe(t testing.TB, typ btf.Type) string {
	t.Helper()
	return DescribeBy(t, typ, btf.Type.ID)
}

// DescribeBy is [Describe] with the ids that id returns.
func DescribeBy(t testing.TB, typ btf.Type, id func(btf.Type) btf.TypeID) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%d %v %q flag=%v", id(typ), typ.Kind(), typ.Name(), typ.KindFlag())
	put := func(format string, args ...any) { fmt.Fprintf(&b, " "+format, args...) }
	var err error
	switch typ.Kind() {
	case btf.KindInt:
		v := narrow[btf.Int](typ, &err)
		put("size=%d %v %v %v", v.Size(), v.Encoding(), v.Bits(), v.Offset())
	case btf.KindPointer:
		put("to %d", id(narrow[btf.Pointer](typ, &err).Target()))
	case btf.KindArray:
		v := narrow[btf.Array](typ, &err)
		put("of %d by %d n=%d", id(v.Type()), id(v.Index()), v.Nelems())
	case btf.KindStruct, btf.KindUnion:
		v := narrow[btf.Composite](typ, &err)
		put("size=%d", v.Size())
		for m := range v.Members() {
			put("{%q %d %v %v}", m.Name(), id(m.Type()), m.Offset(), m.BitfieldSize())
		}
	case btf.KindEnum, btf.KindEnum64:
		v := narrow[btf.Enum](typ, &err)
		put("size=%d signed=%v", v.Size(), v.Signed())
		for e := range v.Enumerators() {
			put("{%q %d}", e.Name(), e.Value())
		}
	case btf.KindFwd:
		put("union=%v", narrow[btf.Fwd](typ, &err).IsUnion())
	case btf.KindTypedef:
		put("to %d", id(narrow[btf.Typedef](typ, &err).Type()))
	case btf.KindVolatile:
		put("to %d", id(narrow[btf.Volatile](typ, &err).Type()))
	case btf.KindConst:
		put("to %d", id(narrow[btf.Const](typ, &err).Type()))
	case btf.KindRestrict:
		put("to %d", id(narrow[btf.Restrict](typ, &err).Type()))
	case btf.KindFunc:
		v := narrow[btf.Func](typ, &err)
		put("%v of %d", v.Linkage(), id(v.Type().AsType()))
	case btf.KindFuncProto:
		v := narrow[btf.FuncProto](typ, &err)
		put("returns %d variadic=%v", id(v.Return()), v.Variadic())
		for p := range v.Params() {
			put("{%q %d}", p.Name(), id(p.Type()))
		}
	case btf.KindVar:
		v := narrow[btf.Var](typ, &err)
		put("%v of %d", v.Linkage(), id(v.Type()))
	case btf.KindDatasec:
		v := narrow[btf.Datasec](typ, &err)
		put("size=%d", v.Size())
		for e := range v.Vars() {
			put("{%d %d %d}", id(e.Type()), e.Offset(), e.Size())
		}
	case btf.KindFloat:
		put("size=%d", narrow[btf.Float](typ, &err).Size())
	case btf.KindDeclTag:
		v := narrow[btf.DeclTag](typ, &err)
		put("%d of %d attribute=%v", v.Component(), id(v.Type()), v.IsAttribute())
	case btf.KindTypeTag:
		v := narrow[btf.TypeTag](typ, &err)
		put("to %d attribute=%v", id(v.Type()), v.IsAttribute())
	default:
		t.Fatalf("%v has no view", typ)
	}
	require.NoError(t, err, "%v", typ)
	return b.String()
}

// narrow is [btf.As]. It puts its error into err.
func narrow[V btf.View](typ btf.Type, err *error) V {
	v, e := btf.As[V](typ)
	if e != nil {
		*err = e
	}
	return v
}

// RequireSame fails the test unless all types of both Specs have the same descriptions.
// It prints the first difference, and not the Specs.
func RequireSame(t testing.TB, want, got *btf.Spec) {
	t.Helper()
	require.Equal(t, want.NumTypes(), got.NumTypes())
	for typ := range want.All() {
		other, err := got.TypeByID(typ.ID())
		require.NoError(t, err)
		if typ.Kind() > btf.KindEnum64 {
			require.Equal(t, typ.String(), other.String())
			continue
		}
		if a, b := Describe(t, typ), Describe(t, other); a != b {
			require.Equal(t, a, b)
		}
	}
}
