package engine

import (
	"cmp"
	"slices"
	"strings"
)

// SettingInfo describes a run-time setting, for the documentation.
type SettingInfo struct {
	Name, Default string // the default as SHOW prints it
	Doc           string // "": accepted, because clients set it, without effect
	ReadOnly      bool
}

// Settings lists the run-time settings by name.
func Settings() []SettingInfo {
	var out []SettingInfo
	for _, s := range settingTable() {
		out = append(out, SettingInfo{Name: s.name, Default: s.show(s.def), Doc: s.doc, ReadOnly: s.readOnly})
	}
	slices.SortFunc(out, func(a, b SettingInfo) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out
}
