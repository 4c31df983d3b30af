// pattern, name → whether they match

package btf

// maxGlobbed is how long a name may be to match a pattern, in bytes. The longest of a
// kernel have 512; a blob could have a hundred thousand types whose names are the
// end of one long string.
const maxGlobbed = 4 << 10

// glob reports whether the name at the front of b, which ends at a NUL, matches a
// pattern, as path.Match does with a name of ASCII that has no slash. Path.Match
// itself needs a string, and so an allocation for each name.
func glob(pattern string, b []byte) bool {
	// Only the last star met is ever gone back to, to let it take one byte more.
	p, n := 0, 0
	star, taken := -1, 0
	for {
		switch {
		case n >= len(b) || n > maxGlobbed:
			return false
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, n
			p++
			continue
		case b[n] == 0:
			return p == len(pattern)
		}
		if length, ok := globOne(pattern[p:], b[n]); ok {
			p, n = p+length, n+1
			continue
		}
		if star < 0 {
			return false
		}
		taken++
		p, n = star+1, taken
	}
}

// globOne reports whether the first element of a pattern, which is no star, takes c,
// and how long it is.
func globOne(pattern string, c byte) (length int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pattern) < 2 {
			return 0, false
		}
		return 2, pattern[1] == c
	case '[':
		return globClass(pattern, c)
	}
	return 1, pattern[0] == c
}

// globClass is globOne of a class such as [a-z_] or [^0-9].
func globClass(pattern string, c byte) (length int, ok bool) {
	at := 1
	negated := at < len(pattern) && pattern[at] == '^'
	if negated {
		at++
	}
	next := func() (b byte) {
		if at < len(pattern) && pattern[at] == '\\' {
			at++
		}
		if at < len(pattern) {
			b = pattern[at]
		}
		at++
		return b
	}
	in := false
	for first := true; first || at < len(pattern) && pattern[at] != ']'; first = false {
		low := next()
		high := low
		if at < len(pattern) && pattern[at] == '-' {
			at++
			high = next()
		}
		in = in || low <= c && c <= high
	}
	return min(at+1, len(pattern)), in != negated
}
