// driver is a small CSI driver for one node. A volume is one sparse file on an XFS file system:
// a Block volume is that file behind a loop device, a Filesystem volume holds ext4 in it. A snapshot
// is a reflink of the file, so it takes no time, no space, and holds what has reached the file: what
// a writer has not flushed is missing from it, as it would be on real storage.
//
// It registers itself with the kubelet, so no registrar runs beside it.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"os"
	"os/signal"
	"path"
	"syscall"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
)

type driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedControllerServer
	csi.UnimplementedNodeServer

	name   string
	nodeID string
	state  state
	locks  locks

	// Offers snapshots at all.
	takesSnapshots bool
	// DeleteVolume deletes the volume's snapshots too, silently, as some storage does.
	snapshotsDieWithVolume bool
}

func main() {
	d := &driver{}
	var socket, registry string
	flag.StringVar(&d.name, "name", "", "name of the driver, as StorageClasses name it")
	flag.StringVar(&d.nodeID, "node", "", "name of the node")
	flag.StringVar(&socket, "socket", "", "absolute path of the socket to serve")
	flag.StringVar((*string)(&d.state), "state", "", "folder of volumes, snapshots and faults.json; a file system with reflinks")
	flag.StringVar(&registry, "registry", "", "the kubelet's plugins_registry; empty: do not register")
	flag.BoolVar(&d.takesSnapshots, "snapshots", true, "offer snapshots")
	flag.BoolVar(&d.snapshotsDieWithVolume, "snapshots-die-with-volume", false, "deleting a volume deletes its snapshots")
	flag.Parse()

	if err := d.serve(socket, registry); err != nil {
		log.Fatal(err)
	}
}

// serve answers until SIGTERM or SIGINT.
func (d *driver) serve(socket, registry string) error {
	if d.name == "" || d.nodeID == "" || d.state == "" || !path.IsAbs(socket) {
		return errors.New("needed: -name, -node, -state and an absolute -socket")
	}
	if err := d.state.prepare(); err != nil {
		return err
	}
	listener, err := listenUnix(socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(d.intercept))
	csi.RegisterIdentityServer(server, d)
	csi.RegisterControllerServer(server, d)
	csi.RegisterNodeServer(server, d)
	if registry != "" {
		stopRegistration, err := register(registry, d.name, socket)
		if err != nil {
			return err
		}
		defer stopRegistration()
	}

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		server.Stop()
	}()
	log.Printf("%s serves %s", d.name, socket)
	return server.Serve(listener)
}

// listenUnix takes over the path of a driver that was killed.
func listenUnix(socket string) (net.Listener, error) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return net.Listen("unix", socket)
}

// intercept injects the fault that a test has set for this call, and logs every call that changes
// something.
func (d *driver) intercept(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	method := path.Base(info.FullMethod)
	began := time.Now()
	if err := d.state.faults().before(ctx, method); err != nil {
		log.Printf("%s fault: %v", method, err)
		return nil, err
	}
	response, err := handle(ctx, request)
	if !readOnly[method] {
		log.Printf("%s %v error=%v", method, time.Since(began).Round(time.Microsecond), err)
	}
	return response, err
}

var readOnly = map[string]bool{
	"Probe": true, "GetPluginInfo": true, "GetPluginCapabilities": true,
	"ControllerGetCapabilities": true, "NodeGetCapabilities": true, "NodeGetInfo": true,
	"ListSnapshots": true,
}
