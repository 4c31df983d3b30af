// Tests that a module that could not be opened can be opened later.

//go:build unix

package btf_test

import (
	"syscall"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/stretchr/testify/require"
)

// TestKernelTriesAgain: what keeps a module from being opened may be over the next
// time that it is asked for, unless its bytes are broken.
func TestKernelTriesAgain(t *testing.T) {
	k := openKernel(t, smallKernel(t))
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	none := limit
	none.Cur = 1
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none))
	_, err := k.Module("nf_conntrack")
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	require.ErrorIs(t, err, syscall.EMFILE)

	m, err := k.Module("nf_conntrack")
	require.NoError(t, err)
	require.True(t, m.Has("nf_conn", btf.KindStruct))
	again, err := k.Module("nf_conntrack")
	require.NoError(t, err)
	require.Same(t, m, again)

	_, first := k.Module("odd_module")
	_, second := k.Module("odd_module")
	var broken *btf.FormatError
	require.ErrorAs(t, first, &broken)
	require.Equal(t, first, second)
}
