// Verifies a log that Concordat exported, and evidence that it gave, without any of Concordat's code: what it relies on is this
// folder, Go's standard library, and golang.org/x/mod/sumdb/{note,tlog}, which the checksum database of Go is verified with.
//
//	verify-log DIR [--older FILE] [--witness VKEY]...
//	verify-bundle FILE.zip...
//
// Says what it has proven, and exits with 0; or says what is wrong, and exits with 1. 2 is for wrong use.
//
// Where the format of evidence leaves room, this is how it is read:
//   - JSON in it names no key of an object twice. Digests and commitments are over the bytes as they stand, so that nothing here has
//     to know how canonical JSON is written: a value that is written otherwise has another digest.
//   - A field that was opened may itself hold commitments; their openings name them by the path through it.
//   - Records of an agreement are numbered (seq) from 0 through all logs; the last is the making of the bundle, at the time of the manifest.
//   - manifest.note is signed by the key of the log that has the last record, and by nobody else.
//   - A receipt stands beside the record of the question (data.requested), or of a delivery that nobody asked for; its digest is in the
//     record of the answer.
//   - ML-DSA-44 is not in Go's library: such signatures are counted and named as not verified.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// What is wrong with what was given.
type wrong string

func refuse(format string, args ...interface{}) {
	panic(wrong(fmt.Sprintf(format, args...)))
}

func say(format string, args ...interface{}) {
	fmt.Printf(format+"\n", args...)
}

func main() {
	args := os.Args[1:]
	holds := true
	switch {
	case len(args) >= 2 && args[0] == "verify-log":
		holds = attempt("", func() { verifyLog(args[1], args[2:]) })
	case len(args) == 2 && args[0] == "verify-bundle":
		holds = attempt("", func() { verifyBundle(args[1]) })
	case len(args) > 2 && args[0] == "verify-bundle":
		for _, name := range args[1:] {
			file := name
			holds = attempt(file+": ", func() { verifyBundle(file) }) && holds
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: verify-log DIR [--older FILE] [--witness VKEY]... | verify-bundle FILE.zip...")
		os.Exit(2)
	}
	if !holds {
		os.Exit(1)
	}
}

// Says what is wrong, if anything is. What is no finding is a bug, and ends the program.
func attempt(about string, verify func()) (holds bool) {
	defer func() {
		switch found := recover().(type) {
		case nil:
			holds = true
		case wrong:
			fmt.Fprintf(os.Stderr, "%sNOT PROVEN: %s\n", about, string(found))
		default:
			panic(found)
		}
	}()
	verify()
	return
}

// The library also takes base64 with stray bits and line breaks; here there is one way to write each value.
func decode(encoding *base64.Encoding, text string) []byte {
	value, err := encoding.DecodeString(text)
	if err != nil || encoding.EncodeToString(value) != text {
		refuse("%.60q is not base64 as it must be written", text)
	}
	return value
}

// An object of JSON by its keys, each with the bytes of its value.
type object map[string]json.RawMessage

// Reads an object of canonical JSON.
func parseObject(what string, text []byte) object {
	value := parseAny(what, text)
	checkCanonical(what, text)
	return value
}

// Reads an object of JSON as somebody wrote it.
func parseAny(what string, text []byte) object {
	checkKeys(what, text)
	var value object
	if err := json.Unmarshal(text, &value); err != nil || value == nil {
		refuse("%s is not an object of JSON", what)
	}
	return value
}

// The text of a member, "" when it is not there or not a text.
func (o object) text(name string) string {
	var value string
	if raw, ok := o[name]; !ok || json.Unmarshal(raw, &value) != nil {
		return ""
	}
	return value
}

func (o object) isText(name string) bool {
	raw, ok := o[name]
	return ok && len(raw) > 0 && raw[0] == '"'
}

// Reads an object of exactly the members that `into` has.
func parseExactly(what string, text []byte, into interface{}, names ...string) {
	found := parseObject(what, text)
	for _, name := range names {
		if _, ok := found[name]; !ok {
			refuse("%s has no %s", what, name)
		}
	}
	if err := json.Unmarshal(text, into); err != nil || len(found) != len(names) {
		refuse("%s does not have the members %v", what, names)
	}
}

// Refuses JSON in which an object names a key twice: two programs could read two things from it.
func checkKeys(what string, text []byte) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	var open []map[string]bool // nil for a list
	isKey := false
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			refuse("%s is not JSON", what)
		}
		if delim, ok := token.(json.Delim); ok {
			switch delim {
			case '{':
				open = append(open, map[string]bool{})
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
		} else if isKey {
			keys, name := open[len(open)-1], token.(string)
			if keys[name] {
				refuse("%s names %q twice", what, name)
			}
			keys[name] = true
			isKey = false
			continue
		}
		isKey = len(open) > 0 && open[len(open)-1] != nil && decoder.More()
	}
}
