// Writes the small blobs of testdata.

// Command gen writes the small blobs of testdata, from anywhere in the repository:
//
//	go run ./testdata/gen
package main

import (
	"log"
	"os"

	"github.com/seed-6c4a6465/btf/internal/btftest"
)

func main() {
	for name, blob := range btftest.Recipes() {
		if err := os.WriteFile(btftest.Testdata(name), blob, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
