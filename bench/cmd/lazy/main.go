// Command lazy asks a question of the contender lazy in a fresh process.
package main

import (
	"github.com/seed-6c4a6465/btf/bench/contest"
	"github.com/seed-6c4a6465/btf/bench/lazy"
)

func main() { contest.Main(lazy.Open) }
