// Command empty is a Go program that does nothing: what every process costs.
package main

func main() {}
