package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func wants(t *testing.T, what string, err error, code aikagi.Code, reason string) {
	t.Helper()
	if err == nil || aikagi.CodeOf(err) != code || aikagi.ReasonOf(err) != reason {
		t.Errorf("%s: got %v, want %s (%s)", what, err, code, reason)
	}
}

func TestTakenAndInUseAreConflicts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		i, next := storetest.Instance(t, s, "sakura"), storetest.Instance(t, s, "momiji")
		p := storetest.Profile(t, s, i, "Agent")
		u := storetest.User(t, s, i, "sato", func(u *aikagi.User) {
			u.SecurityProfileIDs = []aikagi.SecurityProfileID{p.ID}
		})
		storetest.User(t, s, i, "SATO")    // another name
		storetest.User(t, s, next, "sato") // another instance
		again := u
		again.ID = "other"
		wants(t, "taken user name", s.Update(ctx, func(tx *store.Tx) error { return tx.InsertUser(ctx, again) }),
			aikagi.Conflict, "taken")
		wants(t, "taken alias", s.Update(ctx, func(tx *store.Tx) error {
			return tx.InsertInstance(ctx, aikagi.Instance{ID: "x", Alias: "sakura"})
		}), aikagi.Conflict, "taken")
		wants(t, "taken profile name", s.Update(ctx, func(tx *store.Tx) error {
			return tx.InsertSecurityProfile(ctx, aikagi.SecurityProfile{InstanceID: i.ID, ID: "x", Name: "Agent"})
		}), aikagi.Conflict, "taken")
		wants(t, "profile in use", s.Update(ctx, func(tx *store.Tx) error {
			return tx.DeleteSecurityProfile(ctx, i.ID, p.ID)
		}), aikagi.Conflict, "in_use")
		wants(t, "profile of another instance", s.Update(ctx, func(tx *store.Tx) error {
			return tx.DeleteSecurityProfile(ctx, next.ID, p.ID)
		}), aikagi.NotFound, "")
		wants(t, "stale user", s.Update(ctx, func(tx *store.Tx) error {
			stale := u
			stale.Version--
			return tx.UpdateUser(ctx, stale, u)
		}), aikagi.Conflict, "changed")
		storetest.Update(t, s, func(tx *store.Tx) error { return tx.DeleteUser(ctx, u) })
		storetest.Update(t, s, func(tx *store.Tx) error { return tx.DeleteSecurityProfile(ctx, i.ID, p.ID) })
	})
}

// TestCountsStayTrue compares the counts on the instance's row with the rows.
func TestCountsStayTrue(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		i := storetest.Instance(t, s, "sakura")
		none := func(u *aikagi.User) { u.Email = "" }
		off := func(u *aikagi.User) { u.Enabled = false }
		agree := func(after string, users, noEmail int64) {
			t.Helper()
			storetest.View(t, s, func(tx *store.Tx) error {
				found, err := tx.FindInstance(ctx, i.ID)
				if found.UserCount != users || found.NoEmailCount != noEmail {
					t.Errorf("after %s: %d users, %d without an address, want %d and %d",
						after, found.UserCount, found.NoEmailCount, users, noEmail)
				}
				return err
			})
		}
		a, b := storetest.User(t, s, i, "a", none), storetest.User(t, s, i, "b", none, off)
		c := storetest.User(t, s, i, "c")
		agree("three inserts", 3, 1)
		change := func(u aikagi.User, edits ...func(*aikagi.User)) aikagi.User {
			after := u
			for _, edit := range edits {
				edit(&after)
			}
			storetest.Update(t, s, func(tx *store.Tx) error { return tx.UpdateUser(ctx, u, after) })
			return storetest.FindUser(t, s, u)
		}
		a = change(a, func(u *aikagi.User) { u.Email = "a@example.jp" })
		agree("an address", 3, 0)
		b = change(b, func(u *aikagi.User) { u.Enabled = true })
		agree("enabling one without", 3, 1)
		c = change(c, none, off)
		agree("disabling and taking the address", 3, 1)
		// One that fails, beside one that does not, counts nothing.
		atOnce(20, func(n int) error {
			return s.Update(ctx, func(tx *store.Tx) error {
				u := aikagi.User{InstanceID: i.ID, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(fmt.Sprint("n", n/2)), Enabled: true}
				return tx.InsertUser(ctx, u)
			})
		})
		agree("twenty inserts of ten names", 13, 11)
		for _, u := range []aikagi.User{a, b, c} {
			storetest.Update(t, s, func(tx *store.Tx) error { return tx.DeleteUser(ctx, u) })
		}
		agree("three deletions", 10, 10)
	})
}

