// Tests that patterns match what path.Match says, in bounded time.

package glob

import (
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzMatch compares Match and the machine with path.Match.
func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{"", "*", "tcp_*", "*_show", "*a*b*c", "?", "[a-z]*", "[^a-z]?", `\*`, `[\]]`, "[]", "[a", "[a-]", "[]a]", "[-]", `a\`, "**x", "[^]", "[a-b-c]", "[--a]", "é*", "[à-ü]?", `\é`, "*é", "?*?"} {
		for _, name := range []string{"", "tcp_sendmsg", "abc", "aXbXc", "*", "]", "-", "a", "x", "1b", "ab", "é", "éa", "xé", "\xff"} {
			f.Add(pattern, name)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if strings.ContainsAny(name, "/\x00") || len(name) > MaxName {
			return
		}
		p := New(pattern)
		got, nul := p.Match([]byte(name)), p.MatchNUL([]byte(name+"\x00another name"))
		require.Equal(t, got, nul)
		require.False(t, p.MatchNUL([]byte(name)), "a name without an end")
		if Check(pattern) != nil {
			return
		}
		m := newMachine(pattern)
		require.Equal(t, got, m.match([]byte(name), false))
		require.Equal(t, got, m.match([]byte(name+"\x00another name"), true))
		require.False(t, m.match([]byte(name), true))
		for _, s := range []string{pattern, name} {
			for i := range len(s) {
				if s[i] >= 0x80 {
					return // a star of path.Match takes a part of a character
				}
			}
		}
		want, err := path.Match(pattern, name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"?", "é", true}, // as path.Match
		{"??", "é", false},
		{"*??", "中", false}, // path.Match lets a star take a byte of it
		{"[à-ü]x", "éx", true},
		{"[^a]", "é", true},
		{"\xff*", "\xffa", true},
		{"?", "\xff", true},
		{"\xff", "\xfe", false},
		{"*.T", "github.com/x/y.T", true}, // path.Match stops at "/"
		{"runtime.g", "runtime.g", true},
	} {
		p := New(test.pattern)
		require.Equal(t, test.want, p.Match([]byte(test.name)), "%s %s", test.pattern, test.name)
		require.Equal(t, test.want, newMachine(test.pattern).match([]byte(test.name), false), "%s %s", test.pattern, test.name)
	}
}

// TestBounded matches names for which the retries of a star would take the product of
// pattern and name: 4096 * 2000 steps for each of them, about 20 ms.
func TestBounded(t *testing.T) {
	long := strings.Repeat("a", MaxName)
	for _, pattern := range []string{
		"*" + strings.Repeat("a", 2000) + "b",
		"*" + strings.Repeat("a*", 1000) + "b",
		"*" + strings.Repeat("?", 2000) + "b",
		"*" + strings.Repeat("[a-z]", 2000) + "b",
		"*" + strings.Repeat("a", 5000),
	} {
		p := New(pattern)
		from := time.Now()
		for i := range 1000 {
			require.False(t, p.Match([]byte(long[i:])))
		}
		require.Less(t, time.Since(from), 8*time.Second, pattern[:10]) // 0.2 s here
	}
	p := New("*" + strings.Repeat("a", 2000) + "b")
	require.True(t, p.Match([]byte(long[:3000]+"b")))
	require.False(t, p.Match([]byte(long+"b")), "longer than MaxName")
	require.NotNil(t, p.machine)
}

// TestAllocs: honest patterns need no memory.
func TestAllocs(t *testing.T) {
	name := []byte("tcp_v4_rcv_established\x00")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		p := New("*tcp*_est[a-z]bl?shed*")
		require.True(t, p.MatchNUL(name))
	}))
}
