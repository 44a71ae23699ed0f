package projection

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

var noon = time.Date(2024, 3, 15, 12, 34, 56, 0, time.UTC)

func table(props ...string) *model.Table {
	t := &model.Table{Database: "d", Name: "t", Keys: []model.Column{{Name: "k", Hive: "string", Type: sql.Text}},
		Storage: model.Storage{Location: "s3://b/t"}, Params: map[string]string{"projection.enabled": "true"}}
	for i := 0; i < len(props); i += 2 {
		t.Params["projection.k."+props[i]] = props[i+1]
	}
	return t
}

func TestValues(t *testing.T) {
	for _, tc := range []struct {
		props []string
		want  string
	}{
		{[]string{"type", "enum", "values", "a, b,c"}, "a| b|c"},
		{[]string{"type", "integer", "range", "1,3"}, "1|2|3"},
		{[]string{"type", "integer", "range", "-5,5", "interval", "5", "digits", "2"}, "-05|00|05"},
		{[]string{"type", "date", "range", "2024-02-27,2024-03-01", "format", "yyyy-MM-dd"}, "2024-02-27|2024-02-28|2024-02-29|2024-03-01"},
		{[]string{"type", "date", "range", "NOW-2DAYS,NOW", "format", "yyyy/MM/dd"}, "2024/03/13|2024/03/14|2024/03/15"},
		{[]string{"type", "date", "range", "now-1month , NOW+1MONTHS", "format", "yyyyMM"}, "202402|202403|202404"},
		{[]string{"type", "date", "range", "2023,2024", "format", "yyyy", "interval", "6", "interval.unit", "MONTHS"}, "2023|2024"},
		{[]string{"type", "date", "range", "2024-03-15-22,2024-03-16-04", "format", "yyyy-MM-dd-HH", "interval", "3", "interval.unit", "HOURS"}, "2024-03-15-22|2024-03-16-01|2024-03-16-04"},
		{[]string{"type", "date", "range", "2024-01-31,2024-04-30", "format", "yyyy-MM-dd", "interval", "1", "interval.unit", "MONTHS"}, "2024-01-31|2024-02-29|2024-03-31|2024-04-30"},
		{[]string{"type", "date", "range", "5-Jan-24,7-Jan-24", "format", "d-MMM-yy"}, "5-Jan-24|6-Jan-24|7-Jan-24"},
		{[]string{"type", "date", "range", "'T'2024,'T'2024", "format", "'''T'''yyyy"}, "'T'2024"},
	} {
		p, err := Parse(table(tc.props...), noon)
		if err != nil {
			t.Errorf("%v: %v", tc.props, err)
			continue
		}
		got, err := p.Keys[0].Values(-1<<63, 1<<63-1)
		if err != nil || strings.Join(got, "|") != tc.want {
			t.Errorf("%v: %q %v", tc.props, got, err)
		}
		for _, v := range got {
			if !p.Keys[0].Contains(v) {
				t.Errorf("%v: %q is not contained", tc.props, v)
			}
		}
		if p.Keys[0].Contains("nothing") || p.Keys[0].Contains("") {
			t.Errorf("%v contains what it has not", tc.props)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, props := range [][]string{
		{}, {"type", "foo"}, {"type", "enum"}, {"type", "integer", "range", "5"}, {"type", "integer", "range", "5,1"}, {"type", "integer", "range", "1,5", "interval", "0"},
		{"type", "integer", "range", "1,5", "digits", "x"}, {"type", "date", "range", "2024-01-01,NOW"}, {"type", "date", "format", "yyyy-MM-dd", "range", "2024,NOW"},
		{"type", "date", "format", "yyyy-MM-dd-HH", "range", "NOW-1DAY,NOW"}, {"type", "date", "format", "YYYY", "range", "NOW,NOW"}, {"type", "date", "format", "yyyy'", "range", "NOW,NOW"},
		{"type", "date", "format", "yyyy", "range", "NOW-1FORTNIGHT,NOW"}, {"type", "date", "format", "HH:mm", "range", "NOW,NOW"},
	} {
		if _, err := Parse(table(props...), noon); err == nil || sql.AsError(err).Code != sql.CodeInvalidTableDefinition {
			t.Errorf("%v: %v", props, err)
		}
	}
	for _, tmpl := range []string{"s3://b/x/", "s3://b/${k}/${z}/"} {
		tab := table("type", "enum", "values", "a")
		tab.Params["storage.location.template"] = tmpl
		if _, err := Parse(tab, noon); err == nil {
			t.Errorf("template %s is taken", tmpl)
		}
	}
}

func TestLocations(t *testing.T) {
	tab := table("type", "enum", "values", "a:b")
	p, err := Parse(tab, noon)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Location([]string{"a:b"}); got != "s3://b/t/k=a%3Ab/" {
		t.Error(got)
	}
	tab.Params["storage.location.template"] = "s3://other/${K}/x-${k}"
	if p, err = Parse(tab, noon); err != nil {
		t.Fatal(err)
	}
	if got := p.Location([]string{"a:b"}); got != "s3://other/a:b/x-a:b/" {
		t.Error(got)
	}
}

func TestHugeRangesAreNotListed(t *testing.T) {
	p, err := Parse(table("type", "integer", "range", "-9223372036854775808,9223372036854775807"), noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Keys[0].Values(-1<<63, 1<<63-1); sql.AsError(err).Code != sql.CodeProgramLimitExceeded {
		t.Errorf("all: %v", err)
	}
	got, err := p.Keys[0].Values(9223372036854775805, 1<<63-1)
	if err != nil || !slices.Equal(got, []string{"9223372036854775805", "9223372036854775806", "9223372036854775807"}) {
		t.Errorf("%v %v", got, err)
	}
	if p.Keys[0].Count() < 1<<62 || !p.Keys[0].Contains("-9223372036854775808") {
		t.Error("count or membership")
	}
	p, err = Parse(table("type", "injected"), noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Keys[0].Values(0, 0); sql.AsError(err).Code != sql.CodeFeatureNotSupported || !p.Keys[0].Contains("any") {
		t.Errorf("injected: %v", err)
	}
}
