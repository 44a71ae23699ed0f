package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// Prices are what the price file may say; a key that is missing keeps what it is.
type Prices struct {
	Region      string  `yaml:"region"`
	Date        string  `yaml:"date"`          // when the prices were read, shown by EXPLAIN
	GetPer1000  float64 `yaml:"get_per_1000"`  // dollars
	ListPer1000 float64 `yaml:"list_per_1000"` // dollars
	MachineHour float64 `yaml:"machine_hour"`  // dollars
	Cores       float64 `yaml:"cores"`
	NetworkMiBs float64 `yaml:"network_mib_s"`
	GetLatency  float64 `yaml:"get_latency"`  // seconds to the first byte
	InFlight    float64 `yaml:"in_flight"`    // GETs at once
	RangeBytes  float64 `yaml:"range_bytes"`  // of one GET
	Tail        float64 `yaml:"tail"`         // p90 seconds as a multiple of p50
	CPUSlowdown float64 `yaml:"cpu_slowdown"` // 1 as measured
}

// Load reads a price file over p. Unknown keys and prices below 0 are errors.
func (p *Prices) Load(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(p); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", path, err)
	}
	for name, v := range map[string]float64{"get_per_1000": p.GetPer1000, "list_per_1000": p.ListPer1000, "machine_hour": p.MachineHour} {
		if v < 0 {
			return fmt.Errorf("%s: %s is below 0", path, name)
		}
	}
	for name, v := range map[string]float64{"cores": p.Cores, "network_mib_s": p.NetworkMiBs, "in_flight": p.InFlight,
		"range_bytes": p.RangeBytes, "tail": p.Tail, "cpu_slowdown": p.CPUSlowdown} {
		if v <= 0 {
			return fmt.Errorf("%s: %s must be above 0", path, name)
		}
	}
	return nil
}
