// Gives names from BTF a form that C takes for identifiers.

package cdecl

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

// identifier returns a name if it is an identifier of C, or empty. In another name it
// puts "_" for what an identifier cannot have, and adds a comment with the name itself:
//
//	core__Option_u32_ /* core::Option<u32> */
//
// A keyword of C gets a "_" behind it.
func identifier(name string) string {
	if isKeyword(name) {
		return name + "_ /* " + name + " */"
	}
	if isIdentifier(name) {
		return name
	}
	b := make([]byte, 0, 2*len(name)+len("_ /*  */"))
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		first := isFirst(r)
		if i == 0 && !first && isNext(r) {
			b = append(b, '_')
		}
		if first || isNext(r) {
			b = append(b, name[i:i+n]...)
		} else {
			b = append(b, '_')
		}
		i += n
	}
	b = append(b, " /* "...)
	b = append(b, escape.Comment(name)...)
	return string(append(b, " */"...))
}

// isIdentifier reports whether a name is an identifier, or empty. Dollar signs and
// letters beyond ASCII are what GCC and clang take in one.
func isIdentifier(name string) bool {
	for i := range len(name) {
		if c := name[i]; letter(c) || i > 0 && '0' <= c && c <= '9' || c == '$' {
			continue
		}
		return isWide(name)
	}
	return true
}

// isKeyword reports whether a name is a keyword of C11, or of GNU C.
func isKeyword(name string) bool {
	switch name {
	case "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
		"float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
		"sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
		"_Alignas", "_Alignof", "_Atomic", "_Bool", "_Complex", "_Generic", "_Imaginary", "_Noreturn",
		"_Static_assert", "_Thread_local", "asm", "typeof":
		return true
	}
	return false
}

// isWide is isIdentifier for names beyond ASCII.
func isWide(name string) bool {
	for i, r := range name {
		if !isFirst(r) && (i == 0 || !isNext(r)) {
			return false
		}
	}
	return true
}

// letter reports whether c is a letter or "_".
func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

// isFirst reports whether an identifier can begin with r. It is false for bytes that are
// not UTF-8, which decode to utf8.RuneError.
func isFirst(r rune) bool {
	if r < utf8.RuneSelf {
		return letter(byte(r)) || r == '$'
	}
	return unicode.IsLetter(r)
}

// isNext reports whether r can stand in an identifier where it cannot begin one.
func isNext(r rune) bool {
	return '0' <= r && r <= '9' || r >= utf8.RuneSelf && (unicode.Is(unicode.Nd, r) || unicode.Is(unicode.Mn, r))
}

// isNumber reports whether a name is that of a number of C: words such as "int" or "long
// unsigned int".
func isNumber(name string) bool {
	for word := range strings.SplitSeq(name, " ") {
		switch word {
		case "unsigned", "signed", "long", "short", "char", "int", "__int128", "_Bool", "float", "double", "_Complex", "complex":
		default:
			return false
		}
	}
	return true
}

// tagText returns the text of a tag in quotes, for a comment.
func tagText(t btf.Type) string { return `"` + escape.Comment(t.Name()) + `"` }

// inComment returns text that is printable for a comment. It replaces the marks of
// comments, which C does not nest.
func inComment(text string) string {
	if !strings.ContainsAny(text, "*?") {
		return text
	}
	return unmarked.Replace(text)
}

var unmarked = strings.NewReplacer("/*", "(", "*/", ")", "??/", `?\x3f/`)
