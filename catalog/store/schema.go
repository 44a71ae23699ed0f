package store

// applicationID marks a SQLite file as ours ("SLCE").
const applicationID = 0x534c4345

// migrations[i] brings a file from schema version i to i+1. They are only ever
// appended to: a released one never changes.
var migrations = []string{`
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
-- version: grows by one with every committed change
-- next_oid: the next object identifier; never goes back
-- epoch: changes when the file's content is replaced as a whole (restore)
INSERT INTO meta VALUES ('version', 1), ('next_oid', 16384), ('epoch', abs(random()));

CREATE TABLE database (
  oid INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  data TEXT NOT NULL,
  changed INTEGER NOT NULL
);
CREATE INDEX database_changed ON database (changed);

CREATE TABLE relation (
  oid INTEGER PRIMARY KEY,
  database INTEGER NOT NULL REFERENCES database (oid),
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  data TEXT NOT NULL,
  stats TEXT,
  changed INTEGER NOT NULL,
  next_slot INTEGER NOT NULL DEFAULT 0,
  partitions INTEGER NOT NULL DEFAULT 0,
  parts_changed INTEGER NOT NULL DEFAULT 0,
  UNIQUE (database, name)
);
CREATE INDEX relation_changed ON relation (changed);

-- versions of a table before the present one
CREATE TABLE relation_version (
  oid INTEGER NOT NULL,
  version INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (oid, version)
) WITHOUT ROWID;

-- objects that are gone, for readers that follow by version
CREATE TABLE dropped (
  oid INTEGER PRIMARY KEY,
  changed INTEGER NOT NULL
);
CREATE INDEX dropped_changed ON dropped (changed);

-- distinct-count sketches, apart because they are large and seldom read;
-- slot -1 is the whole table
CREATE TABLE sketch (
  oid INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  name TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (oid, slot, name)
) WITHOUT ROWID;

-- partitions: slot is the ordinal within the table and never used again;
-- ident is the escaped raw values joined by "/"
CREATE TABLE part (
  oid INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  ident TEXT NOT NULL,
  location TEXT NOT NULL,
  data TEXT,
  stats TEXT,
  PRIMARY KEY (oid, slot)
) WITHOUT ROWID;
CREATE UNIQUE INDEX part_ident ON part (oid, ident);

-- the distinct raw values of each key, numbered from 1 in order of arrival
CREATE TABLE part_value (
  oid INTEGER NOT NULL,
  ord INTEGER NOT NULL,
  vid INTEGER NOT NULL,
  raw TEXT NOT NULL,
  PRIMARY KEY (oid, ord, vid)
) WITHOUT ROWID;
CREATE UNIQUE INDEX part_value_raw ON part_value (oid, ord, raw);

-- value numbers of 4096 consecutive slots, one column a key (encoding: chunk.go)
CREATE TABLE part_chunk (
  oid INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (oid, chunk)
) WITHOUT ROWID;

CREATE TABLE role (
  oid INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  data TEXT NOT NULL
);
CREATE TABLE member (
  role INTEGER NOT NULL,
  member INTEGER NOT NULL,
  grantor INTEGER NOT NULL,
  admin INTEGER NOT NULL,
  PRIMARY KEY (role, member)
) WITHOUT ROWID;
-- settings of ALTER ROLE|DATABASE ... SET; 0 means every role, every catalog
CREATE TABLE setting (
  catalog TEXT NOT NULL,
  role INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (catalog, role, name)
) WITHOUT ROWID;

INSERT INTO database VALUES (2200, 'public', '{"description":"standard public schema","owner":"sluice"}', 1);
INSERT INTO role VALUES (10, 'sluice', '{"superuser":true,"createDB":true,"createRole":true,"inherit":true,"bypassRLS":true,"connLimit":-1}');
`}

// SchemaVersion is the version of the file that this program writes.
var SchemaVersion = len(migrations)
