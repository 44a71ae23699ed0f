package s3

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/sluicedb/sluice/sql"
)

// Reference names a place that holds a secret, so that configurations and logs
// never do: "env:NAME" or "file:/path" (blanks at its ends are cut).
type Reference string

// Read returns the secret.
func (r Reference) Read() (string, error) {
	kind, name, _ := strings.Cut(string(r), ":")
	switch kind {
	case "env":
		if v, ok := os.LookupEnv(name); ok {
			return v, nil
		}
		return "", sql.Errorf(sql.CodeInvalidAuthorization, "environment variable %q, which should hold an S3 secret, is not set", name)
	case "file":
		data, err := os.ReadFile(name)
		if err != nil {
			e := sql.Errorf(sql.CodeInvalidAuthorization, "cannot read file %q, which should hold an S3 secret", name)
			e.Cause = err
			return "", e
		}
		return strings.TrimSpace(string(data)), nil
	}
	// The text itself is not shown: it may be the secret.
	return "", sql.Errorf(sql.CodeInvalidParameterValue, "an S3 secret is given by reference").
		WithHint("Write env:NAME or file:/path.")
}

// refresh is how long secrets that were read are used before they are read anew.
const refresh = 5 * time.Minute

func referenced(o Options) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		secret, err := o.SecretKey.Read()
		if err != nil {
			return aws.Credentials{}, err
		}
		token := ""
		if o.SessionToken != "" {
			if token, err = o.SessionToken.Read(); err != nil {
				return aws.Credentials{}, err
			}
		}
		return aws.Credentials{
			AccessKeyID: o.AccessKey, SecretAccessKey: secret, SessionToken: token,
			Source: "configuration", CanExpire: true, Expires: time.Now().Add(refresh),
		}, nil
	})
}
