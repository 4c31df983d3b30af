// our offsets beside bpftool's → the same

package main

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOffset asks for the direct members of many structs of the fixture, and
// compares with what bpftool's raw dump says of them.
func TestOffset(t *testing.T) {
	path := fixture(t)
	dump := output(t, tool(t, "bpftool"), "btf", "dump", "file", path, "format", "raw")

	type member struct{ offset, bitfield uint64 }
	head := regexp.MustCompile(`^\[\d+\] (\w+) '(\w+)'`)
	line := regexp.MustCompile(`^\t'(\w+)' type_id=\d+ bits_offset=(\d+)(?: bitfield_size=(\d+))?`)
	wanted := map[string]member{}
	seen := map[string]int{} // how often a name is that of a struct, union or typedef
	in := ""
	for text := range strings.Lines(dump) {
		if m := head.FindStringSubmatch(text); m != nil {
			in = ""
			switch m[1] {
			case "STRUCT", "UNION":
				in = m[2]
				seen[m[2]]++
			case "TYPEDEF":
				seen[m[2]]++
			}
		} else if text[0] == '[' {
			in = ""
		} else if m := line.FindStringSubmatch(text); m != nil && in != "" {
			offset, err := strconv.ParseUint(m[2], 10, 64)
			require.NoError(t, err)
			bitfield, _ := strconv.ParseUint("0"+m[3], 10, 64)
			wanted[in+"."+m[1]] = member{offset, bitfield}
		}
	}
	args := []string{"offset", "--json", "--btf", path}
	for path := range wanted {
		if name, _, _ := strings.Cut(path, "."); seen[name] == 1 && len(args) < 20_000 {
			args = append(args, path)
		}
	}
	stdout, _, _ := btfRun(args...)
	decoder := json.NewDecoder(strings.NewReader(stdout))
	decoder.DisallowUnknownFields()
	answers, bitfields := 0, 0
	for _, path := range args[4:] {
		var got struct {
			place
			Error string `json:"error"`
		}
		require.NoError(t, decoder.Decode(&got))
		require.Equal(t, path, got.Path, "in the order asked")
		if got.Error != "" {
			// Only what has no size: the dump says nothing of that.
			require.Contains(t, got.Error, "size of", path)
			continue
		}
		want := wanted[path]
		require.Equal(t, want.offset, got.BitOffset, path)
		require.Equal(t, want.offset/8, got.ByteOffset, path)
		require.Equal(t, want.bitfield, got.BitfieldSize, path)
		answers++
		if want.bitfield != 0 {
			bitfields++
		}
	}
	require.Greater(t, answers, 15_000)
	require.Greater(t, bitfields, 100)
}

// TestOffsetSize compares sizes with those that bpftool prints of the structs
// themselves, and types with what the source of the kernel says.
func TestOffsetText(t *testing.T) {
	path := fixture(t)
	stdout, stderr, status := btfRun("offset", "--btf", path, "task_struct.mm", "task_struct.nope", "sk_buff.len", "nope", "a.b.c", "--json")
	require.Equal(t, statusFailed, status)
	require.Empty(t, stderr)
	var types, errors []string
	for line := range strings.Lines(stdout) {
		var got struct{ Type, Error string }
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		types, errors = append(types, got.Type), append(errors, got.Error)
	}
	require.Equal(t, []string{"struct mm_struct *", "", "unsigned int", "", ""}, types)
	require.Regexp(t, `^member "nope" of STRUCT task_struct \(id \d+\): not found$`, errors[1])
	require.Equal(t, "a path such as task_struct.mm wanted", errors[3])
	require.Contains(t, errors[4], "not supported yet")

	stdout, stderr, status = btfRun("offset", "--btf", path, "task_struct.mm", "irq_info.nope")
	require.Equal(t, statusFailed, status)
	require.Regexp(t, `^path +bits +bytes +size +type\ntask_struct\.mm +\d+ +\d+ +8 +struct mm_struct \*\n$`, stdout)
	require.Regexp(t, `^btf: irq_info.nope: .*multiple matching types\n$`, stderr)
}
