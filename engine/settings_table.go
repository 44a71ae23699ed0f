package engine

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// ServerVersion is what the endpoint announces: the PostgreSQL release whose
// catalog and semantics it follows.
const (
	ServerVersion    = "15.18"
	ServerVersionNum = "150018"
)

// settingKind is how a setting's text is checked and shown.
type settingKind uint8

const (
	kindString settingKind = iota
	kindBool
	kindInt
	kindEnum
	kindMillis // time with units, shown in the largest unit that divides it
	kindBytes  // memory with units, kept in kB
)

// setting describes one run-time setting.
type setting struct {
	name     string // as shown
	kind     settingKind
	def      string
	enum     []string
	min, max int64
	report   bool // told to the client in ParameterStatus
	readOnly bool // SHOW only: 55P02
	doc      string
	// normal checks and normalises a value beyond its kind; nil: as it is.
	normal func(v string) (string, error)
}

// settingTable lists every setting that exists. Those of PostgreSQL that have no
// meaning here are accepted because clients set them; docs/configuration.md says which.
func settingTable() map[string]*setting {
	list := []*setting{
		{name: "application_name", report: true, doc: "name of the client, shown in logs", normal: asciiOnly},
		{name: "client_encoding", def: "UTF8", report: true, doc: "only UTF8", normal: normalEncoding},
		{name: "DateStyle", def: "ISO, MDY", report: true, doc: "output style and input order of dates", normal: normalDateStyle},
		{name: "IntervalStyle", kind: kindEnum, def: "postgres", report: true, enum: []string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}, doc: "output style of intervals"},
		{name: "TimeZone", def: "UTC", report: true, doc: "session time zone", normal: normalZone},
		{name: "timezone_abbreviations", def: "Default", doc: "set of time zone abbreviations"},
		{name: "extra_float_digits", kind: kindInt, def: "1", min: -15, max: 3, doc: "digits of floating-point output"},
		{name: "bytea_output", kind: kindEnum, def: "hex", enum: []string{"hex", "escape"}, doc: "output form of bytea"},
		{name: "xmloption", kind: kindEnum, def: "content", enum: []string{"content", "document"}},
		{name: "search_path", def: `"$user", public`, doc: "schemas looked in for unqualified names", normal: normalList},
		{name: "statement_timeout", kind: kindMillis, def: "0", max: 1<<31 - 1, doc: "a statement is cancelled after so long; 0: never"},
		{name: "lock_timeout", kind: kindMillis, def: "0", max: 1<<31 - 1},
		{name: "idle_in_transaction_session_timeout", kind: kindMillis, def: "0", max: 1<<31 - 1, doc: "a session idle in a transaction for so long is ended"},
		{name: "idle_session_timeout", kind: kindMillis, def: "0", max: 1<<31 - 1, doc: "a session idle outside a transaction for so long is ended"},
		{name: "client_min_messages", kind: kindEnum, def: "notice", enum: []string{"debug5", "debug4", "debug3", "debug2", "debug1", "debug", "log", "notice", "warning", "error"}, doc: "least severity of messages sent to the client"},
		{name: "standard_conforming_strings", kind: kindBool, def: "on", report: true, doc: "only on", normal: onlyOn("standard_conforming_strings")},
		{name: "escape_string_warning", kind: kindBool, def: "on"},
		{name: "default_transaction_isolation", kind: kindEnum, def: "read committed", enum: isolationLevels, doc: "isolation level of transactions to come"},
		{name: "default_transaction_read_only", kind: kindBool, def: "off", report: true, doc: "transactions to come refuse changes of the catalog"},
		{name: "default_transaction_deferrable", kind: kindBool, def: "off"},
		{name: "transaction_isolation", kind: kindEnum, def: "read committed", enum: isolationLevels, doc: "isolation level of the current transaction"},
		{name: "transaction_read_only", kind: kindBool, def: "off", doc: "the current transaction refuses changes of the catalog"},
		{name: "transaction_deferrable", kind: kindBool, def: "off"},
		{name: "row_security", kind: kindBool, def: "on"},
		{name: "synchronous_commit", kind: kindEnum, def: "on", enum: []string{"local", "remote_write", "remote_apply", "on", "off"}},
		{name: "synchronize_seqscans", kind: kindBool, def: "on"},
		{name: "quote_all_identifiers", kind: kindBool, def: "off"},
		{name: "default_tablespace"},
		{name: "default_table_access_method", def: "heap"},
		{name: "default_with_oids", kind: kindBool, def: "off"},
		{name: "check_function_bodies", kind: kindBool, def: "on"},
		{name: "enable_seqscan", kind: kindBool, def: "on"},
		{name: "enable_indexscan", kind: kindBool, def: "on"},
		{name: "enable_bitmapscan", kind: kindBool, def: "on"},
		{name: "enable_hashjoin", kind: kindBool, def: "on"},
		{name: "enable_mergejoin", kind: kindBool, def: "on"},
		{name: "enable_nestloop", kind: kindBool, def: "on"},
		{name: "jit", kind: kindBool, def: "off"},
		{name: "geqo", kind: kindBool, def: "on"},
		{name: "work_mem", kind: kindBytes, def: "4096", min: 64, max: 1<<31 - 1},
		{name: "maintenance_work_mem", kind: kindBytes, def: "65536", min: 1024, max: 1<<31 - 1},
		{name: "cursor_tuple_fraction", def: "0.1"},
		{name: "query_group", doc: "label of the session's statements (Redshift)"},
		{name: "readonly", kind: kindBool, def: "off"},
		{name: "role", def: "none"},
		{name: "session_authorization", report: true, readOnly: true},
		{name: "is_superuser", kind: kindBool, def: "off", report: true, readOnly: true},
		{name: "server_version", def: ServerVersion, report: true, readOnly: true},
		{name: "server_version_num", def: ServerVersionNum, readOnly: true},
		{name: "server_encoding", def: "UTF8", report: true, readOnly: true},
		{name: "integer_datetimes", kind: kindBool, def: "on", report: true, readOnly: true},
		{name: "in_hot_standby", kind: kindBool, def: "off", report: true, readOnly: true},
		{name: "max_identifier_length", kind: kindInt, def: "63", readOnly: true},
		{name: "max_index_keys", kind: kindInt, def: "32", readOnly: true},
		{name: "block_size", kind: kindInt, def: "8192", readOnly: true},
		{name: "lc_collate", def: "C", readOnly: true},
		{name: "lc_ctype", def: "C.UTF-8", readOnly: true},
		{name: "lc_messages", def: "C"},
		{name: "lc_monetary", def: "C"},
		{name: "lc_numeric", def: "C"},
		{name: "lc_time", def: "C"},
		{name: "max_connections", kind: kindInt, def: "100", readOnly: true},
		{name: "superuser_reserved_connections", kind: kindInt, def: "3", readOnly: true},
		{name: "wal_level", def: "replica", readOnly: true},
		{name: "data_directory", readOnly: true},
		{name: "ssl", kind: kindBool, def: "off", readOnly: true},
		{name: "autocommit", kind: kindBool, def: "on"},

		{name: "sluice.dialect", kind: kindEnum, def: "postgres", enum: []string{"postgres", "redshift", "athena"}, doc: "whose forms and functions are taken beside PostgreSQL's"},
		{name: "sluice.workers", kind: kindInt, def: "0", min: 0, max: 1024, doc: "most workers a statement uses; 0: all"},
		{name: "sluice.batch_size", kind: kindInt, def: "2048", min: 1, max: 2048, doc: "rows in a batch"},
		{name: "sluice.statement_memory", kind: kindBytes, def: "0", max: 1 << 40, doc: "memory a statement may use before it spills; 0: the role's limit"},
		{name: "sluice.disabled_rules", doc: "optimiser rules that are switched off, by name", normal: normalList},
		{name: "sluice.queue_timeout", kind: kindMillis, def: "60000", max: 1<<31 - 1, doc: "how long a statement waits to be admitted"},
	}
	m := make(map[string]*setting, len(list))
	for _, s := range list {
		m[strings.ToLower(s.name)] = s
	}
	return m
}

