package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// Evidence, as far as it is read.
type evidence struct {
	files    map[string][]byte
	manifest manifest
	keys     []key
	// Checkpoints and keys of logs by the log's name.
	logs  map[string]checkpoint
	vkeys map[string]string
	// Number in the record of the first entry of each log.
	starts map[string]int64
	// Opened values by record and field.
	opened map[int64]map[string]json.RawMessage
}

type manifest struct {
	Format, Agreement, Connector, Partner, Created string
	Files                                          []json.RawMessage
}

type key struct {
	Use, Name, Vkey, Participant string
	From, Until                  *string
	Jwk                          object
}

// A line of records.ndjson and of changes.ndjson.
type record struct {
	Entry  string
	Index  int64
	Log    string
	Proof  []string
	Record int64
	fields object
}

const fixedFiles = "README.html agreement/agreement.json agreement/explanation.json agreement/message.txt agreement/policy.json changes.ndjson keys.json manifest.json manifest.note openings.ndjson receipts.ndjson records.ndjson"

// C2SP tlog-tiles: the length of an entry has two bytes.
const mostEntryBytes = 65535
const mostKeys = 10000

var logFile = regexp.MustCompile(`^logs/([^/]+)/(vkey|checkpoint)$`)

func verifyBundle(path string) {
	e := &evidence{files: readArchive(path), logs: map[string]checkpoint{}, vkeys: map[string]string{}, starts: map[string]int64{}, opened: map[int64]map[string]json.RawMessage{}}
	e.checkManifest()
	say("The archive holds %d files, each as the manifest names it: evidence of %s about the agreement %s with %s, made at %s.", len(e.files), e.manifest.Connector, e.manifest.Agreement, e.manifest.Partner, e.manifest.Created)
	e.readKeys()
	e.readLogs()
	records := e.readRecords("records.ndjson")
	missing := e.checkSequence(records)
	e.checkSignature(records[len(records)-1].Log)
	if missing == 0 {
		say("All %d records of the agreement are in the signed logs. They are numbered without gaps up to the making of this bundle: none is missing.", len(records))
	} else {
		say("All %d records of the agreement are in the signed logs. %d others were removed after their time, as records of it say; beside those none is missing.", len(records), missing)
	}
	opened := e.checkOpenings(records)
	say("%d values that the records commit to are the ones shown here.", opened)
	e.checkAgreement(records)
	say("The agreement is the one that the records name.")
	statements := e.checkStatements(records)
	receipts := e.checkReceipts(records)
	say("%d signed requests are by those whom the bundle names; %d receipts of the partner's log hold.", statements, receipts)
	changes := e.readRecords("changes.ndjson")
	e.checkChanges(changes)
	say("All %d changes of keys and logs are in the logs. That the keys are those of the parties is for their DID documents to say.", len(changes))
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func (e *evidence) checkManifest() {
	text := e.files["manifest.json"]
	parseExactly("manifest.json", text, &e.manifest, "format", "agreement", "connector", "partner", "created", "files")
	if e.manifest.Format != "concordat-evidence/1" {
		refuse("the format %q is not known", e.manifest.Format)
	}
	last := ""
	for _, raw := range e.manifest.Files {
		var file struct {
			Name   string
			Bytes  int
			Sha256 string
		}
		parseExactly("a file in manifest.json", raw, &file, "name", "bytes", "sha256")
		content, ok := e.files[file.Name]
		if !ok || file.Name <= last || len(content) != file.Bytes || digest(content) != file.Sha256 {
			refuse("%q is not the file that the manifest names, or in the wrong place", file.Name)
		}
		last = file.Name
	}
	if len(e.manifest.Files) != len(e.files)-2 {
		refuse("the manifest names %d files, and there are %d beside it", len(e.manifest.Files), len(e.files)-2)
	}
	for _, name := range strings.Fields(fixedFiles) {
		if _, ok := e.files[name]; !ok {
			refuse("%s is missing", name)
		}
	}
	for name, content := range e.files {
		if name != "README.html" && !utf8.Valid(content) {
			refuse("%s is not UTF-8", name)
		}
		parts := logFile.FindStringSubmatch(name)
		if parts == nil && !strings.Contains(" "+fixedFiles+" ", " "+name+" ") {
			refuse("%s is no file of evidence", name)
		}
		if parts != nil && (e.files["logs/"+parts[1]+"/vkey"] == nil || e.files["logs/"+parts[1]+"/checkpoint"] == nil) {
			refuse("the log %s has no key or no checkpoint", parts[1])
		}
	}
}

func (e *evidence) readKeys() {
	checkCanonical("keys.json", e.files["keys.json"])
	var listed []json.RawMessage
	if json.Unmarshal(e.files["keys.json"], &listed) != nil || len(listed) > mostKeys {
		refuse("keys.json is not a list of keys")
	}
	for _, raw := range listed {
		var k key
		material := "jwk"
		if _, ok := parseObject("a key", raw)["vkey"]; ok {
			material = "vkey"
		}
		parseExactly("a key in keys.json", raw, &k, "use", "name", "from", "until", "participant", material)
		if k.From == nil {
			refuse("the key %s does not say from when it is used", k.Name)
		}
		if (material == "jwk") != (k.Use == "identity") || material == "vkey" && !strings.HasPrefix(k.Vkey, k.Name+"+") {
			refuse("the key %s is not one of its kind", k.Name)
		}
		if !k.isNamed() {
			refuse("the key %s is not called as a key of %s is", k.Name, k.Participant)
		}
		e.keys = append(e.keys, k)
	}
}

// Where a participant is: did:web names a host, and a path with colons; the port is written %3A.
func placeOf(did string) string {
	place := strings.ReplaceAll(strings.TrimPrefix(did, "did:web:"), ":", "/")
	return regexp.MustCompile(`(?i)%3a`).ReplaceAllString(place, ":")
}

// Whether a key has a name that its participant's keys have: otherwise one could be shown as somebody else's.
func (k key) isNamed() bool {
	switch place := placeOf(k.Participant); {
	case k.Use == "identity":
		return strings.HasPrefix(k.Name, k.Participant+"#")
	case k.Use == "log":
		log := strings.TrimPrefix(k.Name, place+"/log/")
		return log != k.Name && log != "" && !strings.Contains(log, "/")
	case strings.HasPrefix(k.Participant, "did:"):
		return k.Use == "witness" && k.Name == place+"/witness"
	default:
		return k.Use == "witness" && k.Name == k.Participant
	}
}

// The keys that sign notes; of one participant and name, where they are not "".
func (e *evidence) vkeysOf(participant, name string) []string {
	var found []string
	for _, k := range e.keys {
		if k.Vkey != "" && (participant == "" || k.Participant == participant) && (name == "" || k.Name == name) {
			found = append(found, k.Vkey)
		}
	}
	return found
}

func (e *evidence) readLogs() {
	var names []string
	for name := range e.files {
		if parts := logFile.FindStringSubmatch(name); parts != nil && parts[2] == "vkey" {
			names = append(names, parts[1])
		}
	}
	sort.Strings(names)
	for _, name := range names {
		vkey := strings.TrimSuffix(string(e.files["logs/"+name+"/vkey"]), "\n")
		origin := placeOf(e.manifest.Connector) + "/log/" + name
		if string(e.files["logs/"+name+"/vkey"]) != vkey+"\n" || !contains(e.vkeysOf(e.manifest.Connector, origin), vkey) {
			refuse("the key of the log %s is not in keys.json as one of %s", name, e.manifest.Connector)
		}
		e.vkeys[name] = vkey
		e.logs[name] = openCheckpoint("the checkpoint of "+name, e.files["logs/"+name+"/checkpoint"], vkey, e.vkeysOf("", ""))
		say("The log %s has signed the tree of %d entries with the root %s.", origin, e.logs[name].tree.N, e.logs[name].tree.Hash)
		e.logs[name].sayOthers()
	}
}

func contains(list []string, wanted string) bool {
	for _, each := range list {
		if each == wanted {
			return true
		}
	}
	return false
}

// The lines of a file: each ends with a line feed, and none is empty.
func (e *evidence) lines(name string) [][]byte {
	content := e.files[name]
	if len(content) == 0 {
		return nil
	}
	lines := bytes.Split(bytes.TrimSuffix(content, []byte("\n")), []byte("\n"))
	if content[len(content)-1] != '\n' {
		refuse("%s does not end with a line feed", name)
	}
	return lines
}

func hashesOf(texts []string) []tlog.Hash {
	hashes := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		if copy(hashes[i][:], decode(base64.StdEncoding, text)) != tlog.HashSize || len(text) != 44 {
			refuse("%.60q is not a hash", text)
		}
	}
	return hashes
}

