// Package fault marks the steps of the flows that must survive a crash. In a
// released binary Point does nothing; built with the tag faults it kills the
// process at the step that AIKAGI_FAULT names, so that a test can start it
// again and look (R2; the table is in ARCHITECTURE.md).
package fault
