package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"regexp"
)

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$`)

// What both headers of a file say (APPNOTE.TXT 4.3.7, 4.3.12): stored, UTF-8, a fixed time, no extra fields.
func facts(name string, content []byte) []byte {
	var out bytes.Buffer
	for _, field := range []uint16{20, 0x0800, 0, 0, 0x0021} {
		binary.Write(&out, binary.LittleEndian, field)
	}
	for _, field := range []uint32{crc32.ChecksumIEEE(content), uint32(len(content)), uint32(len(content))} {
		binary.Write(&out, binary.LittleEndian, field)
	}
	for _, field := range []uint16{uint16(len(name)), 0} {
		binary.Write(&out, binary.LittleEndian, field)
	}
	return out.Bytes()
}

// Reads an archive whose bytes must be exactly those that follow from its files: each is taken where it must stand, the archive is
// made anew from them, and must be the same. What cannot be explained so is refused, wherever it is.
func readArchive(path string) map[string][]byte {
	archive, err := os.ReadFile(path)
	if err != nil {
		refuse("%s cannot be read: %v", path, err)
	}
	files := map[string][]byte{}
	last := ""
	var again, directory bytes.Buffer
	for len(archive)-again.Len() >= 30 && string(archive[again.Len():again.Len()+4]) == "PK\x03\x04" {
		start := again.Len()
		header := archive[start : start+30]
		bytesIn, nameLength := int(binary.LittleEndian.Uint32(header[22:])), int(binary.LittleEndian.Uint16(header[26:]))
		if bytesIn > len(archive)-start-30-nameLength {
			refuse("the archive is cut short, or a size in it is wrong")
		}
		name := string(archive[start+30 : start+30+nameLength])
		content := archive[start+30+nameLength : start+30+nameLength+bytesIn]
		if !namePattern.MatchString(name) || name <= last {
			refuse("the name %.100q in the archive is not allowed, or in the wrong place", name)
		}
		again.WriteString("PK\x03\x04")
		again.Write(facts(name, content))
		again.WriteString(name)
		if !bytes.Equal(again.Bytes()[start:], archive[start:again.Len()]) {
			refuse("%s in the archive is damaged, or its header is not as it must be", name)
		}
		again.Write(content)
		directory.WriteString("PK\x01\x02\x14\x00")
		directory.Write(facts(name, content))
		directory.Write(make([]byte, 2+2+2+4)) // no comment, disk 0, no attributes
		binary.Write(&directory, binary.LittleEndian, uint32(start))
		directory.WriteString(name)
		files[name], last = content, name
	}
	end := []uint16{0, 0, uint16(len(files)), uint16(len(files))}
	listed := []uint32{uint32(directory.Len()), uint32(again.Len())}
	again.Write(directory.Bytes())
	again.WriteString("PK\x05\x06")
	for _, part := range []interface{}{end, listed, uint16(0)} {
		binary.Write(&again, binary.LittleEndian, part)
	}
	if len(files) == 0 || !bytes.Equal(again.Bytes(), archive) {
		refuse("the archive is not exactly of the form of evidence: its list of files does not fit, or there is something beside it")
	}
	return files
}
