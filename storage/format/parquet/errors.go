package parquet

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/sluicedb/sluice/sql"
)

// corrupt makes XX001 for a file that is not what Parquet says it must be.
func corrupt(url, format string, args ...any) *sql.Error {
	return sql.Errorf(sql.CodeDataCorrupted, "file %q is not a valid Parquet file", url).
		WithDetail(format, args...).
		WithHint("The file is truncated or damaged, or its writer is at fault; write it again or remove it from the table's location.")
}

// encryptedError makes 0A000: encrypted files are not read.
func encryptedError(url string) *sql.Error {
	return sql.Errorf(sql.CodeFeatureNotSupported, "file %q is encrypted", url).
		WithHint("Sluice reads unencrypted Parquet files only (encryption by the store itself is no obstacle).")
}

// unsupported makes 0A000 for something in the format that is not read.
func unsupported(url, format string, args ...any) *sql.Error {
	return sql.Errorf(sql.CodeFeatureNotSupported, "file %q uses a Parquet feature that is not supported", url).
		WithDetail(format, args...)
}

// guard turns a panic into XX001. It is the last line of defence against
// hostile files, deferred at the package's entry points.
func guard(url string, err *error) {
	if p := recover(); p != nil {
		slog.Error("panic while reading a Parquet file", "file", url, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = corrupt(url, "reading it failed unexpectedly")
	}
}
