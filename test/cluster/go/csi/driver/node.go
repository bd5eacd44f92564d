package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The kubelet stages a volume once on the node and publishes it to each pod. Staging attaches the
// loop device and, for a Filesystem volume, mounts it; publishing only binds.

func (d *driver) NodeStageVolume(_ context.Context, request *csi.NodeStageVolumeRequest) (*csi.NodeStageVolumeResponse, error) {
	staging := request.GetStagingTargetPath()
	if staging == "" || request.GetVolumeCapability() == nil {
		return nil, status.Error(codes.InvalidArgument, "needed: staging path and capability")
	}
	found, unlock, err := d.lockedVolume(request.GetVolumeId())
	if err != nil {
		return nil, err
	}
	defer unlock()
	loop, err := attach(d.state.volumeContent(found.ID))
	if err == nil && !found.Block {
		err = mountFileSystem(loop, staging)
	}
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodeStageVolumeResponse{}, nil
}

// mountFileSystem replays the journal of a snapshot that was cut while written to, and lets the file
// system fill a volume that was restored larger.
func mountFileSystem(loop, staging string) error {
	mounted, err := isMounted(staging)
	if err != nil || mounted {
		return err
	}
	if err := os.MkdirAll(staging, 0o750); err != nil {
		return err
	}
	if err := unix.Mount(loop, staging, "ext4", 0, ""); err != nil {
		return err
	}
	return run("resize2fs", loop)
}

func (d *driver) NodeUnstageVolume(_ context.Context, request *csi.NodeUnstageVolumeRequest) (*csi.NodeUnstageVolumeResponse, error) {
	id, staging := request.GetVolumeId(), request.GetStagingTargetPath()
	if id == "" || staging == "" {
		return nil, status.Error(codes.InvalidArgument, "needed: volume id and staging path")
	}
	if !isName(id) {
		return nil, status.Errorf(codes.NotFound, "volume %s", id)
	}
	defer d.locks.lock(id)()
	// The folder itself is the kubelet's.
	if mounted, err := isMounted(staging); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	} else if mounted {
		if err := unix.Unmount(staging, 0); err != nil {
			return nil, status.Errorf(codes.Internal, "unmount %s: %v", staging, err)
		}
	}
	if err := detach(d.state.volumeContent(id)); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodeUnstageVolumeResponse{}, nil
}

func (d *driver) NodePublishVolume(_ context.Context, request *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	staging, target := request.GetStagingTargetPath(), request.GetTargetPath()
	if staging == "" || target == "" || request.GetVolumeCapability() == nil {
		return nil, status.Error(codes.InvalidArgument, "needed: staging path, target path and capability")
	}
	found, unlock, err := d.lockedVolume(request.GetVolumeId())
	if err != nil {
		return nil, err
	}
	defer unlock()
	source := staging
	if found.Block {
		loops, err := loopsOf(d.state.volumeContent(found.ID))
		if err != nil || len(loops) == 0 {
			return nil, status.Errorf(codes.FailedPrecondition, "volume %s is not staged (%v)", found.ID, err)
		}
		source = loops[0]
	}
	if err := bind(source, target, request.GetReadonly()); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func (d *driver) NodeUnpublishVolume(_ context.Context, request *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	if request.GetVolumeId() == "" || request.GetTargetPath() == "" {
		return nil, status.Error(codes.InvalidArgument, "needed: volume id and target path")
	}
	_, unlock, err := d.lockedVolume(request.GetVolumeId())
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := unmount(request.GetTargetPath()); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

// lockedVolume answers a volume and holds it until unlock is called.
func (d *driver) lockedVolume(id string) (found volume, unlock func(), err error) {
	if id == "" {
		return volume{}, nil, status.Error(codes.InvalidArgument, "no volume id")
	}
	unlock = d.locks.lock(id)
	if found, err = d.state.volume(id); err != nil {
		unlock()
		return volume{}, nil, status.Errorf(codes.NotFound, "volume %s: %v", id, err)
	}
	return found, unlock, nil
}

// bind makes source, a folder or a device, appear at target.
func bind(source, target string, readOnly bool) error {
	mounted, err := isMounted(target)
	if err != nil || mounted {
		return err
	}
	if err := makeMountPoint(source, target); err != nil {
		return err
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	if readOnly {
		return unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	return nil
}

func makeMountPoint(source, target string) error {
	found, err := os.Stat(source)
	if err != nil {
		return err
	}
	if found.IsDir() {
		return os.MkdirAll(target, 0o750)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		return err
	}
	file, err := os.OpenFile(target, os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	return file.Close()
}
