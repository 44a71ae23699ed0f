package expr

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// defineURLs defines Athena's functions on URLs; what is no URL gives NULL.
func defineURLs(d *defs) {
	part := func(name string, f func(u *url.URL) (string, bool)) {
		d.dialectFn(Athena, name+"(text)", sql.OIDText, each(func(r *Row) error {
			u, err := url.Parse(r.Str(0))
			if err != nil {
				return r.SetNull()
			}
			if s, ok := f(u); ok {
				return r.SetStr(s)
			}
			return r.SetNull()
		}))
	}
	part("url_extract_host", func(u *url.URL) (string, bool) { return u.Hostname(), u.Host != "" })
	part("url_extract_path", func(u *url.URL) (string, bool) { return u.Path, true })
	part("url_extract_protocol", func(u *url.URL) (string, bool) { return u.Scheme, true })
	part("url_extract_query", func(u *url.URL) (string, bool) { return u.RawQuery, true })
	part("url_extract_fragment", func(u *url.URL) (string, bool) { return u.Fragment, true })
	d.dialectFn(Athena, "url_extract_port(text)", sql.OIDInt8, each(func(r *Row) error {
		u, err := url.Parse(r.Str(0))
		if err != nil {
			return r.SetNull()
		}
		n, err := strconv.ParseInt(u.Port(), 10, 64)
		if err != nil {
			return r.SetNull()
		}
		return r.SetInt(n)
	}))
	d.dialectFn(Athena, "url_extract_parameter(text,text)", sql.OIDText, each(func(r *Row) error {
		u, err := url.Parse(r.Str(0))
		if err != nil {
			return r.SetNull()
		}
		for p := range strings.SplitSeq(u.RawQuery, "&") {
			k, v, _ := strings.Cut(p, "=")
			if k, err = url.QueryUnescape(k); err == nil && k == r.Str(1) {
				if v, err = url.QueryUnescape(v); err == nil {
					return r.SetStr(v)
				}
			}
		}
		return r.SetNull()
	}))
	d.dialectFn(Athena, "url_encode(text)", sql.OIDText, each(func(r *Row) error { return r.SetStr(url.QueryEscape(r.Str(0))) }))
	d.dialectFn(Athena, "url_decode(text)", sql.OIDText, each(func(r *Row) error {
		s, err := url.QueryUnescape(r.Str(0))
		if err != nil {
			return sql.Errorf(sql.CodeInvalidParameterValue, "the text %q is not URL-encoded", r.Str(0))
		}
		return r.SetStr(s)
	}))
}
