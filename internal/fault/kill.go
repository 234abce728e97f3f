//go:build faults

package fault

import (
	"os"
	"syscall"
)

// Point kills the process, as kill -9 would, if AIKAGI_FAULT names the step.
func Point(name string) {
	if os.Getenv("AIKAGI_FAULT") == name {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // cannot fail on oneself
		select {}
	}
}