var isolationLevels = []string{"serializable", "repeatable read", "read committed", "read uncommitted"}

// check normalises a value given for s, or says why it cannot be.
func (s *setting) check(v string) (string, error) {
	bad := func() error {
		return sql.Errorf(sql.CodeInvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", s.name, v)
	}
	switch s.kind {
	case kindBool:
		b, ok := parseBool(v)
		if !ok {
			return "", sql.Errorf(sql.CodeInvalidParameterValue, "parameter \"%s\" requires a Boolean value", s.name)
		}
		v = onOff(b)
	case kindInt:
		i, err := strconv.ParseInt(strings.TrimSpace(v), 0, 64)
		if err != nil {
			return "", bad()
		}
		if err := s.inRange(i); err != nil {
			return "", err
		}
		v = strconv.FormatInt(i, 10)
	case kindEnum:
		l := strings.ToLower(v)
		found := false
		for _, e := range s.enum {
			found = found || e == l
		}
		if !found {
			return "", bad().(*sql.Error).WithHint("Available values: %s.", strings.Join(s.enum, ", "))
		}
		v = l
	case kindMillis, kindBytes:
		i, hint := parseUnits(v, s.kind)
		if hint != "" {
			return "", bad().(*sql.Error).WithHint("%s", hint)
		}
		if err := s.inRange(i); err != nil {
			return "", err
		}
		v = strconv.FormatInt(i, 10)
	}
	if s.normal != nil {
		return s.normal(v)
	}
	return v, nil
}

func (s *setting) inRange(i int64) error {
	if s.max > s.min && (i < s.min || i > s.max) {
		return sql.Errorf(sql.CodeInvalidParameterValue, "%d is outside the valid range for parameter \"%s\" (%d .. %d)", i, s.name, s.min, s.max)
	}
	return nil
}

// show renders a kept value as SHOW does.
func (s *setting) show(v string) string {
	i, err := strconv.ParseInt(v, 10, 64)
	if err != nil || i == 0 {
		return v
	}
	var units []unit
	switch s.kind {
	case kindMillis:
		units = timeUnits
	case kindBytes:
		units = byteUnits
	default:
		return v
	}
	for _, u := range units {
		if i%u.n == 0 {
			return strconv.FormatInt(i/u.n, 10) + u.name
		}
	}
	return v
}

type unit struct {
	name string
	n    int64
}

var (
	timeUnits = []unit{{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}}
	byteUnits = []unit{{"TB", 1 << 30}, {"GB", 1 << 20}, {"MB", 1 << 10}, {"kB", 1}}
	unitForm  = regexp.MustCompile(`^\s*(-?[0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*$`)
)

// parseUnits reads a number with a unit; where it cannot, hint says what is taken.
func parseUnits(v string, k settingKind) (n int64, hint string) {
	m := unitForm.FindStringSubmatch(v)
	if m == nil {
		return 0, "A number is expected, with a unit if wanted."
	}
	f, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, err.Error()
	}
	if m[2] == "" {
		return int64(f), ""
	}
	units := timeUnits
	if k == kindBytes {
		units = byteUnits
		if m[2] == "B" {
			return int64(f / 1024), ""
		}
	} else if m[2] == "us" {
		return int64(f / 1000), ""
	}
	for _, u := range units {
		if u.name == m[2] {
			return int64(f * float64(u.n)), ""
		}
	}
	if k == kindBytes {
		return 0, `Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`
	}
	return 0, `Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`
}