func TestTextComesBackAsItWas(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i := storetest.Instance(t, s, "sakura", func(i *aikagi.Instance) { i.Settings.DisplayName = "さくら🌸\u202e\"'\\%_" })
		u := storetest.User(t, s, i, "sato", func(u *aikagi.User) {
			u.FirstName, u.LastName = "花子 𠮷野家 e\u0301", strings.Repeat("髙", aikagi.MaxLastName)
		})
		storetest.View(t, s, func(tx *store.Tx) error {
			found, err := tx.FindInstance(t.Context(), i.ID)
			if found.Settings.DisplayName != i.Settings.DisplayName {
				t.Errorf("display name %q, want %q", found.Settings.DisplayName, i.Settings.DisplayName)
			}
			return err
		})
		if u.FirstName != "花子 𠮷野家 e\u0301" || u.LastName != strings.Repeat("髙", aikagi.MaxLastName) {
			t.Errorf("names %q %q", u.FirstName, u.LastName)
		}
	})
}

// TestE01EnginesAgreeOnEqualityAndOrder: names compare and sort by bytes.
func TestE01EnginesAgreeOnEqualityAndOrder(t *testing.T) {
	t.Parallel()
	names := []string{"-", ".a", "0", "A", "B", "K", "_", "a", "a-b", "a.b", "ab", "b", "z"}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i := storetest.Instance(t, s, "sakura")
		for n := range names {
			storetest.User(t, s, i, names[(n*7+3)%len(names)])
		}
		storetest.View(t, s, func(tx *store.Tx) error {
			users, err := tx.ListUsers(t.Context(), store.UserRange{Instance: i.ID, Set: store.EveryUser, Limit: 50})
			for n, u := range users {
				if string(u.Username) != names[n] {
					t.Errorf("user %d is %q, want %q", n, u.Username, names[n])
				}
			}
			for _, alike := range []aikagi.Username{"\u212a", "k", "ａ", "a ", "Ab"} {
				if _, err := tx.FindUserByName(t.Context(), i.ID, alike); aikagi.CodeOf(err) != aikagi.NotFound {
					t.Errorf("%q found somebody: %v", alike, err)
				}
			}
			return err
		})
	})
}

func secretOf(u aikagi.User, n int) aikagi.ResetToken {
	return aikagi.ResetToken{
		InstanceID: u.InstanceID, ID: aikagi.ResetTokenID(fmt.Sprint("t", n)), Digest: []byte{byte(n), 7}, UserID: u.ID,
		Kind: aikagi.KindMailLink, Epoch: u.SecretEpoch, CreatedAt: start, ExpiresAt: start.Add(30 * time.Minute),
	}
}

func TestS7ATokenIsSpentOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		u := storetest.User(t, s, storetest.Instance(t, s, "sakura"), "sato")
		row := secretOf(u, 1)
		storetest.Update(t, s, func(tx *store.Tx) error { return tx.InsertToken(t.Context(), row) })
		exactlyOne(t, atOnce(30, func(int) error {
			return s.Update(t.Context(), func(tx *store.Tx) error { return tx.SpendToken(t.Context(), row, start.Add(time.Minute)) })
		}), aikagi.Expired)
	})
}

