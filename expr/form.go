package expr

import (
	"cmp"
	"slices"
	"strings"
)

// Form is a function of another dialect that is written in terms of the registry's
// own: the binder puts its arguments in place of $1, $2 ... in Text. Volatility and
// strictness are those of what it stands for.
type Form struct {
	Name    string
	Args    int    // how many arguments it takes
	Text    string // an SQL expression
	Dialect Dialect
	// Decides: PostgreSQL has this call, too, and means something else by it; the
	// session's dialect decides. Other forms serve in every dialect.
	Decides bool
}

// Forms returns the forms of a function, in the order of their definition.
func (r *Registry) Forms(name string) []*Form { return r.forms[name] }

// AllForms returns all forms by name.
func (r *Registry) AllForms() []*Form {
	var out []*Form
	for _, l := range r.forms {
		out = append(out, l...)
	}
	slices.SortStableFunc(out, func(a, b *Form) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Args, b.Args), cmp.Compare(a.Dialect, b.Dialect))
	})
	return out
}

// SyntaxOf lists the calls of a dialect that the binder rewrites as syntax, for
// docs/functions.md.
func (r *Registry) SyntaxOf(d Dialect) []string {
	if d == Redshift {
		return strings.Fields("`nvl` `decode` `listagg` `median` `ratio_to_report` `any_value` `sysdate`")
	}
	return strings.Fields("`approx_percentile` `approx_distinct` `count_if` `arbitrary` `max_by` `min_by` `set_agg` `map_agg` `bitwise_and_agg` `bitwise_or_agg` `geometric_mean` `transform` `filter` `any_match` `all_match` `none_match` `try`")
}

// TakesDatePart reports whether a function's first argument may be a date part written
// as a bare word, as in DATEADD(day, 1, x).
func (r *Registry) TakesDatePart(name string) bool {
	switch name {
	case "dateadd", "datediff", "date_part", "date_trunc", "date_add", "date_diff", "extract", "datepart":
		return true
	}
	return false
}

// forms reads definitions, one a line: name/arguments, then the expression.
func (d *defs) forms(dialect Dialect, decides bool, list string) {
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		head, text, _ := strings.Cut(line, " ")
		name, args, _ := strings.Cut(head, "/")
		d.r.forms[name] = append(d.r.forms[name], &Form{Name: name, Args: int(args[0] - '0'), Text: strings.TrimSpace(text), Dialect: dialect, Decides: decides})
	}
}

// defineForms defines the functions of Redshift and Athena that are written with others.
func defineForms(d *defs) {
	d.forms(Redshift|Athena, true, `
		concat/2         ($1)::text || ($2)::text
		regexp_replace/2 regexp_replace($1, $2, '', 'g')
		regexp_replace/3 regexp_replace($1, $2, $3, 'g')
	`)
	d.forms(Redshift, true, redshiftMeanings)
	d.forms(Athena, true, athenaMeanings)
	d.forms(Redshift, false, redshiftForms)
	d.forms(Athena, false, athenaForms)
	d.forms(Redshift|Athena, false, `
		regexp_replace/2 regexp_replace($1, $2, '', 'g')
		sha1/1           sha1_hex($1)
	`)
}

// redshiftMeanings are calls that mean something else in Redshift.
const redshiftMeanings = `
	regexp_replace/4  regexp_replace($1, $2, $3, ($4)::int, 0)
	regexp_substr/2   coalesce(regexp_substr($1, $2), '')
	regexp_substr/3   coalesce(regexp_substr($1, $2, ($3)::int), '')
	regexp_substr/4   coalesce(regexp_substr($1, $2, ($3)::int, ($4)::int), '')
	json_extract_path_text/2 coalesce(json_extract_path_text(($1)::json, $2), '')
	json_extract_path_text/3 coalesce(json_extract_path_text(($1)::json, $2, $3), '')
	json_extract_path_text/4 coalesce(json_extract_path_text(($1)::json, $2, $3, $4), '')
`

