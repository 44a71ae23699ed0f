package pgwire

import (
	"encoding/base64"
	"fmt"

	"github.com/xdg-go/scram"
)

// MakeVerifier derives what is stored of a password, in PostgreSQL's text form.
func MakeVerifier(password string) (string, error) {
	c, err := scram.SHA256.NewClient("", password, "")
	if err != nil { // SASLprep refuses it: PostgreSQL then takes it as it is
		if c, err = scram.SHA256.NewClientUnprepped("", password, ""); err != nil {
			return "", err
		}
	}
	k := scram.KeyFactors{Salt: string(newKey(16)), Iters: scramIterations}
	s, err := c.GetStoredCredentialsWithError(k)
	if err != nil {
		return "", err
	}
	b := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", k.Iters, b([]byte(k.Salt)), b(s.StoredKey), b(s.ServerKey)), nil
}
