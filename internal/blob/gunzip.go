// gzipped file → bytes

package blob

import (
	"compress/gzip"
	"io"
	"os"
)

// Gunzip returns what is in a gzip file, such as the fixture of a whole kernel.
func Gunzip(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
