package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// reflink makes to a copy of from that shares its blocks. There is no slow way around: a copy that
// takes time would not be one moment of a volume that is written to.
func reflink(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	copied, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := unix.IoctlFileClone(int(copied.Fd()), int(source.Fd())); err != nil {
		return errors.Join(fmt.Errorf("FICLONE %s to %s: %w", from, to, err), copied.Close())
	}
	return copied.Close()
}

// enlarge makes the file if it is absent and never cuts it.
func enlarge(file string, sizeBytes int64) error {
	content, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer content.Close()
	found, err := content.Stat()
	if err != nil || found.Size() >= sizeBytes {
		return err
	}
	return content.Truncate(sizeBytes)
}

// loopsOf lists the loop devices on a file.
func loopsOf(file string) ([]string, error) {
	out, err := exec.Command("losetup", "--noheadings", "--output", "NAME", "--associated", file).Output()
	return strings.Fields(string(out)), err
}

// attach answers the loop device of a file and makes it if there is none.
func attach(file string) (string, error) {
	loops, err := loopsOf(file)
	if err != nil {
		return "", err
	}
	if len(loops) > 0 {
		return loops[0], nil
	}
	// Others on this machine take loop devices too: the free one that it found may be gone.
	for attempt := 0; ; attempt++ {
		out, err := exec.Command("losetup", "--find", "--show", file).CombinedOutput()
		if err == nil {
			return strings.TrimSpace(string(out)), nil
		}
		if attempt == 4 {
			return "", fmt.Errorf("losetup %s: %w: %s", file, err, out)
		}
	}
}

// detach returns when the file has no loop device any more. The kernel puts a detach off while anybody
// holds the device open, and whoever lists the machine's loop devices does that for a moment.
func detach(file string) error {
	const longest, pause = 5 * time.Second, 10 * time.Millisecond
	for until := time.Now().Add(longest); ; time.Sleep(pause) {
		loops, err := loopsOf(file)
		if err != nil || len(loops) == 0 {
			return err
		}
		// One that is gone by now is no failure: the next look decides.
		var failed error
		for _, loop := range loops {
			failed = errors.Join(failed, run("losetup", "--detach", loop))
		}
		if time.Now().After(until) {
			return errors.Join(fmt.Errorf("loop devices %v of %s stay attached", loops, file), failed)
		}
	}
}

// isMounted reads the mount table: a path that is no mount point answers no, and so does no path.
func isMounted(target string) (bool, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	return strings.Contains(string(table), " "+target+" "), err
}

// unmount takes away every mount on the path, and then the path.
func unmount(target string) error {
	for {
		mounted, err := isMounted(target)
		if err != nil {
			return err
		}
		if !mounted {
			break
		}
		if err := unix.Unmount(target, 0); err != nil {
			return fmt.Errorf("unmount %s: %w", target, err)
		}
	}
	if err := os.Remove(target); err != nil && !isAbsent(err) {
		return err
	}
	return nil
}

func run(program string, arguments ...string) error {
	out, err := exec.Command(program, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(arguments, " "), err, out)
	}
	return nil
}
