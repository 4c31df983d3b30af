// Recognises the error of writing to a pipe that nobody reads any more, on Plan 9.

package main

import (
	"errors"
	"syscall"
)

// errHungup is Ehungup of the kernel's port/error.h.
var errHungup = syscall.NewError("i/o on hungup channel")

func isBrokenPipe(err error) bool { return errors.Is(err, errHungup) }
