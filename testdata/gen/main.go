// recipes → files

// Command gen writes the small blobs of testdata:
//
//	go run ./testdata/gen
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/seed-6c4a6465/btf/internal/blob"
)

func main() {
	for name, blob := range blob.Recipes() {
		if err := os.WriteFile(filepath.Join("testdata", name), blob, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
