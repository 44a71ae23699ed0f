package ddl

import (
	"strings"

	"github.com/sluicedb/sluice/model"
)

// triple is a file format as Hive knows it.
type triple struct{ serde, input, output, classification string }

const (
	hadoop = "org.apache.hadoop."
	hive   = "org.apache.hadoop.hive."
)

// formats are the words of STORED AS.
var formats = map[string]triple{
	"PARQUET":      {hive + "ql.io.parquet.serde.ParquetHiveSerDe", hive + "ql.io.parquet.MapredParquetInputFormat", hive + "ql.io.parquet.MapredParquetOutputFormat", "parquet"},
	"ORC":          {hive + "ql.io.orc.OrcSerde", hive + "ql.io.orc.OrcInputFormat", hive + "ql.io.orc.OrcOutputFormat", "orc"},
	"AVRO":         {hive + "serde2.avro.AvroSerDe", hive + "ql.io.avro.AvroContainerInputFormat", hive + "ql.io.avro.AvroContainerOutputFormat", "avro"},
	"TEXTFILE":     {hive + "serde2.lazy.LazySimpleSerDe", textInput, textOutput, ""},
	"JSON":         {"org.openx.data.jsonserde.JsonSerDe", textInput, textOutput, "json"},
	"SEQUENCEFILE": {hive + "serde2.lazy.LazySimpleSerDe", hadoop + "mapred.SequenceFileInputFormat", hive + "ql.io.HiveSequenceFileOutputFormat", ""},
	"RCFILE":       {hive + "serde2.columnar.LazyBinaryColumnarSerDe", hive + "ql.io.RCFileInputFormat", hive + "ql.io.RCFileOutputFormat", ""},
	"ION":          {"com.amazon.ionhiveserde.IonHiveSerDe", "com.amazon.ionhiveserde.formats.IonInputFormat", "com.amazon.ionhiveserde.formats.IonOutputFormat", "ion"},
}

const (
	textInput  = hadoop + "mapred.TextInputFormat"
	textOutput = hive + "ql.io.HiveIgnoreKeyTextOutputFormat"
)

// storageOf makes the storage descriptor that a CREATE EXTERNAL TABLE means.
func storageOf(s *CreateTable) model.Storage {
	st := model.Storage{Location: s.Location, SerDeParams: map[string]string{}, Params: map[string]string{},
		BucketCols: s.BucketCols, Buckets: s.Buckets}
	for _, c := range s.SortCols {
		st.SortCols = append(st.SortCols, model.SortCol{Name: c.Name, Desc: c.Desc})
	}
	def := formats["TEXTFILE"]
	if s.StoredAs != "" {
		def = formats[s.StoredAs]
	}
	st.SerDe, st.InputFormat, st.OutputFormat = def.serde, def.input, def.output
	if s.InputClass != "" {
		st.InputFormat, st.OutputFormat = s.InputClass, s.OutputClass
		for _, f := range formats {
			if f.input == s.InputClass && f.input != textInput {
				st.SerDe = f.serde
			}
		}
	}
	if s.SerDe != "" {
		st.SerDe = s.SerDe
		if s.StoredAs == "" && s.InputClass == "" {
			for _, f := range formats {
				if f.serde == s.SerDe {
					st.InputFormat, st.OutputFormat = f.input, f.output
				}
			}
			if strings.HasSuffix(s.SerDe, "LazySimpleSerDe") {
				st.InputFormat, st.OutputFormat = textInput, textOutput
			}
		}
	}
	for k, v := range s.SerDeProps {
		st.SerDeParams[k] = v
	}
	if len(st.SerDeParams) == 0 {
		st.SerDeParams["serialization.format"] = "1"
	}
	return st
}
