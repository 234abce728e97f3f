package ordeal

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

// call is a system call of the server, seen before the kernel does it.
type call struct {
	name string // "pwrite64"
	what string // what it is about: "database", "wal", "socket", …
	n    int    // its number among all that were counted, from 1

	pid  int
	args [6]uint64
}

// verdict is what becomes of a call.
type verdict int

const (
	pass   verdict = iota
	kill           // the process dies instead
	torn           // the first half of a write reaches the file, then the process dies
	eio            // the call fails: EIO
	enospc         // the call fails: ENOSPC
	erofs          // the call fails: EROFS
)

// judge decides about each counted call. It is called for one call at a time.
type judge func(call) verdict

// traced are the calls that a judge may see. Reading matters where the answer of
// another process is read: it has done what it was asked, and nobody here knows.
var traced = map[string]uintptr{
	"read": syscall.SYS_READ, "write": syscall.SYS_WRITE, "pwrite64": syscall.SYS_PWRITE64, "fsync": syscall.SYS_FSYNC,
	"fdatasync": syscall.SYS_FDATASYNC, "ftruncate": syscall.SYS_FTRUNCATE, "unlinkat": syscall.SYS_UNLINKAT,
	"renameat": syscall.SYS_RENAMEAT, "openat": syscall.SYS_OPENAT,
}

// tracer sits between the server and the kernel: a seccomp filter has the kernel
// ask it about each call (seccomp_unotify(2)). Unlike strace it counts the calls
// of all threads in one order, so "the n-th call of the flow" means something.
type tracer struct {
	judge judge

	mu    sync.Mutex
	count int
	seen  map[string]int // "pwrite64 wal" → how often
	last  call           // the one that was not passed
	done  chan struct{}
}

// Filter programs: include/uapi/linux/seccomp.h and bpf_common.h. The syscall
// package of Go has no names for them.
const (
	seccompSetModeFilter        = 1
	seccompNewListener          = 1 << 3
	seccompWaitKillable         = 1 << 5 // Linux 5.19: signals of Go's scheduler do not restart the call
	seccompRetUserNotif         = 0x7fc00000
	seccompRetAllow             = 0x7fff0000
	seccompIoctlRecv            = 0xc0502100
	seccompIoctlSend            = 0xc0182101
	seccompUserContinue         = 1
	prSetNoNewPrivs             = 38
	bpfLoadWord                 = 0x20 // BPF_LD | BPF_W | BPF_ABS
	bpfJumpEqual                = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	bpfReturn                   = 0x06 // BPF_RET | BPF_K
	pollIn, pollHangUp          = 0x1, 0x10
	becomeEnv                   = "AIKAGI_ORDEAL_BECOME" // the test binary becomes the server
	traceEnv                    = "AIKAGI_ORDEAL_TRACE"
	filesEnv                    = "AIKAGI_ORDEAL_FILES" // RLIMIT_NOFILE
	listenerFD                  = 3
	errNoListener        failed = "the kernel has no seccomp_unotify"
)

type failed string

func (f failed) Error() string { return string(f) }

var seccompCall = map[string]uintptr{"amd64": 317, "arm64": 277}[runtime.GOARCH]

type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type response struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// become turns this process, a copy of the test, into the server: limits and the
// filter are set here, and outlive exec.
func become() error {
	runtime.LockOSThread() // the filter is this thread's, and exec keeps this thread only
	if text := os.Getenv(filesEnv); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return err
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("limit files: %w", err)
		}
	}
	if os.Getenv(traceEnv) != "" {
		if err := install(); err != nil {
			return err
		}
	}
	environ := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "AIKAGI_ORDEAL_") })
	return syscall.Exec(os.Args[1], os.Args[1:], environ)
}

// install asks the kernel for the filter and hands its listener to the parent.
func install() error {
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	program := []syscall.SockFilter{{Code: bpfLoadWord, K: 0}} // the number of the call
	numbers := make([]uintptr, 0, len(traced))
	for _, nr := range traced {
		numbers = append(numbers, nr)
	}
	for n, nr := range numbers {
		program = append(program, syscall.SockFilter{
			Code: bpfJumpEqual, Jt: uint8(len(numbers) - n), K: uint32(nr),
		})
	}
	program = append(program,
		syscall.SockFilter{Code: bpfReturn, K: seccompRetAllow}, syscall.SockFilter{Code: bpfReturn, K: seccompRetUserNotif})
	filter := syscall.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	fd, _, errno := syscall.RawSyscall(seccompCall, seccompSetModeFilter, seccompNewListener|seccompWaitKillable,
		uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return fmt.Errorf("%w: %w", errNoListener, errno)
	}
	return syscall.Sendmsg(listenerFD, []byte{0}, syscall.UnixRights(int(fd)), nil, 0)
}

