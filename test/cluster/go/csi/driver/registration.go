package main

import (
	"context"
	"log"
	"os"
	"path/filepath"

	"google.golang.org/grpc"
	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// registration answers the kubelet, which watches its plugins_registry folder for sockets.
type registration struct {
	registerapi.UnsafeRegistrationServer
	name, socket string
}

// register offers the driver to the kubelet until the answer is called.
func register(registry, name, socket string) (stop func(), err error) {
	if err := os.MkdirAll(registry, 0o750); err != nil {
		return nil, err
	}
	file := filepath.Join(registry, name+"-reg.sock")
	listener, err := listenUnix(file)
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer()
	registerapi.RegisterRegistrationServer(server, &registration{name: name, socket: socket})
	go func() {
		if err := server.Serve(listener); err != nil {
			log.Printf("registration: %v", err)
		}
	}()
	return server.Stop, nil // Closing the listener removes its file.
}

func (r *registration) GetInfo(context.Context, *registerapi.InfoRequest) (*registerapi.PluginInfo, error) {
	return &registerapi.PluginInfo{
		Type: registerapi.CSIPlugin, Name: r.name, Endpoint: r.socket, SupportedVersions: []string{"1.0.0"},
	}, nil
}

func (r *registration) NotifyRegistrationStatus(_ context.Context, told *registerapi.RegistrationStatus) (*registerapi.RegistrationStatusResponse, error) {
	log.Printf("the kubelet registered it: %v %s", told.PluginRegistered, told.Error)
	return &registerapi.RegistrationStatusResponse{}, nil
}
