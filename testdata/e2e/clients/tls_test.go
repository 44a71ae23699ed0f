package clients

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// authority makes a CA and a certificate of localhost in files.
func authority(t *testing.T) (ca, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	ca, cert, key = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	put := func(file, kind string, der []byte) {
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, root, root, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	put(ca, "CERTIFICATE", der)
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	if der, err = x509.CreateCertificate(rand.Reader, leaf, root, &leafKey.PublicKey, caKey); err != nil {
		t.Fatal(err)
	}
	put(cert, "CERTIFICATE", der)
	if der, err = x509.MarshalECPrivateKey(leafKey); err != nil {
		t.Fatal(err)
	}
	put(key, "EC PRIVATE KEY", der)
	return ca, cert, key
}

// TestTLS has every client verify the server and bind its login to the channel.
func TestTLS(t *testing.T) {
	ca, cert, key := authority(t)
	l := fixture.Start(t, map[string]string{"TLS_CERT": cert, "TLS_KEY": key})
	on := at(l)
	on.host = "localhost"
	conn := "sslmode=verify-full sslrootcert=" + ca + " channel_binding=require"
	t.Run("psql", func(t *testing.T) {
		if out := run(t, on, "", "psql", "-X", "-A", "-t", "-d", conn, "-c", "SELECT 42"); out != "42\n" {
			t.Errorf("got %s", out)
		}
		other := on
		other.host = "127.0.0.1" // which the certificate does not name
		if out, err := try(other, "", "psql", "-X", "-d", conn, "-c", "SELECT 42"); err == nil {
			t.Errorf("a wrong name was taken: %s", out)
		}
	})
	t.Run("psycopg", func(t *testing.T) {
		program := "import psycopg, sys\nwith psycopg.connect(sys.argv[1]) as c: print(c.execute('SELECT 42').fetchone()[0])"
		if out := run(t, on, "", fixture.Python(t), "-c", program, conn); out != "42\n" {
			t.Errorf("got %s", out)
		}
	})
	t.Run("pgjdbc", func(t *testing.T) {
		options := "sslmode=verify-full&channelBinding=require&sslrootcert=" + ca
		if out := run(t, on, "", "java", java(t, pinnedJar(t), "tls", options)...); out != "42\n" {
			t.Errorf("got %s", out)
		}
	})
	roots := x509.NewCertPool()
	pemCA, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots.AppendCertsFromPEM(pemCA)
	t.Run("direct TLS", func(t *testing.T) {
		cfg := &tls.Config{RootCAs: roots, ServerName: "localhost", NextProtos: []string{"postgresql"}}
		c, err := tls.Dial("tcp", l.Addr, cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := greet(t, c, 3<<16, "user", l.User, "database", l.Database); !strings.HasPrefix(got, "AuthenticationSASL [SCRAM-SHA-256-PLUS SCRAM-SHA-256]") {
			t.Errorf("got %s", got)
		}
		plain, err := tls.Dial("tcp", l.Addr, &tls.Config{RootCAs: roots, ServerName: "localhost"})
		if err == nil {
			plain.SetDeadline(time.Now().Add(5 * time.Second))
			if got := greet(t, plain, 3<<16, "user", l.User); !strings.Contains(got, "08P01") && !strings.Contains(got, "EOF") {
				t.Errorf("without ALPN: %s", got)
			}
			plain.Close()
		}
	})
	t.Run("GSSENCRequest", func(t *testing.T) {
		c, err := net.Dial("tcp", l.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(5 * time.Second))
		for _, ask := range []struct {
			code uint32
			want byte
		}{{80877104, 'N'}, {80877103, 'S'}} {
			c.Write(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 8}, ask.code))
			var b [1]byte
			if _, err := io.ReadFull(c, b[:]); err != nil || b[0] != ask.want {
				t.Fatalf("%d is answered with %q, %v", ask.code, b, err)
			}
		}
		tc := tls.Client(c, &tls.Config{RootCAs: roots, ServerName: "localhost"})
		if got := greet(t, tc, 3<<16, "user", l.User, "database", l.Database); !strings.HasPrefix(got, "AuthenticationSASL") {
			t.Errorf("got %s", got)
		}
	})
	t.Run("versions", func(t *testing.T) {
		for _, v := range []struct {
			version uint32
			option  string
			want    string
		}{
			{3<<16 | 2, "", "AuthenticationSASL"}, {3<<16 | 9, "", "NegotiateProtocolVersion 2 []"},
			{3 << 16, "_pq_.nonsense", "NegotiateProtocolVersion 0 [_pq_.nonsense]"}, {4 << 16, "", "0A000"}, {2 << 16, "", "0A000"},
		} {
			c, err := net.Dial("tcp", l.Addr)
			if err != nil {
				t.Fatal(err)
			}
			params := []string{"user", l.User, "database", l.Database}
			if v.option != "" {
				params = append(params, v.option, "1")
			}
			if got := greet(t, c, v.version, params...); !strings.Contains(got, v.want) {
				t.Errorf("version %x %s: %s", v.version, v.option, got)
			}
			c.Close()
		}
	})
	l.Answers(t)
}

// pinnedJar is the pgjdbc that can bind channels, newer than Debian's.
func pinnedJar(t *testing.T) string {
	t.Helper()
	jars, _ := filepath.Glob(filepath.Join(fixture.Build(), "jars", "postgresql-*.jar"))
	if len(jars) != 1 {
		t.Fatal("no pgjdbc in build/jars: run testdata/tools/install.sh")
	}
	return jars[0]
}

// greet sends a start-up message and returns the first reply.
func greet(t *testing.T, c net.Conn, version uint32, params ...string) string {
	t.Helper()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	body := binary.BigEndian.AppendUint32(nil, version)
	for _, p := range params {
		body = append(append(body, p...), 0)
	}
	body = append(body, 0)
	if _, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)); err != nil {
		return err.Error()
	}
	m, err := pgproto3.NewFrontend(c, c).Receive()
	if err != nil {
		return err.Error()
	}
	switch m := m.(type) {
	case *pgproto3.AuthenticationSASL:
		return "AuthenticationSASL " + "[" + strings.Join(m.AuthMechanisms, " ") + "]"
	case *pgproto3.NegotiateProtocolVersion:
		return "NegotiateProtocolVersion " + string('0'+rune(m.NewestMinorProtocol)) + " [" + strings.Join(m.UnrecognizedOptions, " ") + "]"
	}
	return describe(m)
}
