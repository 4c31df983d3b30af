// Runs the command inside the test process.

package main

import (
	"bytes"

	"github.com/seed-6c4a6465/btf"
)

// btfRun runs the command in this process.
func btfRun(args ...string) (stdout, stderr string, status int) {
	var out, complaints bytes.Buffer
	status = run(args, nil, &out, &complaints, btf.OpenKernel)
	return out.String(), complaints.String(), status
}
