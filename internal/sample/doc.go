// Package sample fills an empty database with a call centre to try things on:
// one instance, 128 people with Japanese names, seven of them without an e-mail
// address, one locked out, a hierarchy, and an owner of the account.
//
// Only demo and benchmarks use it. It never touches a database that has data.
package sample
