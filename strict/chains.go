// Limits how many typedefs, qualifiers and type tags follow each other, and in which order.

package strict

import "github.com/seed-6c4a6465/btf"

// checkChains makes the checks of btf_check_type_tags, which the kernel makes after all
// types are resolved. A chain ends at the first modifier that an earlier chain began with
// or passed by: its end was checked then.
func (c *checker) checkChains() error {
	passed := c.first
	for t := range c.spec.All() {
		if !modifiers.has(t.Kind()) {
			continue
		}
		from := raw(t)
		n, tags := 0, from.Kind() == btf.KindTypeTag || !c.kernel.tagsFirst()
		for r := from; modifiers.has(r.Kind()); {
			if n++; n > maxDepth {
				return from.problem(0, "max chain length or cycle detected: at most %d modifiers may follow each other", maxDepth)
			}
			switch {
			case r.Kind() != btf.KindTypeTag:
				tags = !c.kernel.tagsFirst()
			case !tags:
				return from.problem(0, "type tags don't precede modifiers: %s comes after a typedef or qualifier", r.String())
			}
			if r.id < passed {
				break
			}
			r = c.at(btf.TypeID(r.third()))
		}
		passed = from.id + 1
	}
	return nil
}
