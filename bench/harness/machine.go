package harness

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine says what kind of machine this is.
func Machine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel := runtime.GOOS
	var uts unix.Utsname
	if err := unix.Uname(&uts); err == nil {
		// What follows the first '-' is the name of somebody's build.
		release, _, _ := strings.Cut(unix.ByteSliceToString(uts.Release[:]), "-")
		kernel = unix.ByteSliceToString(uts.Sysname[:]) + " " + release
	}
	return fmt.Sprintf("%s, %d cores, %s, %s", model, runtime.NumCPU(), kernel, runtime.Version())
}
