package main

import (
	"context"
	"log"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// faults is faults.json in the state folder. It is read before each call, so a test turns a failure
// on and off while the driver runs; without the file nothing fails.
type faults struct {
	// Method of the CSI specification to the message it fails with, such as
	// {"CreateSnapshot": "pool is full"}. The code is RESOURCE_EXHAUSTED.
	Errors map[string]string `json:"errors"`
	// Every call of these methods is held that long first.
	DelayMs map[string]int64 `json:"delayMs"`
	// readyToUse of a snapshot stays false that long after it was cut.
	SnapshotReadyDelayMs int64 `json:"snapshotReadyDelayMs"`
}

func (s state) faults() faults {
	found, err := load[faults](s.faultsFile())
	if err != nil && !isAbsent(err) {
		log.Printf("faults.json is not read: %v", err)
	}
	return found
}

// before holds the call or refuses it.
func (f faults) before(ctx context.Context, method string) error {
	if ms := f.DelayMs[method]; ms > 0 {
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
	if message := f.Errors[method]; message != "" {
		return status.Error(codes.ResourceExhausted, message)
	}
	return nil
}