// redshiftForms are Redshift's own functions.
const redshiftForms = `
	nvl2/3           CASE WHEN $1 IS NOT NULL THEN $2 ELSE $3 END
	isnull/2         coalesce($1, $2)
	len/1            length($1)
	textlen/1        length($1)
	charindex/2      strpos($2, $1)
	replicate/2      repeat($1, $2)
	last_day/1       (date_trunc('month', ($1)::timestamp) + interval '1 month' - interval '1 day')::date
	add_months/2     CASE WHEN ($1)::date = last_day($1) THEN last_day(($1)::timestamp + $2 * interval '1 month')::timestamp + (($1)::timestamp - date_trunc('day', ($1)::timestamp)) ELSE ($1)::timestamp + $2 * interval '1 month' END
	trunc/1          ($1)::timestamp::date
	getdate/0        date_trunc('second', statement_timestamp()::timestamp)
	sysdate/0        transaction_timestamp()::timestamp
	convert_timezone/2 timezone($1, timezone('UTC', ($2)::timestamp))
	convert_timezone/3 timezone($2, timezone($1, ($3)::timestamp))
	datepart/2       date_part($1, $2)
	date_part_year/1 extract(year from $1)::int
	date_cmp/2       sign(($1)::date - ($2)::date)::int
	timestamp_cmp/2  CASE WHEN ($1)::timestamp < ($2)::timestamp THEN -1 WHEN ($1)::timestamp > ($2)::timestamp THEN 1 ELSE 0 END
	json_extract_path_text/2 coalesce(json_extract_path_text(($1)::json, $2), '')
	json_extract_path_text/3 coalesce(json_extract_path_text(($1)::json, $2, $3), '')
	json_extract_path_text/4 coalesce(json_extract_path_text(($1)::json, $2, $3, $4), '')
	json_extract_array_element_text/2 coalesce(($1)::json ->> ($2)::int, '')
	json_array_length/1 json_array_length(($1)::json)
	json_parse/1     ($1)::jsonb
	json_serialize/1 ($1)::text
	get_array_length/1 jsonb_array_length($1)
	split_to_array/1 string_to_array($1, ',')
	split_to_array/2 string_to_array($1, $2)
	array_concat/2   array_cat($1, $2)
	func_sha1/1      sha1_hex($1)
	sha/1            sha1_hex($1)
	sha2/2           CASE $2 WHEN 224 THEN encode(sha224(convert_to($1, 'UTF8')), 'hex') WHEN 256 THEN encode(sha256(convert_to($1, 'UTF8')), 'hex') WHEN 0 THEN encode(sha256(convert_to($1, 'UTF8')), 'hex') WHEN 384 THEN encode(sha384(convert_to($1, 'UTF8')), 'hex') WHEN 512 THEN encode(sha512(convert_to($1, 'UTF8')), 'hex') END
	to_varbyte/2     decode($1, $2)
	from_varbyte/2   encode($1, $2)
	dlog10/1         log(($1)::float8)
	dlog1/1          ln(($1)::float8)
	dexp/1           exp(($1)::float8)
	log/1            log(($1)::float8)
`

// athenaMeanings are calls that mean something else in Athena.
const athenaMeanings = `
	split_part/3     CASE WHEN $3 <= cardinality(string_to_array($1, $2)) THEN split_part($1, $2, ($3)::int) END
	substr/2         CASE WHEN $2 < 0 THEN CASE WHEN -($2) > length($1) THEN '' ELSE right($1, -($2)::int) END WHEN $2 = 0 THEN '' ELSE substr($1, ($2)::int) END
	substr/3         CASE WHEN $2 < 0 THEN CASE WHEN -($2) > length($1) THEN '' ELSE substr(right($1, -($2)::int), 1, greatest(($3)::int, 0)) END WHEN $2 = 0 THEN '' ELSE substr($1, ($2)::int, greatest(($3)::int, 0)) END
	round/1          round_away($1)
	array_position/2 coalesce(array_position($1, $2), 0)::bigint
	md5/1            decode(md5($1), 'hex')
	log10/1          log10(($1)::float8)
	sqrt/1           sqrt(($1)::float8)
	ln/1             ln(($1)::float8)
	exp/1            exp(($1)::float8)
	power/2          power(($1)::float8, ($2)::float8)
	pow/2            power(($1)::float8, ($2)::float8)
	cardinality/1    (cardinality($1))::bigint
	length/1         (length($1))::bigint
	strpos/2         (strpos($1, $2))::bigint
	to_hex/1         upper(encode($1, 'hex'))
`

