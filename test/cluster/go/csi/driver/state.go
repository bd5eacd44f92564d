package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// state is the folder that holds everything the driver knows:
//
//	volumes/ID, volumes/ID.json      content and record of a volume
//	snapshots/ID, snapshots/ID.json  content and record of a snapshot
//	faults.json                      see faults
//
// Content without a record is the remainder of a call that was cut short; it is made anew.
type state string

type volume struct {
	ID        string
	SizeBytes int64
	Block     bool
	// What it was copied from, if anything.
	FromSnapshot string `json:",omitempty"`
	FromVolume   string `json:",omitempty"`
}

type snapshot struct {
	ID        string
	VolumeID  string
	SizeBytes int64
	Block     bool
	CutAt     time.Time
}

func (s state) prepare() error {
	for _, folder := range []string{"volumes", "snapshots"} {
		if err := os.MkdirAll(filepath.Join(string(s), folder), 0o755); err != nil {
			return err
		}
	}
	return nil
}

func (s state) faultsFile() string               { return filepath.Join(string(s), "faults.json") }
func (s state) volumeContent(id string) string   { return filepath.Join(string(s), "volumes", id) }
func (s state) volumeRecord(id string) string    { return s.volumeContent(id) + ".json" }
func (s state) snapshotContent(id string) string { return filepath.Join(string(s), "snapshots", id) }
func (s state) snapshotRecord(id string) string  { return s.snapshotContent(id) + ".json" }
func (s state) volume(id string) (volume, error) { return record[volume](s.volumeRecord(id), id) }
func (s state) snapshot(id string) (snapshot, error) {
	return record[snapshot](s.snapshotRecord(id), id)
}

// snapshots lists all of them, ordered by id.
func (s state) snapshots() ([]snapshot, error) {
	files, err := filepath.Glob(s.snapshotRecord("*"))
	if err != nil {
		return nil, err
	}
	all := []snapshot{}
	for _, file := range files {
		found, err := load[snapshot](file)
		if isAbsent(err) {
			continue // Deleted since the folder was read.
		}
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, nil
}

// An id becomes a file name: names that could leave the folder, or be taken for a record, are refused.
var wellFormed = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

func isName(id string) bool { return wellFormed.MatchString(id) && !strings.HasSuffix(id, ".json") }

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func record[T any](file, id string) (T, error) {
	if !isName(id) {
		var none T
		return none, fs.ErrNotExist
	}
	return load[T](file)
}

func load[T any](file string) (T, error) {
	var value T
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	return value, err
}

// save replaces the file as a whole: a driver that is killed leaves the old record or the new one.
func save(file string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// discard removes record and content, the record first: what is left over then counts as nothing.
func discard(recordFile, contentFile string) error {
	for _, file := range []string{recordFile, contentFile} {
		if err := os.Remove(file); err != nil && !isAbsent(err) {
			return err
		}
	}
	return nil
}