// TestS6ATokenIsSpentInItsTimeAndState walks what ends one.
func TestS6ATokenIsSpentInItsTimeAndState(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, i := t.Context(), storetest.Instance(t, s, "sakura")
		for n, c := range []struct {
			name string
			end  func(tx *store.Tx, u aikagi.User) error
			at   time.Duration
			ok   bool
		}{
			{"a millisecond before the end", nil, 30*time.Minute - time.Millisecond, true},
			{"at the end", nil, 30 * time.Minute, false},
			{"new password", func(tx *store.Tx, u aikagi.User) error { return tx.SetPassword(ctx, i.ID, u.ID, "x", false, start) }, 0, false},
			{"newer secret", func(tx *store.Tx, u aikagi.User) error {
				_, err := tx.MoveEpoch(ctx, i.ID, u.ID)
				return err
			}, 0, false},
			{"ended", func(tx *store.Tx, u aikagi.User) error { return tx.EndTokens(ctx, i.ID, u.ID, "newer", start) }, 0, false},
			{"disabled, though the epoch stands", func(tx *store.Tx, u aikagi.User) error {
				off := u
				off.Enabled = false
				return tx.UpdateUser(ctx, u, off)
			}, 0, false},
			{"other profiles", func(tx *store.Tx, u aikagi.User) error { return tx.ReplaceUserProfiles(ctx, u) }, 0, false},
			{"deleted", func(tx *store.Tx, u aikagi.User) error { return tx.DeleteUser(ctx, u) }, 0, false},
		} {
			u := storetest.User(t, s, i, fmt.Sprint("user", n))
			row := secretOf(u, n)
			storetest.Update(t, s, func(tx *store.Tx) error { return tx.InsertToken(ctx, row) })
			if c.end != nil {
				storetest.Update(t, s, func(tx *store.Tx) error { return c.end(tx, u) })
			}
			err := s.Update(ctx, func(tx *store.Tx) error { return tx.SpendToken(ctx, row, start.Add(c.at)) })
			if c.ok != (err == nil) || !c.ok && aikagi.CodeOf(err) != aikagi.Expired {
				t.Errorf("%s: got %v", c.name, err)
			}
		}
	})
}

func TestS4AChallengeIsSpentOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		exactlyOne(t, atOnce(30, func(int) error {
			return s.Update(t.Context(), func(tx *store.Tx) error { return tx.SpendChallenge(t.Context(), "c", start) })
		}), aikagi.Expired)
	})
}

func TestS31AGrantIsSpentOnceAndInTime(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, i := t.Context(), storetest.Instance(t, s, "sakura")
		grant := func(id aikagi.GrantID) aikagi.EmergencyGrant {
			g := aikagi.EmergencyGrant{
				ID: id, InstanceID: i.ID, Digest: []byte(id), CreatedAt: start, StartBefore: start.Add(aikagi.GrantStartTTL),
			}
			storetest.Update(t, s, func(tx *store.Tx) error { return tx.InsertGrant(ctx, g) })
			return g
		}
		spend := func(g aikagi.EmergencyGrant, at time.Duration) error {
			return s.Update(ctx, func(tx *store.Tx) error { return tx.SpendGrant(ctx, g, start.Add(at)) })
		}
		g := grant("a")
		elsewhere := g
		elsewhere.InstanceID = "other"
		wants(t, "at another instance", spend(elsewhere, 0), aikagi.Expired, "spent")
		exactlyOne(t, atOnce(30, func(int) error { return spend(g, time.Second) }), aikagi.Expired)
		wants(t, "late", spend(grant("b"), aikagi.GrantStartTTL), aikagi.Expired, "spent")
	})
}

