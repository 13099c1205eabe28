package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

const mostLevels = 200

// Refuses JSON that is not written as RFC 8785 has it: there is one text for each value, so that no two programs read two things.
func checkCanonical(what string, text []byte) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var again bytes.Buffer
	if !write(&again, decoder, 0) || !bytes.Equal(again.Bytes(), text) {
		refuse("%s is not canonical JSON", what)
	}
	if _, err := decoder.Token(); err != io.EOF {
		refuse("%s is more than one value of JSON", what)
	}
}

// Writes the next value; false when there is none, or it has no canonical form.
func write(out *bytes.Buffer, decoder *json.Decoder, level int) bool {
	token, err := decoder.Token()
	if err != nil {
		return false
	}
	switch value := token.(type) {
	case json.Delim:
		return level <= mostLevels && writeMembers(out, decoder, value, level)
	case json.Number:
		number, ok := numberText(string(value))
		out.WriteString(number)
		return ok
	case string:
		out.WriteString(literal(value))
	case bool:
		out.WriteString(strconv.FormatBool(value))
	default:
		out.WriteString("null")
	}
	return true
}

func writeMembers(out *bytes.Buffer, decoder *json.Decoder, open json.Delim, level int) bool {
	out.WriteString(open.String())
	before, first := "", true
	for ; decoder.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		if open == '{' {
			token, err := decoder.Token()
			name, ok := token.(string)
			if err != nil || !ok || !first && !isBefore(before, name) {
				return false
			}
			out.WriteString(literal(name) + ":")
			before = name
		}
		if !write(out, decoder, level+1) {
			return false
		}
	}
	end, err := decoder.Token()
	if err != nil {
		return false
	}
	out.WriteString(end.(json.Delim).String())
	return true
}

// Names are ordered by UTF-16 code units (RFC 8785 section 3.2.3).
func isBefore(one, other string) bool {
	a, b := utf16.Encode([]rune(one)), utf16.Encode([]rune(other))
	for i := range a {
		if i == len(b) {
			return false
		}
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return len(a) < len(b)
}

// A text as RFC 8785 section 3.2.2.2 writes it.
func literal(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch place := strings.IndexRune("\b\t\n\f\r\"\\", r); {
		case place >= 0:
			out.WriteString([]string{`\b`, `\t`, `\n`, `\f`, `\r`, `\"`, `\\`}[place])
		case r < 0x20:
			out.WriteString(`\u00` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15]))
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return out.String()
}

// A number as RFC 8785 section 3.2.2.3 writes it: as JavaScript does.
func numberText(text string) (string, bool) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(value, 0) {
		return "", false
	}
	if value == 0 {
		return "0", true
	}
	if size := math.Abs(value); size >= 1e-6 && size < 1e21 {
		return strconv.FormatFloat(value, 'f', -1, 64), true
	}
	// The exponent without the zero before its one digit.
	written := strconv.FormatFloat(value, 'e', -1, 64)
	place := strings.Index(written, "e") + 2
	return written[:place] + strings.TrimLeft(written[place:], "0"), true
}
