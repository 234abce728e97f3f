// Package ops answers on the operator's own listener: is the process alive, is
// it ready, what does it count, what is it doing. It is never reachable on a
// public port (S40) and gives no data about people.
package ops
