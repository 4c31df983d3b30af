// Names the error of writing to a pipe that nobody reads any more.

//go:build !plan9 && !windows

package main

import "syscall"

var errBrokenPipe error = syscall.EPIPE
