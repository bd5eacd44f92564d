// bytes writes and reads what tests expect on a volume, in a pod that has nothing else in it.
//
//	bytes write FILE SEED MIB    write MIB of the seed's bytes at the start of FILE and flush them
//	bytes dirty FILE SEED MIB    write them, flush nothing, and hold until asked to end
//	bytes digest FILE MIB        print the SHA-256 of the first MIB of FILE
//	bytes hold                   do nothing until asked to end
//	bytes serve FILE NOTE MIB    write, as above, each new seed that stands in NOTE as seed="SEED", and print it
//
// MiB number I of a seed is SHA-256("SEED:I") over and over.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

const mib = 1 << 20

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 4 && arguments[0] == "write":
		return write(arguments[1], arguments[2], arguments[3], (*os.File).Sync)
	case len(arguments) == 4 && arguments[0] == "dirty":
		return write(arguments[1], arguments[2], arguments[3], hold)
	case len(arguments) == 3 && arguments[0] == "digest":
		return digest(arguments[1], arguments[2])
	case len(arguments) == 1 && arguments[0] == "hold":
		return hold(nil)
	case len(arguments) == 4 && arguments[0] == "serve":
		return serve(arguments[1], arguments[2], arguments[3])
	default:
		return fmt.Errorf("not understood: %q", arguments)
	}
}

// write calls finish before it closes the file, which would flush a block device.
func write(name, seed, count string, finish func(*os.File) error) error {
	mibs, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	for index := range mibs {
		if _, err := file.WriteAt(bytesOf(seed, index), int64(index)*mib); err != nil {
			return err
		}
	}
	if err := finish(file); err != nil {
		return err
	}
	return file.Close()
}

func hold(*os.File) error {
	fmt.Println("holding")
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	<-signals
	return nil
}

var noted = regexp.MustCompile(`(?m)^seed="([^"]*)"$`)

// serve looks for the next seed as often as a mover looks for its next order.
func serve(name, note, count string) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	looks := time.NewTicker(50 * time.Millisecond)
	var last string
	for {
		select {
		case <-signals:
			return nil
		case <-looks.C:
			text, _ := os.ReadFile(note)
			found := noted.FindSubmatch(text)
			if found == nil || string(found[1]) == last {
				continue
			}
			last = string(found[1])
			if err := write(name, last, count, (*os.File).Sync); err != nil {
				return err
			}
			fmt.Println(last)
		}
	}
}

func bytesOf(seed string, index int) []byte {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s:%d", seed, index)))
	bytes := make([]byte, 0, mib)
	for len(bytes) < mib {
		bytes = append(bytes, sum[:]...)
	}
	return bytes
}

func digest(name, count string) error {
	mibs, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.CopyN(hash, file, mibs*mib); err != nil {
		return err
	}
	fmt.Printf("%x\n", hash.Sum(nil))
	return nil
}