func parseBool(v string) (val, ok bool) {
	l := strings.ToLower(strings.TrimSpace(v))
	if l == "" {
		return false, false
	}
	for _, t := range []string{"true", "yes", "on", "1"} {
		if strings.HasPrefix(t, l) && l != "o" {
			return true, true
		}
	}
	for _, f := range []string{"false", "no", "off", "0"} {
		if strings.HasPrefix(f, l) && l != "o" {
			return false, true
		}
	}
	return false, false
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func asciiOnly(v string) (string, error) {
	b := []byte(v)
	for i, c := range b {
		if c < 32 || c > 126 {
			b[i] = '?'
		}
	}
	if len(b) > 63 {
		b = b[:63]
	}
	return string(b), nil
}

func onlyOn(name string) func(string) (string, error) {
	return func(v string) (string, error) {
		if v != "on" {
			return "", sql.Errorf(sql.CodeFeatureNotSupported, "parameter \"%s\" can only be on", name)
		}
		return v, nil
	}
}

func normalEncoding(v string) (string, error) {
	t := strings.ToUpper(strings.ReplaceAll(strings.Trim(v, `'" `), "-", ""))
	t = strings.ReplaceAll(t, "_", "")
	switch t {
	case "UTF8", "UNICODE":
		return "UTF8", nil
	case "SQLASCII":
		return "SQL_ASCII", nil
	}
	return "", sql.Errorf(sql.CodeInvalidParameterValue, "invalid value for parameter \"client_encoding\": \"%s\"", v).
		WithHint("The endpoint speaks UTF8 only.")
}

// normalDateStyle reads "style, order" in either order, keeping what is not
// given at ISO and MDY's places as PostgreSQL's assign_datestyle does.
func normalDateStyle(v string) (string, error) {
	style, order := "", ""
	for _, w := range strings.Split(v, ",") {
		w = strings.ToUpper(strings.TrimSpace(w))
		switch {
		case w == "":
		case w == "DEFAULT":
			style, order = "ISO", "MDY"
		case w == "ISO" || w == "SQL" || w == "GERMAN" || w == "POSTGRES":
			style = map[string]string{"ISO": "ISO", "SQL": "SQL", "GERMAN": "German", "POSTGRES": "Postgres"}[w]
			if style == "German" && order == "" {
				order = "DMY"
			}
		case w == "MDY" || w == "US" || strings.HasPrefix(w, "NONEURO"):
			order = "MDY"
		case w == "DMY" || strings.HasPrefix(w, "EURO"):
			order = "DMY"
		case w == "YMD":
			order = "YMD"
		default:
			return "", sql.Errorf(sql.CodeInvalidParameterValue, "invalid value for parameter \"DateStyle\": \"%s\"", v).
				WithDetail("Unrecognized key word: \"%s\".", strings.ToLower(w))
		}
	}
	if style == "" {
		style = "ISO"
	}
	if order == "" {
		order = "MDY"
	}
	return style + ", " + order, nil
}

func normalZone(v string) (string, error) {
	if _, name, err := zoneOf(v); err == nil {
		return name, nil
	}
	return "", sql.Errorf(sql.CodeInvalidParameterValue, "invalid value for parameter \"TimeZone\": \"%s\"", v)
}

// zoneOf finds a time zone by name, or by an offset in hours (positive is east,
// as SET TIME ZONE takes it).
func zoneOf(v string) (*time.Location, string, error) {
	v = strings.TrimSpace(v)
	if f, err := strconv.ParseFloat(v, 64); err == nil {
		if f < -168 || f > 168 {
			return nil, "", fmt.Errorf("offset out of range")
		}
		sec := int(f * 3600)
		sign, a := byte('+'), sec
		if sec < 0 {
			sign, a = '-', -sec
		}
		inv := byte('-') // POSIX names count west
		if sign == '-' {
			inv = '+'
		}
		abbr := fmt.Sprintf("%c%02d", sign, a/3600)
		posix := fmt.Sprintf("%c%02d", inv, a/3600)
		if m := a / 60 % 60; m != 0 {
			abbr += fmt.Sprintf(":%02d", m)
			posix += fmt.Sprintf(":%02d", m)
		}
		return time.FixedZone(abbr, sec), "<" + abbr + ">" + posix, nil
	}
	if m := posixZone.FindStringSubmatch(v); m != nil {
		h, _ := strconv.Atoi(m[3])
		mi, _ := strconv.Atoi(m[4])
		sec := h*3600 + mi*60
		if m[2] != "-" {
			sec = -sec
		}
		return time.FixedZone(m[1], sec), v, nil
	}
	switch strings.ToLower(v) {
	case "utc", "gmt", "zulu", "etc/utc", "":
		if v == "" {
			return nil, "", fmt.Errorf("empty")
		}
		return time.UTC, map[string]string{"utc": "UTC", "gmt": "GMT", "zulu": "Zulu", "etc/utc": "Etc/UTC"}[strings.ToLower(v)], nil
	case "local":
		return nil, "", fmt.Errorf("no such zone")
	}
	if l, err := time.LoadLocation(v); err == nil {
		return l, v, nil
	}
	parts := strings.Split(strings.ToLower(v), "/")
	for i, p := range parts {
		words := strings.Split(p, "_")
		for j, w := range words {
			if w != "" {
				words[j] = strings.ToUpper(w[:1]) + w[1:]
			}
		}
		parts[i] = strings.Join(words, "_")
	}
	name := strings.Join(parts, "/")
	l, err := time.LoadLocation(name)
	return l, name, err
}

var posixZone = regexp.MustCompile(`^<([+-]?[0-9A-Za-z:]+)>([+-]?)([0-9]{1,2})(?::([0-9]{2}))?$`)

// normalList keeps a list of identifiers as written but with ", " between.
func normalList(v string) (string, error) {
	items, err := splitIdents(v)
	if err != nil {
		return "", err
	}
	for i, it := range items {
		items[i] = quoteIdent(it)
	}
	return strings.Join(items, ", "), nil
}

// splitIdents splits a comma-separated list of identifiers, folding unquoted ones.
func splitIdents(v string) ([]string, error) {
	var out []string
	for i := 0; i < len(v); {
		for i < len(v) && (v[i] == ' ' || v[i] == ',') {
			i++
		}
		if i >= len(v) {
			break
		}
		if v[i] == '"' {
			var b strings.Builder
			i++
			for {
				if i >= len(v) {
					return nil, sql.Errorf(sql.CodeInvalidParameterValue, "unterminated quoted identifier in list \"%s\"", v)
				}
				if v[i] == '"' {
					if i+1 < len(v) && v[i+1] == '"' {
						b.WriteByte('"')
						i += 2
						continue
					}
					i++
					break
				}
				b.WriteByte(v[i])
				i++
			}
			out = append(out, b.String())
			continue
		}
		j := i
		for j < len(v) && v[j] != ',' && v[j] != ' ' {
			j++
		}
		out = append(out, strings.ToLower(v[i:j]))
		i = j
	}
	return out, nil
}

var plainIdent = regexp.MustCompile(`^[a-z_][a-z0-9_$]*$`)

// quoteIdent quotes an identifier for messages, where it needs it.
func quoteIdent(s string) string {
	if plainIdent.MatchString(s) {
		return s
	}
	return quoted(s)
}

// quoted is an identifier for a text that is parsed again, a key word too.
func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