// Records that are in the logs.
func (e *evidence) readRecords(name string) []record {
	var records []record
	for _, line := range e.lines(name) {
		var r record
		parseExactly("a line of "+name, line, &r, "entry", "index", "log", "proof", "record")
		if len(records) > 0 && records[len(records)-1].Record >= r.Record {
			refuse("record %d in %s stands in the wrong place", r.Record, name)
		}
		log, ok := e.logs[r.Log]
		if !ok || r.Index < 0 || r.Index >= log.tree.N {
			refuse("record %d: the log %q has no entry %d that is signed", r.Record, r.Log, r.Index)
		}
		if start, ok := e.starts[r.Log]; ok && start != r.Record-r.Index || r.Record < r.Index {
			refuse("record %d is numbered otherwise than others of the log %s", r.Record, r.Log)
		}
		e.starts[r.Log] = r.Record - r.Index
		if err := tlog.CheckRecord(hashesOf(r.Proof), log.tree.N, log.tree.Hash, r.Index, tlog.RecordHash([]byte(r.Entry))); err != nil {
			refuse("record %d is not entry %d of the log %s", r.Record, r.Index, r.Log)
		}
		if r.fields = parseObject("the entry of a record", []byte(r.Entry)); len(r.Entry) > mostEntryBytes || !r.fields.isText("type") || !r.fields.isText("time") {
			refuse("the entry of record %d is not a record", r.Record)
		}
		records = append(records, r)
	}
	return records
}

