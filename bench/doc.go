// Package bench compares readers of BTF: this repository's, rivals, and a floor.
//
//	go run ./coldstart             # each answer in a fresh process: tables and a chart
//	go test -run '^$' -bench . .   # in one process, many times, cold and warm
//	go test -run Guard -v .        # what must not get worse
//	go test -run 'Answers|Rival' . # whether all say the same
//
// Contenders that cannot be in one process with the others are asked in their own,
// as often. The directories:
//
//	contest/    the questions, and the program that asks one; a module of its own
//	floor/      what no reader can do without
//	ours/       this repository's package
//	lazy/       cilium/ebpf v0.22
//	eager/      cilium/ebpf v0.11; a module of its own
//	libbpf/     libbpf, in C; built where its headers are (Debian: libbpf-dev)
//	cmd/        the programs of those in this module
//	harness/    builds and runs the programs, and makes the blobs they are asked about
//	coldstart/  the driver, its tables and its chart
package bench
