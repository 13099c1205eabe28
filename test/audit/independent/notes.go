package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A checkpoint whose log has signed it.
type checkpoint struct {
	origin string
	tree   tlog.Tree
	// Those who signed beside the log, as far as they are known.
	others []note.Verifier
	// Signatures of keys that were not given, or cannot be verified here.
	unknown []string
}

// A witness with Ed25519 (C2SP tlog-cosignature, type 4), which the library does not know. It is a note.Verifier.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	time uint64
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	w.time = binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", w.time, text)
	return w.time < 1<<63 && ed25519.Verify(w.key, []byte(message), signature[8:])
}

// A verifier for a key as C2SP signed-note writes it; nil for ML-DSA-44.
func verifierOf(vkey string) note.Verifier {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || parts[0] == "" || strings.ContainsAny(parts[0], " \t\r\n") {
		refuse("%.60q is not a key", vkey)
	}
	key := decode(base64.StdEncoding, parts[2])
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if hex.EncodeToString(id[:4]) != parts[1] || len(key) == 0 {
		refuse("the key %.60q has another id", vkey)
	}
	switch {
	case key[0] == 1:
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			refuse("the key of %s: %v", parts[0], err)
		}
		return verifier
	case key[0] == 4 && len(key) == 1+ed25519.PublicKeySize:
		return &witness{name: parts[0], hash: binary.BigEndian.Uint32(id[:4]), key: key[1:]}
	case key[0] == 6 && len(key) == 1+1312:
		return nil
	}
	refuse("the key of %s is of a kind that is not known", parts[0])
	return nil
}

// Opens a note that the key `vkey` must have signed, and gives those of the other keys that have signed it, too.
func open(what string, text []byte, vkey string, others []string) (*note.Note, []note.Verifier) {
	own := verifierOf(vkey)
	if own == nil {
		refuse("%s: the key of a log that is verified here is of Ed25519", what)
	}
	verifiers := []note.Verifier{own}
	for _, other := range others {
		if verifier := verifierOf(other); verifier != nil && other != vkey {
			verifiers = append(verifiers, verifier)
		}
	}
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		refuse("%s: %v", what, err)
	}
	signed := map[string]bool{}
	for _, signature := range opened.Sigs {
		signed[idOf(signature.Name, signature.Hash)] = true
	}
	if !signed[idOf(own.Name(), own.KeyHash())] {
		refuse("%s: its own key %.60s has not signed it", what, vkey)
	}
	checkOnce(what, text, verifiers)
	var found []note.Verifier
	for _, verifier := range verifiers[1:] {
		if signed[idOf(verifier.Name(), verifier.KeyHash())] {
			found = append(found, verifier)
		}
	}
	return opened, found
}

const mostCosignatures = 10000

var cosignatures int

// The library drops what a key signed once more: which of two counts would depend on who reads them.
func checkOnce(what string, text []byte, verifiers []note.Verifier) {
	known, seen := map[string]bool{}, map[string]bool{}
	for _, verifier := range verifiers {
		known[idOf(verifier.Name(), verifier.KeyHash())] = true
	}
	lines := strings.Split(strings.TrimSuffix(string(text[bytes.LastIndex(text, []byte("\n\n"))+2:]), "\n"), "\n")
	for _, line := range lines {
		parts := strings.Split(line, " ")
		id := idOf(parts[1], binary.BigEndian.Uint32(decode(base64.StdEncoding, parts[2])))
		if seen[id] {
			refuse("%s: %s has signed it twice with one key", what, parts[1])
		}
		seen[id] = known[id]
		if known[id] && id != idOf(verifiers[0].Name(), verifiers[0].KeyHash()) {
			cosignatures++
		}
	}
	if cosignatures > mostCosignatures {
		refuse("there are more than %d cosignatures", mostCosignatures)
	}
}

func idOf(name string, hash uint32) string {
	return fmt.Sprintf("%s+%08x", name, hash)
}

// Opens a checkpoint (C2SP tlog-checkpoint) of the log whose key is `vkey`.
func openCheckpoint(what string, text []byte, vkey string, others []string) checkpoint {
	opened, found := open(what, text, vkey, others)
	lines := strings.Split(strings.TrimSuffix(opened.Text, "\n"), "\n")
	if len(lines) < 3 || contains(lines, "") {
		refuse("%s does not have the lines of a checkpoint", what)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root := decode(base64.StdEncoding, lines[2])
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] || len(root) != tlog.HashSize {
		refuse("%s has no size or no root", what)
	}
	if lines[0] != strings.SplitN(vkey, "+", 2)[0] {
		refuse("%s is of the log %q, and its key is of another", what, lines[0])
	}
	result := checkpoint{origin: lines[0], tree: tlog.Tree{N: size}, others: found}
	copy(result.tree.Hash[:], root)
	for _, signature := range opened.UnverifiedSigs {
		result.unknown = append(result.unknown, signature.Name)
	}
	return result
}

// Says who signed a checkpoint beside its log.
func (c checkpoint) sayOthers() {
	for _, verifier := range c.others {
		if cosigner, ok := verifier.(*witness); ok {
			say("- %s has cosigned it at %s.", cosigner.name, time.Unix(int64(cosigner.time), 0).UTC().Format(time.RFC3339))
		} else {
			say("- %s has signed it with another key, too.", verifier.Name())
		}
	}
	for _, name := range c.unknown {
		say("- A signature of %s on it was not verified: its key was not given, or is of ML-DSA-44.", name)
	}
}