func (e *evidence) checkSequence(records []record) int64 {
	if len(records) == 0 {
		refuse("there are no records")
	}
	next, missing := int64(0), int64(0)
	for i, r := range records {
		var seq int64
		if r.fields.text("agreement") != e.manifest.Agreement {
			refuse("record %d is of another agreement", r.Record)
		}
		raw, ok := r.fields["seq"]
		if !ok || json.Unmarshal(raw, &seq) != nil || seq < next {
			refuse("record %d is number %s of the agreement, where number %d must stand", r.Record, raw, next)
		}
		if until := prunedUntil(records[i:], next, seq); until != seq {
			refuse("record %d is number %s of the agreement, where number %d must stand: records are missing", r.Record, raw, until)
		}
		missing += seq - next
		next = seq + 1
	}
	if last := records[len(records)-1].fields; last.text("type") != "audit.evidence" || last.text("time") != e.manifest.Created {
		refuse("the last record is not the making of this bundle: later ones may be missing")
	}
	return missing
}

// Which number comes next when those are passed over that later records say were removed with a log after its time.
func prunedUntil(later []record, next, seq int64) int64 {
	for next < seq {
		before := next
		for _, r := range later {
			var own, first, last int64
			if r.fields.text("type") != "agreement.pruned" || json.Unmarshal(r.fields["seq"], &own) != nil || json.Unmarshal(r.fields["firstSeq"], &first) != nil || json.Unmarshal(r.fields["lastSeq"], &last) != nil {
				continue
			}
			if first <= next && next <= last && last < own {
				next = last + 1
				break
			}
		}
		if next == before {
			break
		}
	}
	return min(next, seq)
}

func min(one, other int64) int64 {
	if one < other {
		return one
	}
	return other
}

func (e *evidence) checkSignature(log string) {
	vkey, origin := e.vkeys[log], e.logs[log].origin
	text := e.files["manifest.note"]
	opened, _ := open("manifest.note", text, vkey, nil)
	sum := sha256.Sum256(e.files["manifest.json"])
	if opened.Text != origin+"\nevidence\n"+base64.StdEncoding.EncodeToString(sum[:])+"\n" {
		refuse("manifest.note is not about this manifest")
	}
	if bytes.Count(text[len(opened.Text):], []byte("\n")) != 2 {
		refuse("manifest.note has signatures beside the one of the log")
	}
	say("The manifest is signed with the key of %s.", origin)
}

// What stands at a path in a record, through values that were opened.
func (e *evidence) valueAt(r record, path []string) json.RawMessage {
	current := json.RawMessage(r.Entry)
	for i, name := range path {
		var holder object
		if json.Unmarshal(current, &holder) != nil {
			return nil
		}
		current = holder[name]
		if value, ok := e.opened[r.Record][strings.Join(path[:i+1], ".")]; ok && i < len(path)-1 {
			current = value
		}
	}
	return current
}

// A text of a record, opened where it is committed.
func (e *evidence) text(r record, name string) string {
	if value, ok := e.opened[r.Record][name]; ok {
		return object{name: value}.text(name)
	}
	return r.fields.text(name)
}

type opening struct {
	Field  string
	Record int64
	Salt   string
	Value  json.RawMessage
}

func (e *evidence) checkOpenings(records []record) int {
	byNumber := map[int64]record{}
	for _, r := range records {
		byNumber[r.Record] = r
	}
	var openings []opening
	for _, line := range e.lines("openings.ndjson") {
		var o opening
		parseExactly("a line of openings.ndjson", line, &o, "field", "record", "salt", "value")
		if len(openings) > 0 && openings[len(openings)-1].Record > o.Record {
			refuse("the opening of %s of record %d stands in the wrong place", o.Field, o.Record)
		}
		openings = append(openings, o)
	}
	// An outer value may hold commitments of its own.
	sort.SliceStable(openings, func(i, j int) bool {
		return strings.Count(openings[i].Field, ".") < strings.Count(openings[j].Field, ".")
	})
	for _, o := range openings {
		var found struct{ Committed string }
		salt := decode(base64.RawURLEncoding, o.Salt)
		r, ok := byNumber[o.Record]
		if !ok || e.opened[o.Record][o.Field] != nil || len(salt) != 32 {
			refuse("the opening of %s of record %d has no record, no salt, or is there twice", o.Field, o.Record)
		}
		parseExactly("what is opened as "+o.Field, e.valueAt(r, strings.Split(o.Field, ".")), &found, "committed")
		sum := sha256.Sum256(append(salt, o.Value...))
		if found.Committed != base64.RawURLEncoding.EncodeToString(sum[:]) {
			refuse("%s of record %d is not the value that the record commits to", o.Field, o.Record)
		}
		if e.opened[o.Record] == nil {
			e.opened[o.Record] = map[string]json.RawMessage{}
		}
		e.opened[o.Record][o.Field] = o.Value
	}
	return len(openings)
}

