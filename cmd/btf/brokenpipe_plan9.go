// Names the error of writing to a pipe that nobody reads any more, on Plan 9.

package main

import "syscall"

// errBrokenPipe is Ehungup of the kernel's port/error.h.
var errBrokenPipe = syscall.NewError("i/o on hungup channel")
