// Names the error of writing to a pipe that nobody reads any more, on Windows.

package main

import "syscall"

// errBrokenPipe is ERROR_NO_DATA of winerror.h. The EPIPE of package syscall is
// invented there, and no call returns it.
var errBrokenPipe error = syscall.Errno(232)
