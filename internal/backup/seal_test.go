package backup

import (
	"bytes"
	"io"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/secret"
)

func sealed(t *testing.T, with lock, plain []byte) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := seal(&file, with)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func unsealed(file []byte, with lock) ([]byte, error) {
	r, err := open(bytes.NewReader(file), with)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestEveryLengthComesBack(t *testing.T) {
	t.Parallel()
	with := lock{ring: secret.NewRing([32]byte{1})}
	for _, n := range []int{0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes, 3*chunkBytes + 5} {
		plain := bytes.Repeat([]byte{'x', 'y', 0}, n/3+1)[:n]
		got, err := unsealed(sealed(t, with, plain), with)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
}

func TestChunksCannotBeCutSwappedOrRepeated(t *testing.T) {
	t.Parallel()
	with := lock{ring: secret.NewRing([32]byte{1})}
	whole := sealed(t, with, bytes.Repeat([]byte{1}, 3*chunkBytes))
	const chunk = chunkBytes + 16
	head, one, two, three := whole[:len(whole)-3*chunk], whole[len(whole)-3*chunk:len(whole)-2*chunk],
		whole[len(whole)-2*chunk:len(whole)-chunk], whole[len(whole)-chunk:]
	join := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{head}, parts...), nil) }
	if _, err := unsealed(join(one, two, three), with); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"last chunk cut": join(one, two), "first chunk cut": join(two, three), "swapped": join(two, one, three),
		"repeated": join(one, one, two, three), "more after the end": join(one, two, three, three), "all cut": join(),
		"last first": join(three),
	} {
		if _, err := unsealed(file, with); aikagi.ReasonOf(err) != "damaged" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	ring := secret.NewRing([32]byte{1})
	f.Add([]byte(magic))
	f.Add(append([]byte(magic), withPassphrase, 0, 0, 0, 1, 0, 0, 32, 0, 0, 0, 0, 1))
	f.Add(append([]byte(magic), withMasterKey, 0, 3, 1, 2, 3))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > len(magic) && file[len(magic)] == withPassphrase && len(file) > len(magic)+1+12+saltBytes {
			t.Skip("a key derivation takes too long here")
		}
		if _, err := unsealed(file, lock{aikagi.NewSecret("a passphrase"), ring}); err == nil {
			t.Error("took what nobody sealed")
		}
	})
}
