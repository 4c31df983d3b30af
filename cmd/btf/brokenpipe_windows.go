// Recognises the error of writing to a pipe that nobody reads any more, on Windows.

package main

import (
	"errors"
	"syscall"
)

// Error codes of winerror.h that package syscall does not declare.
const (
	errNoData           = syscall.Errno(232) // ERROR_NO_DATA
	errPipeNotConnected = syscall.Errno(233) // ERROR_PIPE_NOT_CONNECTED
)

// isBrokenPipe does not ask for syscall.EPIPE, which no call of Windows returns.
func isBrokenPipe(err error) bool {
	return errors.Is(err, syscall.ERROR_BROKEN_PIPE) || errors.Is(err, errNoData) || errors.Is(err, errPipeNotConnected)
}
