package harness

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// axe-core (MPL-2.0) finds what a page keeps from people who cannot see, hear or point. It is used by
// tests only and is in no program, so it stays out of the repository: npm fetches it once into the
// user's cache, and the sum says that it is this one.
const (
	axePackage = "axe-core@4.10.3"
	axeSum     = "880970c081707360e64f34cea25ff91892f5bc95675b0776925b9709dd8a68bb"
	maxAxe     = 4 << 20
)

// axe is the script, from the cache or from npm.
func axe() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "evalpad", axePackage+".js")
	if script, err := os.ReadFile(path); err == nil && fmt.Sprintf("%x", sha256.Sum256(script)) == axeSum {
		return string(script), nil
	}
	script, err := fetchAxe()
	if err != nil {
		return "", err
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(script)); sum != axeSum {
		return "", fmt.Errorf("%s: its sum is %s, want %s", axePackage, sum, axeSum)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	return string(script), os.WriteFile(path, script, 0o644)
}

func fetchAxe() ([]byte, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, errors.New("npm is not installed")
	}
	dir, err := os.MkdirTemp("", "axe")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pack := exec.CommandContext(ctx, npm, "pack", "--silent", "--fetch-retries=0", axePackage)
	pack.Dir = dir
	if out, err := pack.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm pack %s: %w: %.200s", axePackage, err, out)
	}
	packages, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(packages) != 1 {
		return nil, fmt.Errorf("npm pack %s: %d packages, want one", axePackage, len(packages))
	}
	return unpack(packages[0], "package/axe.min.js")
}

// unpack reads one file of a package.
func unpack(path, name string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(plain); ; {
		header, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", name, filepath.Base(path), err)
		}
		if header.Name == name {
			return io.ReadAll(io.LimitReader(files, maxAxe))
		}
	}
}
