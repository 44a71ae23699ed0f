package engine

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// settings are a session's run-time settings. SET changes session (undone by
// ROLLBACK), SET LOCAL changes local (gone at the transaction's end), custom
// names with a dot are free text. Not safe for concurrent use.
type settings struct {
	table   map[string]*setting
	base    map[string]string // role's, database's and start-up values: what RESET goes back to
	session map[string]string
	local   map[string]string
	// report is called with the shown name and value when a reported setting changes.
	report func(name, value string)
	derived
	stale bool
}

// derived is what the settings mean, kept until one changes.
type derived struct {
	format   sql.Format
	zone     *time.Location
	path     []string
	dialect  expr.Dialect
	disabled map[string]bool
}

func newSettings(table map[string]*setting, report func(name, value string)) *settings {
	return &settings{table: table, base: map[string]string{}, session: map[string]string{}, local: map[string]string{}, report: report, stale: true}
}

// get returns the kept value of a setting by its lower-cased name.
func (s *settings) get(name string) (string, bool) {
	name = strings.ToLower(name)
	for _, m := range []map[string]string{s.local, s.session, s.base} {
		if v, ok := m[name]; ok {
			return v, true
		}
	}
	if d, ok := s.table[name]; ok {
		return d.def, true
	}
	return "", false
}

// show returns a setting as SHOW prints it.
func (s *settings) show(name string) (shown, value string, err error) {
	key := settingKey(name)
	v, ok := s.get(key)
	if !ok {
		return "", "", unknownSetting(name)
	}
	if d, ok := s.table[key]; ok {
		return d.name, d.show(v), nil
	}
	return name, v, nil
}

// settingKey maps the names that SQL writes in words to settings.
func settingKey(name string) string {
	switch l := strings.ToLower(name); l {
	case "time zone":
		return "timezone"
	case "transaction isolation level":
		return "transaction_isolation"
	case "session authorization":
		return "session_authorization"
	default:
		return l
	}
}

