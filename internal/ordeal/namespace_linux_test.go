package ordeal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/aikagi/aikagi/internal/store"
)

const namespaceEnv = "AIKAGI_ORDEAL_NAMESPACE"

// alone runs a test once more in a process with mounts of its own, which nobody
// else sees and which end with it. It returns true there, and false where the
// test has been run that way.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(namespaceEnv) != "" {
		if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		return true
	}
	if testing.Short() {
		t.Skip("starts the server")
	}
	if os.Getuid() != 0 {
		t.Skip("only root mounts a file system of its own")
	}
	binary, err := theBinary()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), namespaceEnv+"="+binary)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	said, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, said)
	}
	return false
}

// mounted is a place on a small file system of its own.
func mounted(t *testing.T, size string) place {
	t.Helper()
	p := newPlace(t, store.SQLite)
	p.dir = t.TempDir()
	p.database = "sqlite:" + filepath.Join(p.dir, "aikagi.db")
	if err := syscall.Mount("tmpfs", p.dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(p.dir, syscall.MNT_DETACH) })
	p.write(t)
	return p
}

// fills takes all the space that is left, but for some bytes.
func fills(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size >= 512; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	return nil
}

// TestL03AFullDiskIsSurvived on a file system that is really full: changes are
// refused, reading goes on, and once there is space again so does everything,
// without a restart.
func TestL03AFullDiskIsSurvived(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	for _, after := range []int{0, stepAsk, stepSet, stepCard} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			s := newStory(newServer(t, mounted(t, "24m")))
			if err := s.start(nil); err != nil {
				t.Fatal(err)
			}
			all := steps
			s.until = after
			if err := s.goes(); err != nil {
				t.Fatal(err)
			}
			ballast := filepath.Join(s.dir, "ballast")
			if err := fills(ballast); err != nil {
				t.Fatal(err)
			}
			s.refusesChanges(t)
			s.until = len(all)
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			s.perseveres(t)
			s.kill()
			s.goesOn(t, now())
		})
	}
}

// TestL05AReadOnlyPlaceIsRefused at the start, in words and with a status.
func TestL05AReadOnlyPlaceIsRefused(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	s := newStory(newServer(t, mounted(t, "24m")))
	if err := syscall.Mount("", s.dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	s.refuses(t, "The data directory cannot be used", "Check the owner of the directory and the free space")
	if err := syscall.Mount("", s.dir, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	s.goesOn(t, now())
}