// TestS3ALimitHoldsUnderParallelRequests: as many as the burst, whoever comes first.
func TestS3ALimitHoldsUnderParallelRequests(t *testing.T) {
	t.Parallel()
	const every, burst = time.Minute, 7
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		take := func(n int, at time.Duration) int {
			let := make([]bool, n)
			for _, err := range atOnce(n, func(n int) error {
				return s.Update(t.Context(), func(tx *store.Tx) (err error) {
					until, err := tx.TakeToken(t.Context(), []byte("lane"), start.Add(at), every, (burst-1)*every)
					let[n] = !until.IsZero()
					return err
				})
			}) {
				if err != nil {
					t.Error(err)
				}
			}
			through := 0
			for _, ok := range let {
				if ok {
					through++
				}
			}
			return through
		}
		for _, c := range []struct {
			at   time.Duration
			n    int
			want int
		}{
			{0, 30, burst},
			{every - time.Millisecond, 5, 0},
			{every, 5, 1},
			{4 * every, 10, 3},
			{time.Hour, 20, burst},
			// The clock was turned back (R9): at first the limit stands, and beyond
			// an hour what it knew is impossible and counts as nothing.
			{-24 * time.Hour, 20, burst},
		} {
			if got := take(c.n, c.at); got != c.want {
				t.Errorf("at %s: %d of %d got through, want %d", c.at, got, c.n, c.want)
			}
		}
	})
}

func TestS14FailuresAreCountedExactly(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		seen := make([]int, 30)
		lanes := store.Lanes{Instance: "i", Lane: []byte("lane"), Name: []byte("name")}
		rule := store.CountRule{
			Now: start, Impossible: start.Add(2 * time.Hour), Few: 100, ForFew: time.Hour, ForMany: 2 * time.Hour,
			Most: 100, MostOfALane: 100,
		}
		for _, err := range atOnce(len(seen), func(n int) error {
			return s.Update(ctx, func(tx *store.Tx) error {
				count, _, err := tx.CountFailure(ctx, lanes, rule)
				seen[n] = count
				return err
			})
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		sum := 0
		for _, n := range seen {
			sum += n
		}
		if want := 30 * 31 / 2; sum != want {
			t.Errorf("the counts seen add up to %d, want 1+2+…+30 = %d", sum, want)
		}
		storetest.Update(t, s, func(tx *store.Tx) error {
			rule.Now = start.Add(time.Hour)
			count, _, err := tx.CountFailure(ctx, lanes, rule)
			if count != 1 {
				t.Errorf("after its end a lane counts on from %d", count)
			}
			return err
		})
	})
}

func message(n int) aikagi.Message {
	return aikagi.Message{
		InstanceID: "i", ID: aikagi.MessageID(fmt.Sprintf("m%03d", n)), UserID: "u", Kind: aikagi.MailPasswordChanged,
		To: "a@example.jp", HeaderID: "h", Sealed: []byte("sealed"), CreatedAt: start, ExpiresAt: start.Add(time.Hour),
	}
}

func claim(t *testing.T, s *store.Store, at time.Duration) (aikagi.Message, error) {
	t.Helper()
	var m aikagi.Message
	err := s.Claim(t.Context(), func(tx *store.Tx) (err error) {
		m, err = tx.ClaimMessage(t.Context(), start.Add(at), start.Add(at+time.Minute))
		return err
	})
	return m, err
}

// TestK12WorkersClaimEachMessageOnce lets two nodes claim side by side.
func TestK12WorkersClaimEachMessageOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, engine)
			nodes := []*store.Store{storetest.Connect(t, url), storetest.Connect(t, url)}
			const all = 40
			for n := range all {
				storetest.Update(t, nodes[0], func(tx *store.Tx) error { return tx.InsertMessage(t.Context(), message(n)) })
			}
			claimed := make([]aikagi.MessageID, all)
			for _, err := range atOnce(all, func(n int) error {
				m, err := claim(t, nodes[n%2], time.Second)
				claimed[n] = m.ID
				return err
			}) {
				// SKIP LOCKED may pass over a row that its claimer then leaves.
				if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
					t.Error(err)
				}
			}
			for {
				m, err := claim(t, nodes[0], time.Second)
				if aikagi.CodeOf(err) == aikagi.NotFound {
					break
				}
				claimed = append(claimed, m.ID)
			}
			seen := map[aikagi.MessageID]int{}
			for _, id := range claimed {
				if id != "" {
					seen[id]++
				}
			}
			if len(seen) != all {
				t.Errorf("%d of %d messages were claimed", len(seen), all)
			}
			for id, n := range seen {
				if n != 1 {
					t.Errorf("message %s was claimed %d times", id, n)
				}
			}
		})
	}
}

