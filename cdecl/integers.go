// Gives the names of integers the spelling that all compilers share.

package cdecl

import "strings"

// plainInteger puts the words of an integer's name into the most common order: GCC
// writes "long unsigned int" where clang writes "unsigned long". It returns other
// names as they are.
func plainInteger(name string) string {
	count := map[string]int{}
	for _, word := range strings.Fields(name) {
		switch word {
		case "unsigned", "signed", "long", "short", "char", "int", "__int128":
			count[word]++
		default:
			return name
		}
	}
	var words []string
	add := func(word string) {
		for range count[word] {
			words = append(words, word)
		}
	}
	add("unsigned")
	if count["char"] != 0 {
		add("signed") // unlike the others, char alone may be either
	}
	add("short")
	add("long")
	add("char")
	add("__int128")
	if count["short"]+count["long"]+count["char"]+count["__int128"] == 0 {
		words = append(words, "int")
	}
	return strings.Join(words, " ")
}
