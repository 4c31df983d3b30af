module github.com/seed-6c4a6465/btf

go 1.25.0

require golang.org/x/sys v0.43.0
