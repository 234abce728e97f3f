// Package ordeal puts the product through what bad luck has in store: deaths, full
// and failing disks, damaged files, no more file handles, a database that dies, a
// clock that steps. It holds tests only.
//
//	centre   a sample call centre at rest, copied for each test
//	server   `aikagi serve` on it, as a process, killed and started again
//	tracer   between the process and the kernel: counts calls, lets some fail
//	story    what people do, what they were told, and what must be true of it
//
// What is made and found stands in docs/reliability.md, whose tables the long
// form writes (make faults). Nothing is faked: the binary is the released one, and
// has no hook for any of this.
package ordeal
