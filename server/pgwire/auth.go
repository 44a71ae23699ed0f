package pgwire

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/sluicedb/sluice/sql"
	"github.com/xdg-go/scram"
)

const scramIterations = 4096

// authenticate runs SCRAM-SHA-256, with channel binding on offer under TLS (RFC
// 5802, RFC 7677, tls-server-end-point of RFC 5929). An unknown user goes through
// the same exchange with a made-up verifier, so that neither answer nor time
// tells users from no users.
func (c *conn) authenticate() error {
	fail := sql.Errorf(sql.CodeInvalidPassword, "password authentication failed for user \"%s\"", c.user)
	text, known, err := c.srv.creds.Verifier(context.Background(), c.user)
	if err != nil {
		return err
	}
	var stored scram.StoredCredentials
	if known {
		if stored, err = parseVerifier(text); err != nil {
			c.srv.log.Error("stored verifier is invalid", "user", c.user)
			known = false
		}
	}
	if !known {
		stored = c.srv.mockCredentials(c.user)
	}
	mechs := []string{"SCRAM-SHA-256"}
	var bind scram.ChannelBinding
	if c.tls != nil {
		if d := endpointHash(c.tlsCert); d != nil {
			bind = scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: d}
			mechs = []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}
		}
	}
	if err := c.sendNow(&pgproto3.AuthenticationSASL{AuthMechanisms: mechs}); err != nil {
		return err
	}
	c.backend.SetAuthType(pgproto3.AuthTypeSASL)
	msg, err := c.backend.Receive()
	if err != nil {
		return err
	}
	first, ok := msg.(*pgproto3.SASLInitialResponse)
	if !ok {
		return sql.Errorf(sql.CodeProtocolViolation, "expected SASL response, got another message")
	}
	srv, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { return stored, nil })
	if err != nil {
		return err
	}
	var conv *scram.ServerConversation
	switch {
	case first.AuthMechanism == "SCRAM-SHA-256-PLUS" && bind.IsSupported():
		conv = srv.NewConversationWithChannelBindingRequired(bind)
	case first.AuthMechanism == "SCRAM-SHA-256":
		conv = srv.NewConversation()
		if bind.IsSupported() && strings.HasPrefix(string(first.Data), "y") {
			// the client could bind but was not offered it: somebody is in between
			return sql.Errorf(sql.CodeProtocolViolation, "malformed SCRAM message").
				WithDetail("The client supports SCRAM channel binding but thinks the server does not.")
		}
	default:
		return sql.Errorf(sql.CodeProtocolViolation, "client selected an invalid SASL authentication mechanism")
	}
	reply, err := conv.Step(string(first.Data))
	if err != nil {
		return sql.Errorf(sql.CodeProtocolViolation, "malformed SCRAM message")
	}
	if err := c.sendNow(&pgproto3.AuthenticationSASLContinue{Data: []byte(reply)}); err != nil {
		return err
	}
	c.backend.SetAuthType(pgproto3.AuthTypeSASLContinue)
	if msg, err = c.backend.Receive(); err != nil {
		return err
	}
	second, ok := msg.(*pgproto3.SASLResponse)
	if !ok {
		return sql.Errorf(sql.CodeProtocolViolation, "expected SASL response, got another message")
	}
	reply, err = conv.Step(string(second.Data))
	if err != nil || !conv.Valid() || !known {
		c.srv.log.Info("authentication failed", "user", c.user, "remote", c.nc.RemoteAddr().String())
		return fail
	}
	c.send(&pgproto3.AuthenticationSASLFinal{Data: []byte(reply)})
	return nil
}

// parseVerifier reads PostgreSQL's form SCRAM-SHA-256$<iterations>:<salt>$<stored>:<server>.
func parseVerifier(s string) (c scram.StoredCredentials, err error) {
	bad := fmt.Errorf("not a SCRAM verifier")
	parts := strings.Split(s, "$")
	if len(parts) != 3 || parts[0] != "SCRAM-SHA-256" {
		return c, bad
	}
	it, salt, ok1 := strings.Cut(parts[1], ":")
	st, sv, ok2 := strings.Cut(parts[2], ":")
	if !ok1 || !ok2 {
		return c, bad
	}
	if c.Iters, err = strconv.Atoi(it); err != nil {
		return c, bad
	}
	b, err := base64.StdEncoding.DecodeString(salt)
	if err != nil {
		return c, bad
	}
	c.Salt = string(b)
	if c.StoredKey, err = base64.StdEncoding.DecodeString(st); err != nil {
		return c, bad
	}
	if c.ServerKey, err = base64.StdEncoding.DecodeString(sv); err != nil {
		return c, bad
	}
	return c, nil
}

// mockCredentials makes credentials that no password fits, with a salt that is
// always the same for a name.
func (s *Server) mockCredentials(user string) scram.StoredCredentials {
	h := hmac.New(sha256.New, s.mockSalt)
	h.Write([]byte(user))
	sum := h.Sum(nil)
	return scram.StoredCredentials{KeyFactors: scram.KeyFactors{Salt: string(sum[:16]), Iters: scramIterations},
		StoredKey: newKey(32), ServerKey: newKey(32)}
}

// endpointHash is tls-server-end-point: the certificate's hash by its signature's
// hash function, SHA-256 in place of MD5 and SHA-1.
func endpointHash(der []byte) []byte {
	if der == nil {
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	var h hash.Hash
	switch cert.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		h = sha512.New384()
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		h = sha512.New()
	case x509.PureEd25519:
		return nil // no hash function is defined for it
	default:
		h = sha256.New()
	}
	h.Write(der)
	return h.Sum(nil)
}
