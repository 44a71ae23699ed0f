package crawl

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

// found is a table that lies in the lake.
type found struct {
	name     string
	location string
	files    []object.Info
	keys     []model.Column
	parts    []*model.Partition
	columns  []model.Column
}

func (f *found) bytes() int64 {
	n := int64(0)
	for _, i := range f.files {
		n += i.Size
	}
	return n
}

// numbered are folder names that are values, not names: 2024, 03, 2024-01-05.
var numbered = regexp.MustCompile(`^[0-9][0-9T:_.\-]*$`)

// isValue reports whether a folder's name is a partition's value.
func isValue(dir string) bool {
	_, _, ok := layout.Segment(dir)
	return ok || numbered.MatchString(dir)
}

// holders returns the folders, without values in their path, that hold files
// directly: a table there reads all that lies below.
func holders(prefix string, files []object.Info) map[string]bool {
	out := map[string]bool{}
	for _, f := range files {
		segs := strings.Split(strings.TrimPrefix(f.Key, prefix), "/")
		dirs := segs[:len(segs)-1]
		if len(dirs) > 0 && !slices.ContainsFunc(dirs, isValue) {
			out[strings.Join(dirs, "/")] = true
		}
	}
	return out
}

// group divides files into tables. A file's table is the folder above the first
// folder of its path that is a value, key=value or a number or date; or a folder
// above that holds files itself. Folders of one table that have other keys than
// most of its files are skipped: they cannot be read together.
func group(prefix string, files []object.Info) (out []*found, skipped []Skip) {
	direct := holders(prefix, files)
	type member struct {
		file   object.Info
		keys   []string // "" where the folder has no key
		values []string
		dir    string
	}
	type shape struct{ root, keys string }
	groups := map[shape][]member{}
	for _, f := range files {
		rel := strings.TrimPrefix(f.Key, prefix)
		segs := strings.Split(rel, "/")
		dirs := segs[:len(segs)-1]
		first := len(dirs)
		plain := false // below a folder that holds files and no values follow
		for i, d := range dirs {
			if isValue(d) {
				first = i
				break
			}
			if direct[strings.Join(dirs[:i+1], "/")] && !slices.ContainsFunc(dirs[i+1:], isValue) {
				first, plain = i+1, true
				break
			}
		}
		m := member{file: f, dir: prefix + strings.Join(dirs, "/")}
		for _, d := range dirs[first:] {
			if plain {
				break
			}
			k, v, ok := layout.Segment(d)
			if !ok {
				k, v = "", layout.Unescape(d)
			}
			m.keys, m.values = append(m.keys, strings.ToLower(k)), append(m.values, v)
		}
		root := prefix
		if first > 0 {
			root += strings.Join(dirs[:first], "/") + "/"
		}
		s := shape{root, strings.Join(m.keys, "/")}
		groups[s] = append(groups[s], m)
	}
	shapes := make([]shape, 0, len(groups))
	for s := range groups {
		shapes = append(shapes, s)
	}
	sort.Slice(shapes, func(i, j int) bool {
		if shapes[i].root != shapes[j].root {
			return shapes[i].root < shapes[j].root
		}
		return shapes[i].keys < shapes[j].keys
	})
	best := map[string]shape{} // the shape of most files at each root
	for _, s := range shapes {
		if b, ok := best[s.root]; !ok || len(groups[s]) > len(groups[b]) {
			best[s.root] = s
		}
	}
	for _, s := range shapes {
		ms := groups[s]
		if b := best[s.root]; b != s {
			skipped = append(skipped, Skip{s.root, fmt.Sprintf("%d files lie at another depth than the %d that make the table", len(ms), len(groups[b]))})
			continue
		}
		if s.root == prefix && s.keys == "" && len(best) > 1 {
			skipped = append(skipped, Skip{s.root, fmt.Sprintf("%d files lie beside the tables' folders", len(ms))})
			continue
		}
		f := &found{location: s.root, name: lastName(s.root)}
		raw := make([][]string, len(ms[0].keys))
		seen := map[string]bool{}
		for _, m := range ms {
			f.files = append(f.files, m.file)
			if len(m.keys) == 0 || seen[m.dir] {
				continue
			}
			seen[m.dir] = true
			f.parts = append(f.parts, &model.Partition{Values: m.values, Location: m.dir + "/"})
			for i, v := range m.values {
				raw[i] = append(raw[i], v)
			}
		}
		used := map[string]bool{}
		for i, k := range ms[0].keys {
			if k == "" || used[k] {
				k = "partition_" + strconv.Itoa(i)
			}
			used[k] = true
			f.keys = append(f.keys, keyColumn(k, raw[i]))
		}
		out = append(out, f)
	}
	return out, skipped
}

func lastName(location string) string {
	parts := strings.Split(strings.TrimRight(location, "/"), "/")
	return parts[len(parts)-1]
}

// keyColumn types a key by its values: int or bigint if all are integers, date
// if all are yyyy-MM-dd, else string.
func keyColumn(name string, raw []string) model.Column {
	ints, big, dates := true, false, true
	values := 0
	for _, v := range raw {
		if v == layout.DefaultPartition {
			continue
		}
		values++
		n, err := strconv.ParseInt(v, 10, 64)
		ints = ints && err == nil
		big = big || n > 1<<31-1 || n < -1<<31
		_, err = time.Parse("2006-01-02", v)
		dates = dates && err == nil
	}
	switch {
	case values == 0:
	case ints && big:
		return model.Column{Name: name, Hive: "bigint", Type: sql.Int8}
	case ints:
		return model.Column{Name: name, Hive: "int", Type: sql.Int4}
	case dates:
		return model.Column{Name: name, Hive: "date", Type: sql.Date}
	}
	return model.Column{Name: name, Hive: "string", Type: sql.Text}
}
