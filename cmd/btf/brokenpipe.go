// Recognises the error of writing to a pipe that nobody reads any more.

//go:build !plan9 && !windows

package main

import (
	"errors"
	"syscall"
)

func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
