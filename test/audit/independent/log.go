package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

// A log as C2SP tlog-tiles lays it out in files.
type logFiles struct {
	dir string
	// Paths of tiles and entries that belong to the size of the checkpoint.
	used map[string]bool
	// Hashes of level 1 and above, by level, as computed from below.
	above [][]tlog.Hash
	size  int64
	// The tile of level 0 that was read last.
	lastIndex int64
	last      []tlog.Hash
}

func (l *logFiles) read(path string) []byte {
	content, err := os.ReadFile(filepath.Join(l.dir, filepath.FromSlash(path)))
	if err != nil {
		refuse("%s cannot be read: %v", path, err)
	}
	l.used[path] = true
	return content
}

// C2SP tlog-tiles: groups of three digits, all but the last with an x, and the width where a tile is not full.
func tilePath(kind string, index int64, count int) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index /= 1000; index > 0; index /= 1000 {
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	if count < width {
		path += fmt.Sprintf(".p/%d", count)
	}
	return "tile/" + kind + "/" + path
}

func (l *logFiles) tile(level int, index, nodes int64) []tlog.Hash {
	count := int(nodes - index*width)
	if count > width {
		count = width
	}
	path := tilePath(fmt.Sprint(level), index, count)
	content := l.read(path)
	if len(content) != count*tlog.HashSize {
		refuse("%s has %d bytes in place of %d", path, len(content), count*tlog.HashSize)
	}
	hashes := make([]tlog.Hash, count)
	for i := range hashes {
		copy(hashes[i][:], content[i*tlog.HashSize:])
	}
	return hashes
}

// The hash over a power of two of hashes.
func fold(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(fold(hashes[:half]), fold(hashes[half:]))
}

// ReadHashes makes the log a tlog.HashReader.
func (l *logFiles) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, stored := range indexes {
		level, n := tlog.SplitStoredHashIndex(stored)
		first := n << uint(level%8)
		end := first + 1<<uint(level%8)
		if level >= 8 {
			hashes[i] = fold(l.above[level/8-1][first:end])
			continue
		}
		if l.lastIndex != first/width {
			l.lastIndex, l.last = first/width, l.tile(0, first/width, l.size)
		}
		start := l.lastIndex * width
		hashes[i] = fold(l.last[first-start : end-start])
	}
	return hashes, nil
}

func entriesOf(path string, bundle []byte, count int) [][]byte {
	var entries [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			refuse("%s ends within an entry", path)
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entries = append(entries, bundle[2:end])
		bundle = bundle[end:]
	}
	if len(entries) != count {
		refuse("%s has %d entries in place of %d", path, len(entries), count)
	}
	return entries
}

// Compares every entry with the leaves, and every tile with the ones below.
func (l *logFiles) checkTiles() {
	nodes := l.size
	for level := 0; nodes > 0; level++ {
		var above []tlog.Hash
		for index := int64(0); index*width < nodes; index++ {
			hashes := l.tile(level, index, nodes)
			if level > 0 {
				for i, hash := range hashes {
					if hash != l.above[level-1][index*width+int64(i)] {
						refuse("hash %d of %s is not the one of the tile below it", i, tilePath(fmt.Sprint(level), index, len(hashes)))
					}
				}
			} else {
				path := tilePath("entries", index, len(hashes))
				for i, entry := range entriesOf(path, l.read(path), len(hashes)) {
					if tlog.RecordHash(entry) != hashes[i] {
						refuse("entry %d (%s) is not the one that is hashed into the log", index*width+int64(i), path)
					}
				}
			}
			if len(hashes) == width {
				above = append(above, fold(hashes))
			}
		}
		l.above = append(l.above, above)
		nodes /= width
	}
}

func (l *logFiles) checkRoot(what string, tree tlog.Tree) {
	root, err := tlog.TreeHash(tree.N, l)
	// The library gives zeroes for the tree without entries; RFC 6962 has the hash of nothing.
	if err != nil || tree.N > 0 && root != tree.Hash || tree.N == 0 && tree.Hash.String() != "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" {
		refuse("%s: the root over its %d entries is not the one that was signed", what, tree.N)
	}
}

func verifyLog(dir string, options []string) {
	var older, witnesses []string
	for i := 0; i < len(options); i += 2 {
		if i+1 == len(options) || options[i] != "--older" && options[i] != "--witness" {
			refuse("the option %s is not known, or has no value", options[i])
		}
		if options[i] == "--older" {
			older = append(older, options[i+1])
		} else {
			witnesses = append(witnesses, options[i+1])
		}
	}
	l := &logFiles{dir: dir, used: map[string]bool{}, lastIndex: -1}
	vkey := strings.TrimSuffix(string(l.read("vkey")), "\n")
	if string(l.read("vkey")) != vkey+"\n" {
		refuse("vkey is not one line")
	}
	newest := openCheckpoint("checkpoint", l.read("checkpoint"), vkey, witnesses)
	if len(newest.others) != len(witnesses) {
		refuse("checkpoint: %d of %d witnesses have not cosigned it, or cannot be verified", len(witnesses)-len(newest.others), len(witnesses))
	}
	l.size = newest.tree.N
	l.checkTiles()
	l.checkRoot("checkpoint", newest.tree)
	l.checkFiles()
	say("The log %s has signed the tree of %d entries with the root %s.", newest.origin, l.size, newest.tree.Hash)
	newest.sayOthers()
	say("All %d entries are the ones in this tree, and all of its tiles are right.", l.size)
	for _, name := range older {
		note, err := os.ReadFile(name)
		if err != nil {
			refuse("%s cannot be read: %v", name, err)
		}
		before := openCheckpoint(name, note, vkey, nil)
		if before.tree.N > l.size {
			refuse("%s has %d entries: more than the log has now", name, before.tree.N)
		}
		l.checkRoot(name, before.tree)
		say("The %d entries of %s are its beginning: nothing of them was changed or removed.", before.tree.N, name)
	}
}

var partialPath = regexp.MustCompile(`^(tile/([0-9]+|entries)/[x0-9/]+)\.p/([1-9][0-9]{0,2})$`)

// C2SP tlog-tiles: a tile that was not full stays when it has grown. It must be how the one that is there now began.
func (l *logFiles) isEarlierPart(path string) bool {
	parts := partialPath.FindStringSubmatch(path)
	if parts == nil {
		return false
	}
	count, _ := strconv.Atoi(parts[3])
	for name := range l.used {
		if name != parts[1] && !strings.HasPrefix(name, parts[1]+".p/") {
			continue
		}
		part, err := os.ReadFile(filepath.Join(l.dir, filepath.FromSlash(path)))
		now, errNow := os.ReadFile(filepath.Join(l.dir, filepath.FromSlash(name)))
		if err != nil || errNow != nil || len(part) >= len(now) || !bytes.HasPrefix(now, part) {
			return false
		}
		return parts[2] != "entries" && len(part) == count*tlog.HashSize || parts[2] == "entries" && len(entriesOf(path, part, count)) == count
	}
	return false
}

// Nothing lies beside the tiles that could be taken for one of the log.
func (l *logFiles) checkFiles() {
	err := filepath.WalkDir(filepath.Join(l.dir, "tile"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(l.dir, path)
		if name := filepath.ToSlash(relative); !l.used[name] && !l.isEarlierPart(name) {
			refuse("%s is not a part of a log of %d entries", relative, l.size)
		}
		return err
	})
	if err != nil && (l.size > 0 || !os.IsNotExist(err)) {
		refuse("the tiles cannot be read: %v", err)
	}
}
