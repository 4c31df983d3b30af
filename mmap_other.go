// Reads a window of a file where the system has no mmap(2).

//go:build !unix

package btf

import "os"

func openFile(path string) (*os.File, error) { return os.Open(path) }

func mapWindow(*os.File, int64, int64) (mapping, error) { return mapping{}, errUnmappable }

func unmap([]byte) error { return nil }
