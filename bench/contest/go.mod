module github.com/seed-6c4a6465/btf/bench/contest

go 1.25.0
