package admin

import (
	"fmt"
	"net/url"

	"github.com/sluicedb/sluice/engine"
)

// Observers tell each of several observers.
type Observers []engine.Observer

// StatementDone implements engine.Observer.
func (o Observers) StatementDone(r engine.StatementRecord) {
	for _, x := range o {
		x.StatementDone(r)
	}
}

// tracesURL is the whole URL of an OTLP endpoint.
func tracesURL(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("traces: %q is no http or https URL, such as http://collector:4318", endpoint)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	return u.String(), nil
}