func (e *evidence) checkAgreement(records []record) {
	var carried, policy interface{}
	var agreement map[string]interface{}
	message := parseAny("agreement/message.txt", e.files["agreement/message.txt"])
	checkCanonical("agreement/explanation.json", e.files["agreement/explanation.json"])
	parseObject("agreement/agreement.json", e.files["agreement/agreement.json"])
	parseObject("agreement/policy.json", e.files["agreement/policy.json"])
	if json.Unmarshal(message["agreement"], &carried) != nil || json.Unmarshal(e.files["agreement/agreement.json"], &agreement) != nil || json.Unmarshal(e.files["agreement/policy.json"], &policy) != nil || !reflect.DeepEqual(carried, interface{}(agreement)) {
		refuse("agreement/agreement.json is not the agreement in agreement/message.txt")
	}
	one, other := agreement["assigner"], agreement["assignee"]
	if agreement["@id"] != e.manifest.Agreement || !(one == e.manifest.Connector && other == e.manifest.Partner || one == e.manifest.Partner && other == e.manifest.Connector) {
		refuse("the agreement is another one, or between other parties")
	}
	for _, name := range []string{"@context", "@id", "@type", "target", "assigner", "assignee", "timestamp"} {
		delete(agreement, name)
	}
	if !reflect.DeepEqual(policy, interface{}(agreement)) {
		refuse("agreement/policy.json is not the policy of the agreement")
	}
	byMessage, byPolicy := digest(e.files["agreement/message.txt"]), digest(e.files["agreement/policy.json"])
	for _, r := range records {
		if _, ok := r.fields["messageSha256"]; ok && r.fields.text("messageSha256") != byMessage {
			refuse("record %d is about another message", r.Record)
		}
		// Where an agreement is kept, the policy is meant; where it decided, the policy or the message that carried it.
		found := r.fields.text("policySha256")
		if _, ok := r.fields["policySha256"]; ok && found != byPolicy && (found != byMessage || r.fields.text("type") == "agreement.stored") {
			refuse("record %d is about another policy", r.Record)
		}
	}
}

// The changes tell how logs follow each other: each says where it begins and how the one before it ended, and after a break, what was found.
func (e *evidence) checkChanges(changes []record) {
	opened, broken := map[string]bool{}, map[string]bool{}
	for _, r := range changes {
		kind := r.fields.text("type")
		if !regexp.MustCompile(`^(key|log|witness)\.|^audit\.erased$`).MatchString(kind) {
			refuse("record %d in changes.ndjson is no change of a key or a log", r.Record)
		}
		if kind == "log.recovered" && r.Index == 1 {
			delete(broken, r.Log)
		}
		if kind != "log.opened" {
			continue
		}
		var start int64
		if r.Log != r.fields.text("name") || e.logs[r.Log].origin != r.fields.text("origin") || e.vkeys[r.Log] != r.fields.text("vkey") {
			refuse("record %d: the log %s was opened with another origin or key", r.Record, r.Log)
		}
		if r.Index != 0 || json.Unmarshal(r.fields["start"], &start) != nil || start != r.Record {
			refuse("record %d is not where the log %s begins", r.Record, r.Log)
		}
		opened[r.Log] = true
		if r.fields.text("reason") == "break" {
			broken[r.Log] = true
		}
		before, ok := e.logs[r.fields.text("previous")]
		note := r.fields.text("previousCheckpoint")
		if !ok || note == "" {
			continue
		}
		end := openCheckpoint("the last checkpoint of "+before.origin, []byte(note), e.vkeys[r.fields.text("previous")], nil).tree
		if end.N < before.tree.N || end.N == before.tree.N && end.Hash != before.tree.Hash {
			refuse("record %d: the log %s ended otherwise", r.Record, before.origin)
		}
	}
	for name := range e.logs {
		if !opened[name] || broken[name] {
			refuse("the entry that opened the log %s, or that says what the break before it was, is missing", name)
		}
	}
}
