package catalog

import "strings"

// nearest returns the name most like want, "" if none is near enough.
func nearest(want string, names []string) string {
	n, _ := nearestDist(want, names)
	return n
}

func nearestDist(want string, names []string) (string, int) {
	want = strings.ToLower(want)
	limit := max(1, len(want)/3)
	best, bestDist := "", limit+1
	for _, n := range names {
		if d := len(n) - len(want); d > limit || -d > limit || len(n) > 255 {
			continue
		}
		if d := Distance(want, n); d < bestDist {
			best, bestDist = n, d
		}
	}
	return best, bestDist
}

// Distance is the Levenshtein distance of two names in bytes, a swap of
// neighbours counting one.
func Distance(a, b string) int {
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