// TestR3ALeaseIsTakenOverAndTheFenceHolds: whoever lost his lease records nothing.
func TestR3ALeaseIsTakenOverAndTheFenceHolds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		storetest.Update(t, s, func(tx *store.Tx) error { return tx.InsertMessage(ctx, message(1)) })
		stalled, err := claim(t, s, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := claim(t, s, time.Minute-time.Millisecond); aikagi.CodeOf(err) != aikagi.NotFound {
			t.Errorf("claimed within the lease: %v", err)
		}
		storetest.Update(t, s, func(tx *store.Tx) error { return tx.RenewMessage(ctx, stalled, start.Add(2*time.Minute)) })
		if _, err := claim(t, s, time.Minute); aikagi.CodeOf(err) != aikagi.NotFound {
			t.Errorf("claimed within the renewed lease: %v", err)
		}
		second, err := claim(t, s, 2*time.Minute)
		if err != nil || second.Fence != stalled.Fence+1 || second.Attempt != 2 || !bytes.Equal(second.Sealed, []byte("sealed")) {
			t.Fatalf("the second worker got %+v, %v", second, err)
		}
		record := func(m aikagi.Message) error {
			m.State, m.DoneAt, m.Sealed = aikagi.MessageSent, start, nil
			return s.Update(ctx, func(tx *store.Tx) error {
				return tx.RecordAttempt(ctx, m, aikagi.Attempt{Number: m.Attempt, At: start, Outcome: "sent"})
			})
		}
		wants(t, "the stalled worker's record", record(stalled), aikagi.Expired, "taken_over")
		wants(t, "the stalled worker's renewal", s.Update(ctx, func(tx *store.Tx) error {
			return tx.RenewMessage(ctx, stalled, start.Add(time.Hour))
		}), aikagi.Expired, "taken_over")
		if err := record(second); err != nil {
			t.Error(err)
		}
		if _, err := claim(t, s, 24*time.Hour); aikagi.CodeOf(err) != aikagi.NotFound {
			t.Errorf("a sent message was claimed again: %v", err)
		}
		storetest.View(t, s, func(tx *store.Tx) error {
			m, err := tx.FindMessage(ctx, "i", second.ID)
			if len(m.Sealed) != 0 || m.State != aikagi.MessageSent {
				t.Errorf("after sending the row is %+v", m)
			}
			return err
		})
	})
}

func TestR3ARequestIsTakenOverToo(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, i := t.Context(), storetest.Instance(t, s, "sakura")
		storetest.Update(t, s, func(tx *store.Tx) error {
			return tx.InsertRequest(ctx, aikagi.ResetRequest{InstanceID: i.ID, ID: "q", Username: "sato", CreatedAt: start})
		})
		take := func(at time.Duration) (q aikagi.ResetRequest, err error) {
			err = s.Claim(ctx, func(tx *store.Tx) (err error) {
				q, err = tx.ClaimRequest(ctx, start.Add(at), start.Add(at+time.Minute))
				return err
			})
			return q, err
		}
		first, err := take(0)
		if err != nil {
			t.Fatal(err)
		}
		second, err := take(time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		answer := func(q aikagi.ResetRequest) error {
			q.State, q.AnsweredAt = aikagi.RequestSent, start
			return s.Update(ctx, func(tx *store.Tx) error { return tx.AnswerRequest(ctx, q) })
		}
		wants(t, "the first worker's answer", answer(first), aikagi.Expired, "taken_over")
		if err := answer(second); err != nil {
			t.Error(err)
		}
		wants(t, "a second answer", answer(second), aikagi.Expired, "taken_over")
	})
}
