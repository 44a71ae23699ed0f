//go:build !linux

package exec

import "os"

func openUnnamed(dir string) (*os.File, error) { return openNamed(dir) }
