// Command floor asks a question of the contender floor in a fresh process.
package main

import (
	"github.com/seed-6c4a6465/btf/bench/contest"
	"github.com/seed-6c4a6465/btf/bench/floor"
)

func main() { contest.Main(floor.Open) }
