package system

import (
	"slices"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

func containsText(sorted []string, s string) bool {
	_, ok := slices.BinarySearch(sorted, s)
	return ok
}
