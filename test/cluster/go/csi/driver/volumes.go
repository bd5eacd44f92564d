package main

import (
	"context"
	"os"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	defaultSizeBytes = 64 << 20
	blockSizeBytes   = 4096
)

func (d *driver) CreateVolume(_ context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	wanted, err := wantedVolume(request)
	if err != nil {
		return nil, err
	}
	source, names, err := d.source(wanted)
	if err != nil {
		return nil, err
	}
	defer d.locks.lock(append(names, wanted.ID)...)()

	found, err := d.state.volume(wanted.ID)
	switch {
	case err == nil:
		if !serves(found, wanted, request.GetCapacityRange()) {
			return nil, status.Errorf(codes.AlreadyExists, "volume %s is there and differs: %+v", wanted.ID, found)
		}
	case isAbsent(err):
		found = wanted
		if err := d.make(wanted, source); err != nil {
			return nil, err
		}
	default:
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{
		VolumeId: found.ID, CapacityBytes: found.SizeBytes, ContentSource: request.GetVolumeContentSource(),
	}}, nil
}

func wantedVolume(request *csi.CreateVolumeRequest) (volume, error) {
	if !isName(request.GetName()) {
		return volume{}, status.Errorf(codes.InvalidArgument, "not a name for a volume: %q", request.GetName())
	}
	if len(request.GetVolumeCapabilities()) == 0 {
		return volume{}, status.Error(codes.InvalidArgument, "no volume capabilities")
	}
	wanted := volume{
		ID:           request.GetName(),
		SizeBytes:    request.GetCapacityRange().GetRequiredBytes(),
		FromSnapshot: request.GetVolumeContentSource().GetSnapshot().GetSnapshotId(),
		FromVolume:   request.GetVolumeContentSource().GetVolume().GetVolumeId(),
	}
	for _, capability := range request.GetVolumeCapabilities() {
		wanted.Block = wanted.Block || capability.GetBlock() != nil
	}
	if wanted.SizeBytes == 0 {
		wanted.SizeBytes = defaultSizeBytes
	}
	wanted.SizeBytes = (wanted.SizeBytes + blockSizeBytes - 1) / blockSizeBytes * blockSizeBytes
	if limit := request.GetCapacityRange().GetLimitBytes(); limit > 0 && wanted.SizeBytes > limit {
		return volume{}, status.Errorf(codes.OutOfRange, "%d bytes are more than the limit of %d", wanted.SizeBytes, limit)
	}
	return wanted, nil
}

// serves says whether a volume that is there is what the request asks for (a repeated call).
func serves(found, wanted volume, asked *csi.CapacityRange) bool {
	limit := asked.GetLimitBytes()
	return found.Block == wanted.Block && found.FromSnapshot == wanted.FromSnapshot &&
		found.FromVolume == wanted.FromVolume && found.SizeBytes >= asked.GetRequiredBytes() &&
		(limit == 0 || found.SizeBytes <= limit)
}

// origin is what a volume is copied from.
type origin struct {
	content   string
	sizeBytes int64
	block     bool
}

// source finds the origin, nil without one, and the names to lock while it is copied.
func (d *driver) source(wanted volume) (*origin, []string, error) {
	switch {
	case wanted.FromSnapshot != "":
		from, err := d.state.snapshot(wanted.FromSnapshot)
		if err != nil {
			return nil, nil, status.Errorf(codes.NotFound, "snapshot %s: %v", wanted.FromSnapshot, err)
		}
		return &origin{d.state.snapshotContent(from.ID), from.SizeBytes, from.Block}, []string{from.ID, from.VolumeID}, nil
	case wanted.FromVolume != "":
		from, err := d.state.volume(wanted.FromVolume)
		if err != nil {
			return nil, nil, status.Errorf(codes.NotFound, "volume %s: %v", wanted.FromVolume, err)
		}
		return &origin{d.state.volumeContent(from.ID), from.SizeBytes, from.Block}, []string{from.ID}, nil
	default:
		return nil, nil, nil
	}
}

// make writes the content first and the record last: only with the record is there a volume.
func (d *driver) make(wanted volume, from *origin) error {
	content := d.state.volumeContent(wanted.ID)
	if err := os.Remove(content); err != nil && !isAbsent(err) {
		return status.Error(codes.Internal, err.Error())
	}
	if from != nil {
		if from.block != wanted.Block {
			return status.Error(codes.InvalidArgument, "the source has another volume mode")
		}
		if from.sizeBytes > wanted.SizeBytes {
			return status.Errorf(codes.OutOfRange, "%d bytes are less than the source's %d", wanted.SizeBytes, from.sizeBytes)
		}
		if err := reflink(from.content, content); err != nil {
			return status.Errorf(originGone(err), "copy of the source: %v", err)
		}
	}
	if err := enlarge(content, wanted.SizeBytes); err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	if from == nil && !wanted.Block {
		if err := run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard", content); err != nil {
			return status.Error(codes.Internal, err.Error())
		}
	}
	if err := save(d.state.volumeRecord(wanted.ID), wanted); err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return nil
}

// originGone: the origin may be deleted between the look at its record and the lock.
func originGone(err error) codes.Code {
	if isAbsent(err) {
		return codes.NotFound
	}
	return codes.Internal
}

func (d *driver) DeleteVolume(_ context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	id := request.GetVolumeId()
	if id == "" {
		return nil, status.Error(codes.InvalidArgument, "no volume id")
	}
	if !isName(id) {
		return &csi.DeleteVolumeResponse{}, nil
	}
	defer d.locks.lock(id)()
	// A volume whose loop device is still there is in use by a pod.
	loops, err := loopsOf(d.state.volumeContent(id))
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if len(loops) > 0 {
		return nil, status.Errorf(codes.FailedPrecondition, "volume %s is in use as %v", id, loops)
	}
	if d.snapshotsDieWithVolume {
		if err := d.discardSnapshotsOf(id); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	if err := discard(d.state.volumeRecord(id), d.state.volumeContent(id)); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.DeleteVolumeResponse{}, nil
}

func (d *driver) ValidateVolumeCapabilities(_ context.Context, request *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	if request.GetVolumeId() == "" || len(request.GetVolumeCapabilities()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "needed: volume id and capabilities")
	}
	found, err := d.state.volume(request.GetVolumeId())
	if err != nil {
		return nil, status.Errorf(codes.NotFound, "volume %s: %v", request.GetVolumeId(), err)
	}
	for _, capability := range request.GetVolumeCapabilities() {
		if (capability.GetBlock() != nil) != found.Block {
			return &csi.ValidateVolumeCapabilitiesResponse{Message: "the volume has another mode"}, nil
		}
	}
	return &csi.ValidateVolumeCapabilitiesResponse{
		Confirmed: &csi.ValidateVolumeCapabilitiesResponse_Confirmed{
			VolumeCapabilities: request.GetVolumeCapabilities(),
		},
	}, nil
}
