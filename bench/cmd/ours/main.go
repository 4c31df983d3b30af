// Command ours asks a question of the contender ours in a fresh process.
package main

import (
	"github.com/seed-6c4a6465/btf/bench/contest"
	"github.com/seed-6c4a6465/btf/bench/ours"
)

func main() { contest.Main(ours.Open) }
