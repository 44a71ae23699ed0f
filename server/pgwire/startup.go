package pgwire

import (
	"bytes"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
)

// Codes of the packets that may come first.
const (
	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSS    = 80877104
)

const (
	maxStartupBytes = 10000 // as PostgreSQL's MAX_STARTUP_PACKET_LENGTH
	protocol30      = 3 << 16
	protocol32      = 3<<16 | 2
)

// startup is what a client says at its start.
type startup struct {
	minor  uint32 // of the version asked for
	params map[string]string
	extra  []string // _pq_ options, none of which we know
}

var errHandled = errors.New("connection was dealt with")

// readStartup reads packets until the start-up message: it answers SSLRequest and
// GSSENCRequest, upgrades to TLS, and carries out a CancelRequest (errHandled).
func (c *conn) readStartup() (*startup, error) {
	askedTLS, askedGSS := false, false
	var first [1]byte
	if _, err := io.ReadFull(c.nc, first[:]); err != nil {
		return nil, err
	}
	c.nc = &prefixConn{Conn: c.nc, prefix: first[:]}
	if first[0] == 0x16 { // direct TLS; the client must say postgresql by ALPN
		if err := c.upgradeTLS(true); err != nil {
			return nil, err
		}
		askedTLS, askedGSS = true, true
	}
	for {
		var head [8]byte
		if _, err := io.ReadFull(c.nc, head[:]); err != nil {
			return nil, err
		}
		n, code := be32(head[:4]), be32(head[4:])
		if n < 8 || n > maxStartupBytes {
			return nil, sql.Errorf(sql.CodeProtocolViolation, "invalid length of startup packet")
		}
		body := make([]byte, n-8)
		if _, err := io.ReadFull(c.nc, body); err != nil {
			return nil, err
		}
		switch {
		case code == codeCancel:
			if len(body) >= 4+4 && len(body) <= 4+256 {
				c.srv.cancel(int32(be32(body)), body[4:])
			}
			return nil, errHandled
		case code == codeSSL && !askedTLS:
			askedTLS = true
			if c.srv.cfg.TLS == nil || c.srv.cfg.TLS() == nil {
				if _, err := c.nc.Write([]byte{'N'}); err != nil {
					return nil, err
				}
				continue
			}
			// Nothing was read ahead, so bytes that an attacker put behind the request
			// can only be taken for a (failing) handshake, never for messages.
			if _, err := c.nc.Write([]byte{'S'}); err != nil {
				return nil, err
			}
			if err := c.upgradeTLS(false); err != nil {
				return nil, err
			}
		case code == codeGSS && !askedGSS:
			askedGSS = true
			if _, err := c.nc.Write([]byte{'N'}); err != nil {
				return nil, err
			}
		case code>>16 == 3:
			return parseStartup(code&0xffff, body)
		default:
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "unsupported frontend protocol %d.%d: server supports 3.0 to 3.2", code>>16, code&0xffff)
		}
	}
}

func parseStartup(minor uint32, body []byte) (*startup, error) {
	st := &startup{minor: minor, params: map[string]string{}}
	bad := sql.Errorf(sql.CodeProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
	for {
		k, rest, ok := bytes.Cut(body, []byte{0})
		if !ok {
			return nil, bad
		}
		if len(k) == 0 {
			if len(rest) != 0 {
				return nil, bad
			}
			return st, nil
		}
		v, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return nil, bad
		}
		if strings.HasPrefix(string(k), "_pq_.") {
			st.extra = append(st.extra, string(k))
		} else {
			st.params[string(k)] = string(v)
		}
		body = rest
	}
}

// ignoredParams are start-up parameters of Redshift's drivers and of replication
// clients that are no settings.
var ignoredParams = map[string]bool{"user": true, "database": true, "options": true, "replication": true,
	"driver_version": true, "os_version": true, "plugin_name": true, "idp_type": true,
	"driver_discovery_version": true, "client_protocol_version": true}

// settings returns the start-up packet's settings, those of options included.
func (st *startup) settings() (map[string]string, error) {
	out := map[string]string{}
	opts := splitOptions(st.params["options"])
	for i := 0; i < len(opts); i++ {
		o := opts[i]
		switch {
		case o == "-c" && i+1 < len(opts):
			i++
			o = opts[i]
		case strings.HasPrefix(o, "-c"):
			o = o[2:]
		case strings.HasPrefix(o, "--"):
			o = strings.ReplaceAll(o[2:], "-", "_")
		default:
			return nil, sql.Errorf(sql.CodeSyntaxError, "invalid command-line argument for server process: %s", o)
		}
		k, v, ok := strings.Cut(o, "=")
		if !ok {
			return nil, sql.Errorf(sql.CodeSyntaxError, "-c %s requires a value", o)
		}
		out[k] = v
	}
	for k, v := range st.params {
		if !ignoredParams[k] {
			out[k] = v
		}
	}
	return out, nil
}