// start starts the command under the tracer.
func (t *tracer) start(c *exec.Cmd) error {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()
	c.ExtraFiles = []*os.File{theirs}
	err = c.Start()
	_ = theirs.Close()
	if err != nil {
		return err
	}
	one, rights := make([]byte, 1), make([]byte, syscall.CmsgSpace(4))
	_, n, _, _, err := syscall.Recvmsg(pair[0], one, rights, 0)
	if err != nil || n == 0 {
		_ = c.Wait()
		return errors.Join(errNoListener, err)
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:n])
	if err != nil {
		return err
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	t.seen, t.done = map[string]int{}, make(chan struct{})
	go t.serve(fds[0], c.Process.Pid)
	return nil
}

// serve answers the kernel until the process is gone.
func (t *tracer) serve(fd, pid int) {
	defer close(t.done)
	defer syscall.Close(fd)
	names := map[int32]string{}
	for name, nr := range traced {
		names[int32(nr)] = name
	}
	for {
		poll := struct {
			fd              int32
			events, revents int16
		}{int32(fd), pollIn, 0}
		_, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, 0, 0, 0, 0)
		if errno == syscall.EINTR {
			continue
		}
		if errno != 0 || poll.revents&pollIn == 0 {
			return
		}
		var asked notification
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), seccompIoctlRecv, uintptr(unsafe.Pointer(&asked))); errno != 0 {
			continue // it was killed meanwhile
		}
		c := call{name: names[asked.nr], pid: pid, args: asked.args}
		answer := response{id: asked.id}
		t.answer(c, &answer)
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), seccompIoctlSend, uintptr(unsafe.Pointer(&answer))) // it may be gone
	}
}

func (t *tracer) answer(c call, to *response) {
	v := pass
	if c.what = c.about(); c.what != "" {
		v = t.count1(&c)
	}
	switch v {
	case pass:
		to.flags = seccompUserContinue
	case torn:
		c.half()
		fallthrough
	case kill:
		_ = syscall.Kill(c.pid, syscall.SIGKILL)
		to.err = -int32(syscall.EINTR) // nobody hears it
	case eio:
		to.err = -int32(syscall.EIO)
	case enospc:
		to.err = -int32(syscall.ENOSPC)
	case erofs:
		to.err = -int32(syscall.EROFS)
	}
}

func (t *tracer) count1(c *call) verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	c.n = t.count
	t.seen[c.name+" "+c.what]++
	v := t.judge(*c)
	if v != pass {
		t.last = *c
	}
	return v
}

// about names what a call is about; "" for what cannot matter: the runtime's own
// wake-up calls, and opening a file to read it.
func (c call) about() string {
	switch c.name {
	case "openat":
		if c.args[2]&syscall.O_CREAT == 0 {
			return ""
		}
		return "create"
	case "unlinkat", "renameat":
		return "directory"
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", c.pid, c.args[0]))
	switch {
	case err != nil, strings.HasPrefix(path, "anon_inode:"):
		return ""
	case strings.HasPrefix(path, "socket:"):
		return "socket"
	case c.name == "read":
		return ""
	case !strings.HasPrefix(path, "/"):
		return "pipe"
	}
	switch name := filepath.Base(path); {
	case strings.HasSuffix(name, "-wal"):
		return "wal"
	case strings.HasSuffix(name, "-shm"):
		return "shared memory"
	case strings.HasSuffix(name, ".db"):
		return "database"
	case strings.HasSuffix(name, "-journal"):
		return "journal"
	}
	return "file"
}

// half does the first half of a write in the server's stead, as a disk would
// that lost its power.
func (c call) half() {
	if c.name != "pwrite64" || c.args[2] < 2 {
		return
	}
	data := make([]byte, c.args[2]/2)
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", c.pid))
	if err != nil {
		return
	}
	defer memory.Close()
	file, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/%d", c.pid, c.args[0]), os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	if _, err := memory.ReadAt(data, int64(c.args[1])); err == nil {
		_, _ = file.WriteAt(data, int64(c.args[3]))
	}
}
