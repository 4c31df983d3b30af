// Compares the help texts with golden files.

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

// TestHelpText compares btf help and the help of each command with testdata/help.
func TestHelpText(t *testing.T) {
	golden := filepath.Join("testdata", "help")
	texts := map[string][]string{"help": {"help"}}
	for _, c := range commands {
		texts[c.name] = []string{c.name, "-h"}
	}
	for name, args := range texts {
		t.Run(name, func(t *testing.T) {
			got, stderr, status := btfRun(args...)
			require.Empty(t, stderr)
			require.Zero(t, status)
			for i, line := range strings.Split(got, "\n") {
				require.LessOrEqual(t, len([]rune(line)), 100, "line %d", i+1)
			}
			file := filepath.Join(golden, name+".txt")
			if *update {
				require.NoError(t, os.MkdirAll(golden, 0o755))
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got, "go test ./cmd/btf -run TestHelpText -update writes %s anew", file)
		})
	}
	files, err := os.ReadDir(golden)
	require.NoError(t, err)
	require.Len(t, files, len(texts), "a file of a command that is gone")
}