// splitOptions splits at blanks; a backslash takes the next character as it is.
func splitOptions(s string) []string {
	var out []string
	var b strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
			in = true
		case s[i] == ' ' || s[i] == '\t' || s[i] == '\n':
			if in {
				out = append(out, b.String())
				b.Reset()
				in = false
			}
		default:
			b.WriteByte(s[i])
			in = true
		}
	}
	if in {
		out = append(out, b.String())
	}
	return out
}

func (c *conn) upgradeTLS(direct bool) error {
	var cfg *tls.Config
	if c.srv.cfg.TLS != nil {
		cfg = c.srv.cfg.TLS()
	}
	if cfg == nil {
		return sql.Errorf(sql.CodeProtocolViolation, "the server does not offer TLS")
	}
	cfg = cfg.Clone()
	cfg.NextProtos = []string{"postgresql"}
	tc := tls.Server(c.nc, cfg)
	if err := tc.Handshake(); err != nil {
		return err
	}
	c.nc, c.tls = tc, tc // also for the error: the client hears nothing but TLS now
	if direct && tc.ConnectionState().NegotiatedProtocol != "postgresql" {
		return sql.Errorf(sql.CodeProtocolViolation, "received direct SSL connection request without ALPN protocol negotiation extension")
	}
	if cfg.GetCertificate == nil && len(cfg.Certificates) > 0 {
		c.tlsCert = cfg.Certificates[0].Certificate[0]
	}
	return nil
}

// prefixConn gives back a byte that was read to look at it.
type prefixConn struct {
	net.Conn
	prefix []byte
}

func (p *prefixConn) Read(b []byte) (int, error) {
	if len(p.prefix) > 0 {
		n := copy(b, p.prefix)
		p.prefix = p.prefix[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// begin authenticates the client and opens its session.
func (c *conn) begin(st *startup) error {
	if st.minor > 2 || len(st.extra) > 0 {
		// Redshift's JDBC driver dies on this message while it authenticates.
		if st.params["client_protocol_version"] == "" {
			m := &pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: min(st.minor, 2), UnrecognizedOptions: st.extra}
			if err := c.sendNow(m); err != nil {
				return err
			}
		}
	}
	c.user, c.database = st.params["user"], st.params["database"]
	if c.user == "" {
		return sql.Errorf(sql.CodeInvalidAuthorization, "no PostgreSQL user name specified in startup packet")
	}
	if c.database == "" {
		c.database = c.user
	}
	if c.srv.cfg.RequireTLS && c.tls == nil {
		return sql.Errorf(sql.CodeInvalidAuthorization, "connection requires TLS: user \"%s\", database \"%s\", no encryption", c.user, c.database).
			WithHint("Connect with sslmode=require or stronger.")
	}
	params, err := st.settings()
	if err != nil {
		return err
	}
	if st.params["replication"] != "" && st.params["replication"] != "false" && st.params["replication"] != "0" {
		return sql.Errorf(sql.CodeFeatureNotSupported, "replication connections are not supported")
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	if !c.srv.creds.DatabaseExists(c.database) {
		return sql.Errorf(sql.CodeInvalidCatalogName, "database \"%s\" does not exist", c.database)
	}
	if e := c.srv.register(c); e != nil {
		return e
	}
	keyLen := 4
	if st.minor >= 2 {
		keyLen = 32
	}
	c.setKey(newKey(keyLen))
	sess, err := c.srv.eng.NewSession(context.Background(), engine.SessionOptions{
		PID: c.pid, User: c.user, Database: c.database, Params: params,
		Report: func(k, v string) { c.changed[k] = v },
		Notify: c.sendNotice, Remote: c.nc.RemoteAddr().String(),
	})
	if err != nil {
		return err
	}
	c.setSession(sess)
	c.send(&pgproto3.AuthenticationOk{})
	for _, kv := range sess.Reported() {
		c.reported[kv[0]] = kv[1]
		c.send(&pgproto3.ParameterStatus{Name: kv[0], Value: kv[1]})
	}
	c.send(&pgproto3.BackendKeyData{ProcessID: uint32(c.pid), SecretKey: c.key})
	return c.ready()
}

func (c *conn) keyMatches(key []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.key) > 0 && subtle.ConstantTimeCompare(c.key, key) == 1
}

func setKeepAlive(nc net.Conn) {
	if t, ok := nc.(*net.TCPConn); ok {
		t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3})
		t.SetNoDelay(true)
	}
}
