package main

import (
	"context"
	"strconv"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func (d *driver) CreateSnapshot(_ context.Context, request *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	if !d.takesSnapshots {
		return nil, status.Error(codes.Unimplemented, "this driver takes no snapshots")
	}
	id, volumeID := request.GetName(), request.GetSourceVolumeId()
	if !isName(id) || volumeID == "" {
		return nil, status.Errorf(codes.InvalidArgument, "needed: a name and a source volume, not %q and %q", id, volumeID)
	}
	defer d.locks.lock(id, volumeID)()

	found, err := d.state.snapshot(id)
	if isAbsent(err) {
		found, err = d.cut(id, volumeID)
	}
	if err != nil {
		return nil, asStatus(err)
	}
	if found.VolumeID != volumeID {
		return nil, status.Errorf(codes.AlreadyExists, "snapshot %s is one of volume %s", id, found.VolumeID)
	}
	return &csi.CreateSnapshotResponse{Snapshot: d.describe(found)}, nil
}

// cut clones the volume's file as it stands. XFS holds writers off while it clones, so the snapshot
// is one moment of the file, attached or not.
func (d *driver) cut(id, volumeID string) (snapshot, error) {
	from, err := d.state.volume(volumeID)
	if err != nil {
		return snapshot{}, status.Errorf(codes.NotFound, "volume %s: %v", volumeID, err)
	}
	made := snapshot{ID: id, VolumeID: from.ID, SizeBytes: from.SizeBytes, Block: from.Block, CutAt: time.Now()}
	if err := reflink(d.state.volumeContent(from.ID), d.state.snapshotContent(id)); err != nil {
		return snapshot{}, err
	}
	return made, save(d.state.snapshotRecord(id), made)
}

func asStatus(err error) error {
	if _, is := status.FromError(err); is {
		return err
	}
	return status.Error(codes.Internal, err.Error())
}

func (d *driver) describe(found snapshot) *csi.Snapshot {
	delay := time.Duration(d.state.faults().SnapshotReadyDelayMs) * time.Millisecond
	return &csi.Snapshot{
		SnapshotId: found.ID, SourceVolumeId: found.VolumeID, SizeBytes: found.SizeBytes,
		CreationTime: timestamppb.New(found.CutAt), ReadyToUse: time.Since(found.CutAt) >= delay,
	}
}

// ListSnapshots pages by position: a token is the index to go on from.
func (d *driver) ListSnapshots(_ context.Context, request *csi.ListSnapshotsRequest) (*csi.ListSnapshotsResponse, error) {
	all, err := d.state.snapshots()
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	chosen := []*csi.ListSnapshotsResponse_Entry{}
	for _, found := range all {
		if matches(request.GetSnapshotId(), found.ID) && matches(request.GetSourceVolumeId(), found.VolumeID) {
			chosen = append(chosen, &csi.ListSnapshotsResponse_Entry{Snapshot: d.describe(found)})
		}
	}
	start := 0
	if token := request.GetStartingToken(); token != "" {
		start, err = strconv.Atoi(token)
		if err != nil || start < 0 || start > len(chosen) {
			return nil, status.Errorf(codes.Aborted, "not a token of ours: %q", token)
		}
	}
	end, next := len(chosen), ""
	if most := int(request.GetMaxEntries()); most > 0 && start+most < end {
		end = start + most
		next = strconv.Itoa(end)
	}
	return &csi.ListSnapshotsResponse{Entries: chosen[start:end], NextToken: next}, nil
}

func matches(asked, found string) bool { return asked == "" || asked == found }

func (d *driver) DeleteSnapshot(_ context.Context, request *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	id := request.GetSnapshotId()
	if id == "" {
		return nil, status.Error(codes.InvalidArgument, "no snapshot id")
	}
	if !isName(id) {
		return &csi.DeleteSnapshotResponse{}, nil
	}
	defer d.locks.lock(id)()
	if err := discard(d.state.snapshotRecord(id), d.state.snapshotContent(id)); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.DeleteSnapshotResponse{}, nil
}

// discardSnapshotsOf runs under the lock of the volume, which every cut takes too.
func (d *driver) discardSnapshotsOf(volumeID string) error {
	all, err := d.state.snapshots()
	if err != nil {
		return err
	}
	for _, found := range all {
		if found.VolumeID != volumeID {
			continue
		}
		if err := discard(d.state.snapshotRecord(found.ID), d.state.snapshotContent(found.ID)); err != nil {
			return err
		}
	}
	return nil
}