// athenaForms are Athena's own functions.
const athenaForms = `
	if/2             CASE WHEN $1 THEN $2 END
	if/3             CASE WHEN $1 THEN $2 ELSE $3 END
	from_unixtime/1  to_timestamp($1)
	from_unixtime/2  timezone($2, to_timestamp($1))
	to_unixtime/1    date_part('epoch', ($1)::timestamptz)
	split/2          CASE WHEN $1 = '' THEN ARRAY[''] ELSE string_to_array($1, $2) END
	contains/2       $2 = ANY ($1)
	element_at/2     CASE WHEN $2 > 0 THEN ($1)[$2] WHEN $2 < 0 THEN ($1)[cardinality($1) + 1 + $2] END
	regexp_extract/2 regexp_substr($1, $2)
	regexp_extract/3 regexp_substr($1, $2, 1, 1, '', ($3)::int)
	regexp_split/2   regexp_split_to_array($1, $2)
	regexp_position/2 CASE WHEN regexp_instr($1, $2) = 0 THEN -1 ELSE regexp_instr($1, $2) END
	year/1           extract(year from $1)::bigint
	quarter/1        extract(quarter from $1)::bigint
	month/1          extract(month from $1)::bigint
	week/1           extract(week from $1)::bigint
	week_of_year/1   extract(week from $1)::bigint
	day/1            extract(day from $1)::bigint
	day_of_month/1   extract(day from $1)::bigint
	day_of_week/1    extract(isodow from $1)::bigint
	dow/1            extract(isodow from $1)::bigint
	day_of_year/1    extract(doy from $1)::bigint
	doy/1            extract(doy from $1)::bigint
	year_of_week/1   extract(isoyear from $1)::bigint
	yow/1            extract(isoyear from $1)::bigint
	hour/1           extract(hour from $1)::bigint
	minute/1         extract(minute from $1)::bigint
	second/1         floor(extract(second from $1))::bigint
	millisecond/1    (floor(extract(milliseconds from $1))::bigint % 1000)
	last_day_of_month/1 (date_trunc('month', ($1)::timestamp) + interval '1 month' - interval '1 day')::date
	from_iso8601_date/1 ($1)::date
	from_iso8601_timestamp/1 ($1)::timestamptz
	to_iso8601/1     to_json($1) #>> '{}'
	at_timezone/2    timezone($2, $1)
	current_timezone/0 current_setting('timezone')
	json_extract_scalar/2 json_scalar_at(($1)::text, $2)
	json_extract/2   (json_at(($1)::text, $2))::json
	json_format/1    ($1)::text
	json_size/2      json_size_at(($1)::text, $2)
	json_array_get/2 ($1)::json -> ($2)::int
	array_distinct/1 ARRAY(SELECT x FROM (SELECT x, min(n) AS n FROM unnest($1) WITH ORDINALITY u(x, n) GROUP BY x) d ORDER BY n)
	array_max/1      (SELECT CASE WHEN bool_or(x IS NULL) THEN NULL ELSE max(x) END FROM unnest($1) u(x))
	array_min/1      (SELECT CASE WHEN bool_or(x IS NULL) THEN NULL ELSE min(x) END FROM unnest($1) u(x))
	array_sort/1     ARRAY(SELECT x FROM unnest($1) u(x) ORDER BY x)
	array_join/2     array_to_string($1, $2)
	array_join/3     array_to_string($1, $2, $3)
	array_union/2    array_distinct(array_cat($1, $2))
	array_intersect/2 ARRAY(SELECT x FROM unnest(array_distinct($1)) WITH ORDINALITY u(x, n) WHERE EXISTS (SELECT FROM unnest($2) v(y) WHERE y IS NOT DISTINCT FROM x) ORDER BY n)
	array_except/2   ARRAY(SELECT x FROM unnest(array_distinct($1)) WITH ORDINALITY u(x, n) WHERE NOT EXISTS (SELECT FROM unnest($2) v(y) WHERE y IS NOT DISTINCT FROM x) ORDER BY n)
	arrays_overlap/2 $1 && $2
	sequence/2       ARRAY(SELECT generate_series($1, $2, CASE WHEN $1 <= $2 THEN 1 ELSE -1 END))
	sequence/3       ARRAY(SELECT generate_series($1, $2, $3))
	slice/3          ARRAY(SELECT x FROM unnest($1) WITH ORDINALITY u(x, n) WHERE n >= CASE WHEN $2 < 0 THEN cardinality($1) + 1 + $2 ELSE $2 END AND n < CASE WHEN $2 < 0 THEN cardinality($1) + 1 + $2 ELSE $2 END + $3 ORDER BY n)
	reverse/1        ARRAY(SELECT x FROM unnest($1) WITH ORDINALITY u(x, n) ORDER BY n DESC)
	to_utf8/1        convert_to($1, 'UTF8')
	from_utf8/1      convert_from($1, 'UTF8')
	to_hex/1         upper(encode($1, 'hex'))
	from_hex/1       decode($1, 'hex')
	to_base64/1      replace(encode($1, 'base64'), chr(10), '')
	from_base64/1    decode($1, 'base64')
	sha256/1         sha256(convert_to($1, 'UTF8'))
	codepoint/1      ascii($1)
	truncate/1       trunc($1)
	truncate/2       trunc($1, $2)
	log2/1           log(2, ($1)::numeric)::float8
	rand/0           random()
	e/0              exp(1::float8)
	nan/0            'NaN'::float8
	infinity/0       'Infinity'::float8
	is_nan/1         $1 = 'NaN'
	is_finite/1      $1 <> 'NaN' AND abs($1) <> 'Infinity'
	is_infinite/1    abs($1) = 'Infinity'
	bitwise_and/2    $1 & $2
	bitwise_or/2     $1 | $2
	bitwise_xor/2    $1 # $2
	bitwise_not/1    ~($1)
	typeof/1         (pg_typeof($1))::text
	date_parse/2     mysql_parse_date($1, $2)
	date_format/2    mysql_format_date(($1)::timestamp, $2)
`
