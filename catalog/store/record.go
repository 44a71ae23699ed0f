package store

import (
	"encoding/json"
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// The records below are the JSON forms in the file. Their field names are part
// of the file's format.

type databaseRecord struct {
	Description string            `json:"description,omitempty"`
	LocationURI string            `json:"locationUri,omitempty"`
	Parameters  map[string]string `json:"parameters,omitempty"`
	Created     time.Time         `json:"created,omitzero"`
	Owner       string            `json:"owner,omitempty"`
}

type columnRecord struct {
	Name    string            `json:"name"`
	Hive    string            `json:"hive,omitempty"`
	Type    *typeRecord       `json:"type,omitempty"` // only where there is no Hive type
	Comment string            `json:"comment,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
	NotNull bool              `json:"notNull,omitempty"`
}

type typeRecord struct {
	OID sql.OID `json:"oid"`
	Mod int32   `json:"mod"`
	P   uint8   `json:"p,omitempty"`
	S   uint8   `json:"s,omitempty"`
}

type tableRecord struct {
	Kind     model.Kind        `json:"kind"`
	Owner    string            `json:"owner,omitempty"`
	Comment  string            `json:"comment,omitempty"`
	Created  time.Time         `json:"created,omitzero"`
	Updated  time.Time         `json:"updated,omitzero"`
	Columns  []columnRecord    `json:"columns"`
	Keys     []columnRecord    `json:"keys,omitempty"`
	Storage  model.Storage     `json:"storage"`
	Params   map[string]string `json:"params,omitempty"`
	ViewSQL  string            `json:"viewSql,omitempty"`
	ViewPath []string          `json:"viewPath,omitempty"`
}

type partRecord struct {
	Storage *model.Storage    `json:"storage,omitempty"`
	Columns []columnRecord    `json:"columns,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
}

type statsRecord struct {
	Rows     int64                        `json:"rows"`
	Bytes    int64                        `json:"bytes"`
	Files    int64                        `json:"files"`
	Analyzed time.Time                    `json:"analyzed"`
	Columns  map[string]columnStatsRecord `json:"columns,omitempty"`
}

type columnStatsRecord struct {
	Type     typeRecord   `json:"type"`
	Min      *valueRecord `json:"min,omitempty"`
	Max      *valueRecord `json:"max,omitempty"`
	Nulls    int64        `json:"nulls"`
	Distinct int64        `json:"distinct,omitempty"`
	AvgLen   float64      `json:"avgLen,omitempty"`
	Bytes    int64        `json:"bytes,omitempty"`
}

// valueRecord is a scalar sql.Value without its type; strings as base64, since
// they need not be UTF-8.
type valueRecord struct {
	I    int64       `json:"i,omitempty"`
	J    int64       `json:"j,omitempty"`
	S    []byte      `json:"s,omitempty"`
	Hi   int64       `json:"hi,omitempty"`
	Lo   uint64      `json:"lo,omitempty"`
	Sc   int16       `json:"sc,omitempty"`
	Kind sql.NumKind `json:"k,omitempty"`
}

func toType(t sql.Type) typeRecord {
	return typeRecord{OID: t.OID, Mod: t.Mod, P: t.Dec.P, S: t.Dec.S}
}

func (r typeRecord) sqlType() sql.Type {
	return sql.Type{OID: r.OID, Mod: r.Mod, Dec: sql.Dec{P: r.P, S: r.S}}
}

func toColumns(cols []model.Column) []columnRecord {
	out := make([]columnRecord, len(cols))
	for i, c := range cols {
		out[i] = columnRecord{Name: c.Name, Hive: c.Hive, Comment: c.Comment, Params: c.Params, NotNull: c.NotNull}
		if c.Hive == "" {
			t := toType(c.Type)
			out[i].Type = &t
		}
	}
	return out
}

func fromColumns(recs []columnRecord) []model.Column {
	if recs == nil {
		return nil
	}
	out := make([]model.Column, len(recs))
	for i, r := range recs {
		out[i] = model.Column{Name: r.Name, Hive: r.Hive, Comment: r.Comment, Params: r.Params, NotNull: r.NotNull}
		if r.Type != nil {
			out[i].Type = r.Type.sqlType()
		} else if t, err := HiveType(r.Hive); err == nil {
			out[i].Type = t
		} else { // a type that is known no more: the column stays visible
			out[i].Type = sql.Text
		}
	}
	return out
}

func encodeDatabase(d *model.Database) (string, error) {
	return encode(databaseRecord{d.Description, d.LocationURI, d.Parameters, d.Created, d.Owner})
}

func decodeDatabase(oid sql.OID, name, data string) (*model.Database, error) {
	var r databaseRecord
	if err := json.Unmarshal([]byte(data), &r); err != nil {
		return nil, damaged("database", name, err)
	}
	return &model.Database{OID: oid, Name: name, Description: r.Description, LocationURI: r.LocationURI,
		Parameters: r.Parameters, Created: r.Created, Owner: r.Owner}, nil
}

func encodeTable(t *model.Table) (string, error) {
	return encode(tableRecord{Kind: t.Kind, Owner: t.Owner, Comment: t.Comment, Created: t.Created, Updated: t.Updated,
		Columns: toColumns(t.Columns), Keys: toColumns(t.Keys), Storage: t.Storage, Params: t.Params,
		ViewSQL: t.ViewSQL, ViewPath: t.ViewPath})
}

func decodeTable(oid sql.OID, database, name string, version int64, data string, stats *string) (*model.Table, error) {
	var r tableRecord
	if err := json.Unmarshal([]byte(data), &r); err != nil {
		return nil, damaged("table", name, err)
	}
	t := &model.Table{OID: oid, Database: database, Name: name, Kind: r.Kind, Version: version, Owner: r.Owner,
		Comment: r.Comment, Created: r.Created, Updated: r.Updated, Columns: fromColumns(r.Columns),
		Keys: fromColumns(r.Keys), Storage: r.Storage, Params: r.Params, ViewSQL: r.ViewSQL, ViewPath: r.ViewPath}
	if stats != nil {
		var err error
		if t.Stats, err = decodeStats(*stats); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func encodeStats(s *model.TableStats) (string, error) {
	r := statsRecord{Rows: s.Rows, Bytes: s.Bytes, Files: s.Files, Analyzed: s.Analyzed, Columns: map[string]columnStatsRecord{}}
	for name, c := range s.Columns {
		cr := columnStatsRecord{Nulls: c.Nulls, Distinct: c.Distinct, AvgLen: c.AvgLen, Bytes: c.Bytes}
		if c.HasMin {
			cr.Type, cr.Min = toType(c.Min.Type), toValue(c.Min)
		}
		if c.HasMax {
			cr.Type, cr.Max = toType(c.Max.Type), toValue(c.Max)
		}
		r.Columns[name] = cr
	}
	return encode(r)
}

func decodeStats(data string) (*model.TableStats, error) {
	var r statsRecord
	if err := json.Unmarshal([]byte(data), &r); err != nil {
		return nil, damaged("statistics", "", err)
	}
	s := &model.TableStats{Rows: r.Rows, Bytes: r.Bytes, Files: r.Files, Analyzed: r.Analyzed,
		Columns: make(map[string]model.ColumnStats, len(r.Columns))}
	for name, c := range r.Columns {
		t := c.Type.sqlType()
		m := model.ColumnStats{Nulls: c.Nulls, Distinct: c.Distinct, AvgLen: c.AvgLen, Bytes: c.Bytes}
		if c.Min != nil {
			m.Min, m.HasMin = c.Min.value(t), true
		}
		if c.Max != nil {
			m.Max, m.HasMax = c.Max.value(t), true
		}
		s.Columns[name] = m
	}
	return s, nil
}

func toValue(v sql.Value) *valueRecord {
	r := &valueRecord{I: v.I, J: v.J, Hi: v.Num.Coef.Hi, Lo: v.Num.Coef.Lo, Sc: v.Num.Scale, Kind: v.Num.Kind}
	if v.S != "" {
		r.S = []byte(v.S)
	}
	return r
}

func (r *valueRecord) value(t sql.Type) sql.Value {
	return sql.Value{Type: t, I: r.I, J: r.J, S: string(r.S),
		Num: sql.Num{Coef: sql.Int128{Lo: r.Lo, Hi: r.Hi}, Scale: r.Sc, Kind: r.Kind}}
}

func encodePart(p *model.Partition) (*string, error) {
	if p.Storage == nil && p.Columns == nil && len(p.Params) == 0 {
		return nil, nil
	}
	r := partRecord{Storage: p.Storage, Params: p.Params}
	if p.Columns != nil {
		r.Columns = toColumns(p.Columns)
	}
	s, err := encode(r)
	return &s, err
}

func decodePart(p *model.Partition, data *string) error {
	if data == nil {
		return nil
	}
	var r partRecord
	if err := json.Unmarshal([]byte(*data), &r); err != nil {
		return damaged("partition", p.Location, err)
	}
	p.Storage, p.Params, p.Columns = r.Storage, r.Params, fromColumns(r.Columns)
	return nil
}

func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func damaged(kind, name string, err error) error {
	return &sql.Error{Code: sql.CodeDataCorrupted, Message: "the catalog's record of " + kind + " \"" + name + "\" cannot be read",
		Detail: err.Error(), Hint: "Restore a backup with: sluice catalog restore.", Cause: err}
}