func unknownSetting(name string) error {
	return sql.Errorf(sql.CodeUndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

// checked normalises a value for a setting that may be set now.
func (s *settings) checked(name, value string) (key, norm string, err error) {
	key = settingKey(name)
	d, ok := s.table[key]
	if !ok {
		if strings.Contains(key, ".") && !strings.HasPrefix(key, "sluice.") {
			return key, value, nil
		}
		return "", "", unknownSetting(name)
	}
	if d.readOnly {
		return "", "", sql.Errorf(sql.CodeCantChangeRuntimeParam, "parameter \"%s\" cannot be changed", d.name)
	}
	norm, err = d.check(value)
	return key, norm, err
}

// set changes a setting for the session or, with local, the transaction.
func (s *settings) set(name, value string, local bool) error {
	key, v, err := s.checked(name, value)
	if err != nil {
		return err
	}
	s.change(func() {
		if local {
			s.local[key] = v
			return
		}
		s.session[key] = v
		delete(s.local, key)
	})
	return nil
}

// setBase sets where RESET goes back to: values of role, database and start-up packet.
func (s *settings) setBase(name, value string) error {
	key, v, err := s.checked(name, value)
	if err != nil {
		return err
	}
	s.change(func() { s.base[key] = v })
	return nil
}

// fix sets a read-only setting (session_authorization, is_superuser).
func (s *settings) fix(name, value string) {
	s.change(func() { s.base[strings.ToLower(name)] = value })
}

// reset puts a setting back to its base; "" all of them.
func (s *settings) reset(name string) error {
	if name == "" {
		s.change(func() {
			clear(s.session)
			clear(s.local)
		})
		return nil
	}
	key := settingKey(name)
	if d, ok := s.table[key]; ok && d.readOnly {
		return sql.Errorf(sql.CodeCantChangeRuntimeParam, "parameter \"%s\" cannot be changed", d.name)
	} else if _, set := s.get(key); !ok && !set {
		return unknownSetting(name)
	}
	s.change(func() {
		delete(s.session, key)
		delete(s.local, key)
	})
	return nil
}

// change runs f and reports the reported settings that it changed.
func (s *settings) change(f func()) {
	before := map[string]string{}
	for k, d := range s.table {
		if d.report {
			before[k], _ = s.get(k)
		}
	}
	f()
	s.stale = true
	if s.report == nil {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(before)) {
		if now, _ := s.get(k); now != before[k] {
			s.report(s.table[k].name, s.table[k].show(now))
		}
	}
}

// reported returns all reported settings in a fixed order, for the start-up.
func (s *settings) reported() [][2]string {
	var out [][2]string
	for _, k := range slices.Sorted(maps.Keys(s.table)) {
		if d := s.table[k]; d.report {
			v, _ := s.get(k)
			out = append(out, [2]string{d.name, d.show(v)})
		}
	}
	return out
}

// all returns name, shown value and description of every setting, for SHOW ALL.
func (s *settings) all() [][3]string {
	var out [][3]string
	for _, k := range slices.Sorted(maps.Keys(s.table)) {
		v, _ := s.get(k)
		d := s.table[k]
		out = append(out, [3]string{d.name, d.show(v), d.doc})
	}
	return out
}

// sorted returns all settings by name.
func (s *settings) sorted() []*setting {
	var out []*setting
	for _, k := range slices.Sorted(maps.Keys(s.table)) {
		out = append(out, s.table[k])
	}
	return out
}

// changed returns name and value of the settings that differ from their defaults.
func (s *settings) changed() []string {
	var out []string
	for _, d := range s.sorted() {
		if v, _ := s.get(d.name); v != d.def && !d.readOnly {
			out = append(out, d.name, d.show(v))
		}
	}
	return out
}

// snapshot and restore are for transactions and savepoints.
type settingsSnapshot struct{ session, local map[string]string }

func (s *settings) snapshot() settingsSnapshot {
	return settingsSnapshot{maps.Clone(s.session), maps.Clone(s.local)}
}

func (s *settings) restore(p settingsSnapshot) {
	s.change(func() { s.session, s.local = maps.Clone(p.session), maps.Clone(p.local) })
}

func (s *settings) dropLocal() {
	if len(s.local) > 0 {
		s.change(func() { clear(s.local) })
	}
}

func (s *settings) millis(name string) time.Duration {
	v, _ := s.get(name)
	i, _ := strconv.ParseInt(v, 10, 64)
	return time.Duration(i) * time.Millisecond
}

func (s *settings) integer(name string) int64 {
	v, _ := s.get(name)
	i, _ := strconv.ParseInt(v, 10, 64)
	return i
}

func (s *settings) boolean(name string) bool {
	v, _ := s.get(name)
	return v == "on"
}

// derive computes what the settings mean for formats, names and dialect.
func (s *settings) derive(user string) *derived {
	if !s.stale {
		return &s.derived
	}
	d := derived{format: sql.DefaultFormat(), dialect: expr.Postgres, disabled: map[string]bool{}}
	tz, _ := s.get("timezone")
	if l, _, err := zoneOf(tz); err == nil {
		d.zone = l
	} else {
		d.zone = time.UTC
	}
	d.format.Zone = d.zone
	ds, _ := s.get("datestyle")
	style, order, _ := strings.Cut(ds, ", ")
	d.format.DateStyle = map[string]sql.DateStyle{"ISO": sql.DateISO, "SQL": sql.DateSQL, "Postgres": sql.DatePostgres, "German": sql.DateGerman}[style]
	d.format.DateOrder = map[string]sql.DateOrder{"MDY": sql.OrderMDY, "DMY": sql.OrderDMY, "YMD": sql.OrderYMD}[order]
	is, _ := s.get("intervalstyle")
	d.format.IntervalStyle = map[string]sql.IntervalStyle{"postgres": sql.IntervalPostgres, "postgres_verbose": sql.IntervalPostgresVerbose, "sql_standard": sql.IntervalSQL, "iso_8601": sql.IntervalISO8601}[is]
	d.format.ExtraFloatDigits = int(s.integer("extra_float_digits"))
	bo, _ := s.get("bytea_output")
	d.format.ByteaEscape = bo == "escape"
	sp, _ := s.get("search_path")
	path, _ := splitIdents(sp)
	for _, p := range path {
		if p == "$user" {
			p = user
		}
		d.path = append(d.path, p)
	}
	di, _ := s.get("sluice.dialect")
	switch di {
	case "redshift":
		d.dialect = expr.Redshift
	case "athena":
		d.dialect = expr.Athena
	}
	dr, _ := s.get("sluice.disabled_rules")
	rules, _ := splitIdents(dr)
	for _, r := range rules {
		d.disabled[r] = true
	}
	s.derived, s.stale = d, false
	return &s.derived
}
