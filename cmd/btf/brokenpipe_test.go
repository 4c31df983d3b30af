// Tests output to a pipe that nobody reads.

package main

import (
	"bytes"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrokenPipe writes to a pipe whose reader has gone, as head(1) goes: that is no
// failure and nothing is said of it.
func TestBrokenPipe(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("needs pipes")
	}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer w.Close()
	require.NoError(t, r.Close())
	_, err = w.WriteString("x")
	require.True(t, isBrokenPipe(err), "%v", err)
	var stderr bytes.Buffer
	require.Equal(t, statusOK, run([]string{"help"}, nil, w, &stderr, nil))
	require.Empty(t, stderr.String())
	require.False(t, isBrokenPipe(os.ErrClosed))
}
