package exec

import (
	"os"
	"syscall"
)

// oTmpfile is O_TMPFILE of open(2): __O_TMPFILE | O_DIRECTORY.
const oTmpfile = 0o20000000 | syscall.O_DIRECTORY

// openUnnamed makes a file that has no name in the file system.
func openUnnamed(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir, oTmpfile|os.O_RDWR, 0o600)
	if err != nil {
		return openNamed(dir) // the file system does not know O_TMPFILE
	}
	return f, nil
}
