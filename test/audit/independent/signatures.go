package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Whether `jwk` has signed; EdDSA with Ed25519 and ES256 (RFC 8037, RFC 7518 §3.4).
func isSigned(jwk object, algorithm, message string, signature []byte) bool {
	x := decode(base64.RawURLEncoding, jwk.text("x"))
	switch {
	case len(signature) != 64:
		return false
	case algorithm == "EdDSA" && jwk.text("crv") == "Ed25519":
		return len(x) == ed25519.PublicKeySize && ed25519.Verify(x, []byte(message), signature)
	case algorithm == "ES256" && jwk.text("crv") == "P-256":
		y := decode(base64.RawURLEncoding, jwk.text("y"))
		public := ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
		sum := sha256.Sum256([]byte(message))
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return public.Curve.IsOnCurve(public.X, public.Y) && ecdsa.Verify(&public, sum[:], r, s)
	}
	return false
}

// Verifies the signed requests that the records hold, and gives how many there are whose key is in the bundle.
func (e *evidence) checkStatements(records []record) int {
	count, unknown := 0, 0
	for _, r := range records {
		kind, signed := r.fields.text("type"), e.text(r, "signed")
		if kind != "data.permitted" && kind != "data.denied" && kind != "data.requested" || signed == "" {
			continue
		}
		parts := strings.Split(signed, ".")
		if len(parts) != 3 {
			refuse("the statement of record %d is not one", r.Record)
		}
		header := parseAny("the head of a statement", decode(base64.RawURLEncoding, parts[0]))
		claims := parseAny("a statement", decode(base64.RawURLEncoding, parts[1]))
		from, to := e.manifest.Partner, e.manifest.Connector
		if kind == "data.requested" {
			from, to = to, from
		}
		if claims.text("iss") != from || claims.text("aud") != to || claims.text("agreement") != e.manifest.Agreement || !strings.HasPrefix(header.text("kid"), from+"#") || header.text("typ") != "concordat-statement+jwt" {
			refuse("the statement of record %d is by or for somebody else, or about another agreement", r.Record)
		}
		if recorded := r.fields.text("signedSha256"); recorded != "" && recorded != digest([]byte(signed)) {
			refuse("the statement of record %d is not the one that was recorded", r.Record)
		}
		if id := e.text(r, "statement"); id != "" && id != claims.text("jti") {
			refuse("the statement of record %d has another id than was recorded", r.Record)
		}
		// A participant may change its key and leave it its name.
		known, verified := false, false
		for _, k := range e.keys {
			if k.Use != "identity" || k.Name != header.text("kid") || k.Participant != from {
				continue
			}
			known = true
			verified = verified || isSigned(k.Jwk, header.text("alg"), parts[0]+"."+parts[1], decode(base64.RawURLEncoding, parts[2]))
		}
		switch {
		case verified:
			count++
		case known:
			refuse("the statement of record %d is not signed with the key %s", r.Record, header.text("kid"))
		default:
			unknown++
		}
	}
	if unknown > 0 {
		say("- %d signed requests were not verified: the bundle has no key for them.", unknown)
	}
	return count
}

// Verifies the receipts (C2SP tlog-proof) of the partner's log, and gives how many there are whose key is in the bundle.
func (e *evidence) checkReceipts(records []record) int {
	count := 0
	known := map[int64]bool{}
	for _, r := range records {
		known[r.Record] = true
	}
	kept := map[int64]string{}
	for _, line := range e.lines("receipts.ndjson") {
		var receipt struct {
			Record          int64
			Origin, Receipt string
			Verified        bool
		}
		parseExactly("a line of receipts.ndjson", line, &receipt, "record", "origin", "receipt", "verified")
		if !known[receipt.Record] || kept[receipt.Record] != "" {
			refuse("a receipt is of record %d, which is not here or has one already", receipt.Record)
		}
		kept[receipt.Record] = digest([]byte(receipt.Receipt))
		if vkeys := e.vkeysOf(e.manifest.Partner, receipt.Origin); receipt.Verified && len(vkeys) > 0 {
			checkReceipt(receipt.Receipt, vkeys)
			count++
		}
	}
	for _, r := range records {
		kind, question := r.fields.text("type"), r.Record
		if kind != "data.received" && kind != "data.refused" && kind != "data.aborted" {
			continue
		}
		// It stands beside the question, where there was one; its digest is in the record of the answer.
		if raw, ok := r.fields["requested"]; ok && json.Unmarshal(raw, &question) != nil {
			refuse("record %d does not say which question it answers", r.Record)
		}
		if recorded := r.fields.text("receiptSha256"); recorded != "" && kept[question] != "" && recorded != kept[question] {
			refuse("the receipt of record %d is not the one that was recorded", question)
		}
		delete(kept, question)
	}
	return count
}

func checkReceipt(receipt string, vkeys []string) {
	end := strings.Index(receipt, "\n\n")
	if end < 0 {
		refuse("a receipt has no checkpoint")
	}
	lines := strings.Split(receipt[:end], "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		refuse("a receipt is not written as one")
	}
	leaf := hashesOf([]string{strings.TrimPrefix(lines[1], "extra ")})[0]
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	tree := openCheckpoint("the checkpoint of a receipt", []byte(receipt[end+2:]), signerOf(receipt[end+2:], vkeys), nil).tree
	if err != nil || index < 0 || index >= tree.N || tlog.CheckRecord(hashesOf(lines[3:]), tree.N, tree.Hash, index, leaf) != nil {
		refuse("the proof of a receipt does not hold")
	}
}

// Which of the keys that may be those of a log has signed a note: a bundle may name several.
func signerOf(text string, vkeys []string) string {
	for _, vkey := range vkeys {
		verifier := verifierOf(vkey)
		if verifier == nil {
			continue
		}
		if opened, err := note.Open([]byte(text), note.VerifierList(verifier)); err == nil && len(opened.Sigs) > 0 {
			return vkey
		}
	}
	refuse("none of the keys of the log has signed the checkpoint of a receipt")
	return ""
}
