package password

import (
	"strings"
	"sync"
)

// kinds are the kinds of hashes that a gate has met: today's, and those that an
// earlier version or another system made. A wrong password is checked against one
// of each, so that the time does not tell whose hash is old, nor that he exists
// (S13, C02). A kind is met when somebody who has it first tries to log in; until
// then it shows itself.
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

// others are the checks that a wrong password costs beside its own.
func (k *kinds) others(own checker) []checker {
	name, stranger := own.kind()
	k.mu.Lock()
	defer k.mu.Unlock()
	_, met := k.met[name]
	if stranger != nil && !met && len(k.met) < mostKinds {
		if k.met == nil {
			k.met = make(map[string]checker)
		}
		k.met[name] = stranger
	}
	var all []checker
	for other, stranger := range k.met {
		if other != name {
			all = append(all, stranger)
		}
	}
	if name != today {
		all = append(all, nobody{})
	}
	return all
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
