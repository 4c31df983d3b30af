module github.com/seed-6c4a6465/btf

go 1.25.0

require (
	golang.org/x/exp v0.0.0-20260727155853-b88d891fe743
	golang.org/x/sys v0.43.0
)

require (
	github.com/stretchr/testify v1.12.1
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)
