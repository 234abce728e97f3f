package devfault

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
)

const inProgress = "CREATION_IN_PROGRESS"

// slow lets a new instance look as on AWS while it is being made: it exists, and
// its InstanceStatus is CREATION_IN_PROGRESS. Answers are changed as the client
// reads them, in Amazon's names.
func (l *Layer) slow(operation string, out any) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	creates := operation == "CreateInstance" && l.plan.SlowCreationMS > 0
	shows := (operation == "DescribeInstance" || operation == "ListInstances") && len(l.making) > 0
	if !creates && !shows {
		return out, nil
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write answer: %w", err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	now := l.wall.Now()
	if creates {
		id, _ := answer["Id"].(string)
		if _, again := l.making[id]; !again { // a client token may bring it twice
			l.making[id] = now.Add(time.Duration(l.plan.SlowCreationMS) * time.Millisecond)
		}
		return out, nil
	}
	all, _ := answer["InstanceSummaryList"].([]any) // of ListInstances
	for _, one := range append(all, answer["Instance"]) {
		instance, ok := one.(map[string]any)
		if !ok {
			continue
		}
		id, _ := instance["Id"].(string)
		if now.Before(l.making[id]) {
			instance["InstanceStatus"] = inProgress
		} else {
			delete(l.making, id)
		}
	}
	return answer, nil
}
