package password

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// kinds are the kinds of hashes that a gate has met: today's, and those that an
// earlier version or another system made. A wrong password is checked against one
// of each, so that the time does not tell whose hash is old, nor that he exists
// (S13, C02). A kind is met when somebody who has it first gives a wrong password;
// until then it shows itself.
type kinds struct {
	mu  sync.Mutex
	met map[string]checker // without today's; of a stranger, never right
}

const (
	// mostKinds bounds what a wrong password costs.
	mostKinds = 3
	// Kinds that cost more than so many of today's hashes are not made everybody's
	// burden; bcrypt at cost 10 takes about four.
	dearest       = 4
	dearestBcrypt = 10
)

// checks are what a password is checked against until it is right: today's kind
// first, then those that were met, always in one order. own stands in the place of
// its kind, at the position returned. The order is part of the time: what one check
// leaves in memory is what the next one finds. So the right password to an old hash
// costs the checks before it too, once: then the hash is brought up to date.
func (k *kinds) checks(own checker) (all []checker, position int) {
	name, _ := own.kind()
	k.mu.Lock()
	defer k.mu.Unlock()
	all = []checker{nobody{}}
	for _, other := range slices.Sorted(maps.Keys(k.met)) {
		if other == name {
			position = len(all)
		}
		all = append(all, k.met[other])
	}
	if name != today && position == 0 { // a kind that shows itself
		return append(all, own), len(all)
	}
	all[position] = own
	return all, position
}

// meet notes the kind of a hash that a wrong password was tried against.
func (k *kinds) meet(own checker) {
	name, stranger := own.kind()
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, met := k.met[name]; met || stranger == nil || len(k.met) >= mostKinds {
		return
	}
	if k.met == nil {
		k.met = make(map[string]checker)
	}
	k.met[name] = stranger
}

// today names the kind of hash that is made now.
const today = ""

func (nobody) kind() (string, checker) { return today, nil }

func (h argonHash) kind() (string, checker) {
	if h.cost == ours {
		return today, nil
	}
	text := h.String()
	name := text[:strings.LastIndexByte(text[:strings.LastIndexByte(text, '$')], '$')]
	if h.memory*h.passes > dearest*ours.memory*ours.passes {
		return name, nil
	}
	return name, argonHash{cost: h.cost, salt: make([]byte, len(h.salt)), sum: make([]byte, len(h.sum))}
}

func (h bcryptHash) kind() (string, checker) {
	const salt, sum = 22, 31 // characters
	name := h.text[:len(h.text)-salt-sum]
	if h.rounds > dearestBcrypt {
		return name, nil
	}
	return name, bcryptHash{text: name + strings.Repeat(".", salt+sum), rounds: h.rounds}
}
