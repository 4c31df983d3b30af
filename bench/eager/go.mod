module github.com/seed-6c4a6465/btf/bench/eager

go 1.25.0

require (
	github.com/cilium/ebpf v0.11.0
	github.com/seed-6c4a6465/btf/bench/contest v0.0.0
)

require (
	golang.org/x/exp v0.0.0-20230224173230-c95f2b4c22f2 // indirect
	golang.org/x/sys v0.6.0 // indirect
)

replace github.com/seed-6c4a6465/btf/bench/contest => ../contest
